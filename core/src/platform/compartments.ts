/** R4's compartments, read from their slim file. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { CompartmentRow } from '../policy/compartment.ts';

const file = fileURLToPath(import.meta.resolve('@heddle/fhir-profiles/core/compartments.json'));

export const r4Compartments = (): readonly CompartmentRow[] =>
  JSON.parse(readFileSync(file, 'utf8')) as CompartmentRow[];
