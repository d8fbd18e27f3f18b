/** Makes the rows of codes.json: what each required binding allows; refuses a value set that is neither listed nor known by its syntax. */
import type { CodeSet, TypeDefinition } from '../core/src/fhir/structure/definition.ts';
import { setName } from './structures.ts';
import type { Concept, Entry } from './published.ts';

const token = "[A-Za-z0-9!#$&^_.+'*%`|~-]+";

/** Sets that are another standard's. The short names of formats stand in CapabilityStatements. */
const bySyntax: readonly CodeSet[] = [
  {
    name: 'mimetypes',
    systems: { 'urn:ietf:bcp:13': null },
    pattern: `xml|json|ttl|html|${token}/${token}( ?; ?${token}=(${token}|"[^"\\\\]*"))*`,
  },
  { name: 'currencies', systems: { 'urn:iso:std:iso:4217': null }, pattern: '[A-Z]{3}' },
  { name: 'ucum-units', systems: { 'http://unitsofmeasure.org': null }, pattern: '[!-~]+' },
];

const flat = (concepts: readonly Concept[] = []): string[] =>
  concepts.flatMap(({ code, concept }) => [code, ...flat(concept)]);

export const codeSets = (definitions: readonly TypeDefinition[], terminology: readonly Entry[]): CodeSet[] => {
  const named = new Set(definitions.flatMap(({ elements }) => elements.flatMap(({ codes }) => codes ?? [])));
  const system = (url: string): string[] => {
    const found = terminology.find((entry) => entry.resourceType === 'CodeSystem' && entry.url === url);
    if (!found?.concept) throw new Error(`${url}: the code system is not there`);
    return flat(found.concept);
  };
  const enumerated = (name: string): CodeSet => {
    const set = terminology.find(({ resourceType, url }) => resourceType === 'ValueSet' && setName(url) === name);
    if (!set?.compose) throw new Error(`${name}: the value set is not there`);
    const systems: Record<string, string[]> = {};
    for (const { system: url, concept } of set.compose.include)
      systems[url] = [...new Set([...(systems[url] ?? []), ...(concept ? flat(concept) : system(url))])];
    return { name, systems };
  };
  return [...named].map((name) => bySyntax.find((set) => set.name === name) ?? enumerated(name));
};
