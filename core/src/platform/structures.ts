/** R4's own types and required codes, with UCUM's units, read from their slim files once, at boot. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { CodeSet, TypeDefinition } from '../fhir/structure/definition.ts';
import type { OwnFiles } from '../terminology/own-trees.ts';
import type { UcumTable } from '../fhir/ucum/table.ts';

const textOf = (name: string): string =>
  readFileSync(fileURLToPath(import.meta.resolve(`@heddle/fhir-profiles/core/${name}`)), 'utf8');

const read = (name: string): unknown => JSON.parse(textOf(name));

export const r4Types = (): readonly TypeDefinition[] => read('structures.json') as TypeDefinition[];

export const r4Codes = (): readonly CodeSet[] => read('codes.json') as CodeSet[];

/** R4's own terminology, as text: most of it is never asked for. */
export const r4Terms: OwnFiles = {
  hierarchies: () => textOf('hierarchies.json'),
  codeSystems: () => textOf('code-systems.json'),
  valueSets: () => textOf('value-sets.json'),
};

export const ucumTable = (): UcumTable => read('ucum.json') as UcumTable;
