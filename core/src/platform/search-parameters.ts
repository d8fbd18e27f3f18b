/** R4's own search parameters, contributed as any plugin's would be. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { SearchParameter } from '../fhir/search-parameter.ts';

const file = fileURLToPath(import.meta.resolve('@heddle/fhir-profiles/core/search-parameters.json'));

export const r4SearchParameters = (): readonly SearchParameter[] =>
  JSON.parse(readFileSync(file, 'utf8')) as SearchParameter[];
