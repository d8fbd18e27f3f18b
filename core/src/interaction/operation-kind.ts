/** The kind of contribution that an operation is: FHIR's `$name` at one or more levels. */
import type { Model } from '../fhir/fhirpath/model.ts';
import type { Interaction, Plain } from '../fhir/interaction.ts';
import type { SearchParameter } from '../fhir/search-parameter.ts';
import type { OwnStatus } from '../store/own-passes.ts';
import { defineKind } from '../registry/registry.ts';
import type { Perform } from './kernel.ts';

export type OperationLevel = 'system' | 'type' | 'instance';

/** What an operation works with: definitions, a clock, and the line as its only way to data. */
export interface OperationMeans {
  readonly perform: Perform;
  readonly model: Model;
  /** Those of a type that find something. */
  readonly searchable: (type: string) => readonly SearchParameter[];
  /** How far a tenant's own search parameter is; undefined where nothing is searched by it. */
  readonly ownStatus: (tenant: number, id: string) => Promise<OwnStatus | undefined>;
  readonly publicUrl: string;
  readonly now: () => number;
  readonly stopwatch: () => number;
}

export interface Operation {
  /** Without the dollar sign. */
  readonly name: string;
  /** Canonical address of its OperationDefinition. */
  readonly definition: string;
  readonly levels: readonly OperationLevel[];
  /** The verb that it is judged as where it is asked of a type or an instance; only for one that reaches data by nothing but judged interactions of its own. */
  readonly judgedAs?: string;
  readonly run: (interaction: Interaction, means: OperationMeans) => Promise<{ readonly resourceType: string } | Plain>;
}

export const operationKind = defineKind<Operation>('operation');

export const operationKey = (level: OperationLevel, name: string): string => `${level} $${name}`;
