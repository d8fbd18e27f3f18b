/** The shapes of the line: the kernel that verbs and stations work with, what a verb is, what a station is. Holds no caller and no state of a request. */
import type { Ids } from '../fhir/ids.ts';
import type { Answer, Interaction } from '../fhir/interaction.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Tracer } from '../observe/tracing.ts';
import type { RoleTable } from '../policy/role-table.ts';
import type { Registry } from '../registry/registry.ts';
import type { Database } from '../store/database.ts';

export interface Kernel {
  readonly database: Database;
  readonly registry: Registry;
  readonly roles: RoleTable;
  readonly ids: Ids;
  readonly metrics: Metrics;
  readonly tracer: Tracer;
  /** Seconds since an arbitrary start, for durations. */
  readonly stopwatch: () => number;
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
  readonly run: (kernel: Kernel, interaction: Interaction) => Promise<Answer>;
}

export type Perform = (interaction: Interaction) => Promise<Answer>;

/** A station wraps what comes after it. */
export type Station = (kernel: Kernel, next: Perform) => Perform;
