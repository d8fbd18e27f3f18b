/** The shapes of the line: the kernel that verbs and stations work with, what a verb is, what a station is. Holds no caller and no state of a request. */
import type { Ids } from '../fhir/ids.ts';
import type { Model } from '../fhir/fhirpath/model.ts';
import type { Answer, Interaction } from '../fhir/interaction.ts';
import type { CodeSet } from '../fhir/structure/definition.ts';
import type { Structures } from '../fhir/structure/structures.ts';
import type { XmlFormat } from '../fhir/xml/format.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Tracer } from '../observe/tracing.ts';
import type { CompartmentRow } from '../policy/compartment.ts';
import type { Access } from '../policy/access.ts';
import type { RoleTable } from '../policy/role-table.ts';
import type { Standings } from '../policy/standing.ts';
import type { CursorKeys } from './cursor.ts';
import type { Registry } from '../registry/registry.ts';
import type { Store } from '../store/store.ts';
import type { CodeTree } from '../terminology/code-tree.ts';
import type { TransactionUnit, Unit } from '../store/unit.ts';

/** What the operator decided about references. */
export interface ReferenceRules {
  /** Whether what is referred to must exist. */
  readonly mustExist: boolean;
  /** Whether a resource that others refer to may be deleted. */
  readonly mayDangle: boolean;
}

/** What the operator decided about Binaries. */
export interface BinaryRules {
  readonly limitBytes: number;
  /** So much data stands inside one answer in FHIR's own forms. */
  readonly inlineBytes: number;
  readonly takes: (contentType: string) => boolean;
}

/** What the operator decided about requests that are answered later. */
export interface DeferredRules {
  readonly keepSeconds: number;
  /** Of one caller at a time. */
  readonly mostWaiting: number;
}

/** What pages of searches are turned by. */
export interface Cursors {
  readonly keys: CursorKeys;
  /** All pages of one question together. */
  readonly keepSeconds: number;
}

export interface Kernel {
  readonly cursors: Cursors;
  readonly compartments: readonly CompartmentRow[];
  /** R4's own value sets, by name. */
  readonly codeSets: ReadonlyMap<string, CodeSet>;
  /** What is above and below in R4's own code systems. */
  readonly ownTree: (system: string) => CodeTree | undefined;
  readonly store: Store;
  readonly structures: Structures;
  readonly xml: XmlFormat;
  /** R4's types as FHIRPath sees them. */
  readonly model: Model;
  readonly references: ReferenceRules;
  readonly binary: BinaryRules;
  readonly deferred: DeferredRules;
  readonly registry: Registry;
  readonly roles: RoleTable;
  /** Which resources a caller may do something with. */
  readonly access: Access;
  readonly standings: Standings;
  readonly ids: Ids;
  readonly metrics: Metrics;
  readonly tracer: Tracer;
  /** Seconds since an arbitrary start, for durations. */
  readonly stopwatch: () => number;
  readonly now: () => number;
  readonly started: Date;
  readonly version: string;
  readonly publicUrl: string;
  readonly verbs: readonly Verb[];
}

/** Behaviour that an interaction can ask for, run once every station has let it pass. */
export interface Verb {
  readonly name: string;
  /** How a CapabilityStatement names it; none for what it names elsewhere. */
  readonly capability?: { readonly level: 'type' | 'system'; readonly code: string };
  /** Answered to anybody; only for what says nothing about people. */
  readonly open?: true;
  /** Whether the body must be a resource of the interaction's type. */
  readonly takesResource?: true;
  readonly run: (
    kernel: Kernel,
    interaction: Interaction,
    within: Within | undefined,
    perform: Perform,
  ) => Promise<Answer>;
}

/** The unit of work that an interaction is part of. */
export interface Within {
  readonly unit: Unit;
  /** Where the unit is a transaction of the database. */
  readonly transaction?: TransactionUnit;
  /** `Type/id` of what the unit will have made when it is done. */
  readonly arriving: ReadonlySet<string>;
}

export type Perform = (interaction: Interaction, within?: Within) => Promise<Answer>;

/** A station wraps what comes after it. */
export type Station = (kernel: Kernel, next: Perform) => Perform;
