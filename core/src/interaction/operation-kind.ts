/** The kind of contribution that an operation is: FHIR's `$name` at one or more levels. */
import type { Interaction } from '../fhir/interaction.ts';
import { defineKind } from '../registry/registry.ts';

export type OperationLevel = 'system' | 'type' | 'instance';

export interface Operation {
  /** Without the dollar sign. */
  readonly name: string;
  /** Canonical address of its OperationDefinition. */
  readonly definition: string;
  readonly levels: readonly OperationLevel[];
  readonly run: (interaction: Interaction) => Promise<{ readonly resourceType: string }>;
}

export const operationKind = defineKind<Operation>('operation');

export const operationKey = (level: OperationLevel, name: string): string => `${level} $${name}`;
