/** R4's own types and required codes, with UCUM's units, read from their slim files once, at boot. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { CodeSet, TypeDefinition } from '../fhir/structure/definition.ts';
import type { Below } from '../terminology/code-tree.ts';
import type { UcumTable } from '../fhir/ucum/table.ts';

const read = (name: string): unknown =>
  JSON.parse(readFileSync(fileURLToPath(import.meta.resolve(`@heddle/fhir-profiles/core/${name}`)), 'utf8'));

export const r4Types = (): readonly TypeDefinition[] => read('structures.json') as TypeDefinition[];

export const r4Codes = (): readonly CodeSet[] => read('codes.json') as CodeSet[];

/** Of R4's own code systems, what is below what. */
export interface Hierarchy {
  readonly url: string;
  readonly below: Below;
}

export const r4Hierarchies = (): readonly Hierarchy[] => read('hierarchies.json') as Hierarchy[];

export const ucumTable = (): UcumTable => read('ucum.json') as UcumTable;
