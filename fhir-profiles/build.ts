/** Makes the slim R4 files in core/ from the published definitions; refuses to write when a count is not the one R4 has. Run by hand: `node fhir-profiles/build.ts`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeSets } from './codes.ts';
import { hierarchyRows } from './hierarchies.ts';
import { componentsMended, foreignParameters, targetsAsInR4 } from './corrections.ts';
import { checkRows, compartmentRows } from './compartments.ts';
import { compartments, entries } from './published.ts';
import { structures } from './structures.ts';

const out = join(import.meta.dirname, 'core');

const write = (name: string, rows: readonly unknown[], expected: number): void => {
  if (rows.length !== expected) throw new Error(`${name}: ${rows.length} rows, and R4 has ${expected}`);
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, name), `[\n${rows.map((row) => JSON.stringify(row)).join(',\n')}\n]\n`);
};

/** By code point, whatever the machine's language. */
const byText = (a: string, b: string): number => Number(a > b) - Number(a < b);

const types = structures([...entries('profiles-types.json'), ...entries('profiles-resources.json')]);
const terminology = ['valuesets.json', 'v3-codesystems.json', 'v2-tables.json'].flatMap((file) => entries(file));
const codes = codeSets(types, terminology);

const resourceTypes = types
  .filter(({ kind, abstract }) => kind === 'resource' && !abstract)
  .map(({ name }) => name)
  .sort(byText);

const searchParameters = entries('search-parameters.json')
  .filter((entry) => entry.resourceType === 'SearchParameter' && !foreignParameters.has(entry.url))
  .map(({ url, code, type, base, expression, target, component }) => ({
    ...{ url, code, type, base, expression },
    target: targetsAsInR4[url] ?? target,
    component: (componentsMended[url] ?? component)?.map(({ definition, expression: path }) => ({
      definition,
      expression: path,
    })),
  }))
  .sort((a, b) => byText(a.url, b.url));

const compartmentsOfR4 = compartments('profiles-resources.json')
  .sort((a, b) => byText(a.code, b.code))
  .flatMap(compartmentRows);
checkRows(compartmentsOfR4, searchParameters);

const count = (kind: string): number => types.filter((type) => type.kind === kind).length;
const kinds = { resource: 148, complex: 41, primitive: 20, backbone: 473 };
for (const [kind, expected] of Object.entries(kinds))
  if (count(kind) !== expected) throw new Error(`${count(kind)} ${kind} types, and R4 has ${expected}`);

write('resource-types.json', resourceTypes, 146);
write('search-parameters.json', searchParameters, 1375);
write('structures.json', types, 682);
write('codes.json', codes, 223);
write('hierarchies.json', hierarchyRows(terminology), 89);
write('compartments.json', compartmentsOfR4, 214);
console.log(`${types.length} types, ${codes.length} code sets, ${searchParameters.length} search parameters`);
