/** Makes core/ucum.json from UCUM's own ucum-essence.xml: codes, factors and units only; refuses a file with other counts than UCUM 2.2 has. Run by hand: `node fhir-profiles/build-ucum.ts <ucum-essence.xml>`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const counts = { prefix: 24, 'base-unit': 7, unit: 305 };

const text = readFileSync(process.argv[2] ?? 'ucum-essence.xml', 'utf8');

const [root = ''] = /<root\s[^>]*>/.exec(text) ?? [];

/** Elements of these names stand side by side in the file and never inside of each other. */
const elements = (name: keyof typeof counts): string[] => {
  const found = [...text.matchAll(new RegExp(`<${name}\\s[^]*?</${name}>`, 'g'))].map(([element]) => element);
  if (found.length !== counts[name]) throw new Error(`${found.length} × ${name}, and UCUM 2.2 has ${counts[name]}`);
  return found;
};

/** Of the first tag that has it. */
const attribute = (element: string, name: string): string | undefined =>
  new RegExp(`\\s${name}="([^"]*)"`).exec(element)?.[1]?.replaceAll('&apos;', "'");

const flag = (element: string, attributeName: string, name: string): object =>
  attribute(element, attributeName) === 'yes' ? { [name]: true } : {};

const codeOf = (element: string): string | undefined => attribute(element, 'Code');

/** A special unit's function says more than the value around it. */
const valueOf = (element: string): object => {
  const tag = (/<function\s[^>]*>/.exec(element) ?? /<value\s[^>]*>/.exec(element))?.[0] ?? '';
  return { value: attribute(tag, 'value'), unit: attribute(tag, 'Unit'), special: attribute(tag, 'name') };
};

const rows = (all: readonly unknown[]): string => `[\n${all.map((row) => JSON.stringify(row)).join(',\n')}\n]`;

const prefixes = elements('prefix').map((element) => ({
  code: codeOf(element),
  value: attribute(/<value\s[^>]*>/.exec(element)?.[0] ?? '', 'value'),
}));

const units = elements('unit').map((element) => ({
  code: codeOf(element),
  ...flag(element, 'isMetric', 'metric'),
  ...flag(element, 'isArbitrary', 'arbitrary'),
  ...valueOf(element),
}));

writeFileSync(
  join(import.meta.dirname, 'core', 'ucum.json'),
  `{
"version": ${JSON.stringify(`${attribute(root, 'version')}, ${attribute(root, 'revision-date')}`)},
"base": ${JSON.stringify(elements('base-unit').map(codeOf))},
"prefixes": ${rows(prefixes)},
"units": ${rows(units)}
}
`,
);
