/** R4's structures, opened once for all tests. */
import { openStructures } from '../../../src/fhir/structure/structures.ts';
import { r4Codes, r4Types } from '../../../src/platform/structures.ts';

export const structures = openStructures(r4Types(), r4Codes());

/** Each fault as one line: its place, its code and its words. */
export const told = (resource: unknown): string[] =>
  structures.faults(resource).map(({ code, diagnostics }) => `${code}: ${diagnostics}`);
