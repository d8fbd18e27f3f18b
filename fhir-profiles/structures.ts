/** Makes the rows of structures.json from StructureDefinitions; refuses a type that is not R4's. */
import type { ElementDefinition, TypeDefinition } from '../core/src/fhir/structure/definition.ts';
import { asInR4, characteristicOfR4, laterThanR4, notOfR4 } from './corrections.ts';
import type { Entry, PublishedElement, PublishedType } from './published.ts';

/** Another terminology's list, which R4 does not print. */
const unlisted = new Set(['LL379-9']);

const lastOf = (text: string, mark: string): string => text.slice(text.lastIndexOf(mark) + 1);
const withoutVersion = (url: string): string => url.split('|')[0] ?? url;

export const setName = (valueSet: string): string => lastOf(withoutVersion(valueSet), '/');

const isR4 = ({ path }: PublishedElement): boolean =>
  !notOfR4.some((gone) => path === gone || path.startsWith(`${gone}.`));

/** The elements of a snapshot as R4 has them. */
const elementsOf = ({ type, snapshot }: Entry): PublishedElement[] => {
  const all = snapshot?.element ?? [];
  const kept = all.filter(isR4).map((element) => ({ ...element, ...asInR4[element.path] }));
  if (type !== 'EvidenceVariable') return kept;
  const place = all.findIndex(({ path }) => path === characteristicOfR4[0]?.path);
  return [...kept.slice(0, place), ...characteristicOfR4, ...kept.slice(place)];
};

const fhirType = ({ code, extension = [] }: PublishedType): string => {
  const told = extension.find(({ url }) => url.endsWith('structuredefinition-fhir-type'))?.valueUrl;
  return code.startsWith('http://hl7.org/fhirpath/') ? (told ?? 'string') : code;
};

const isNested = ({ type = [] }: PublishedElement): boolean =>
  type.some(({ code }) => code === 'BackboneElement' || code === 'Element');

const typesOf = (element: PublishedElement, resource: boolean): string[] => {
  if (element.contentReference) return [lastOf(element.contentReference, '#')];
  // R4's own definitions call a resource's id a string; its text and its pages say id.
  if (resource && /^\w+\.id$/.test(element.path)) return ['id'];
  return isNested(element) ? [element.path] : (element.type ?? []).map(fhirType);
};

const targetsOf = ({ type = [] }: PublishedElement): string[] => {
  const references = type.filter(({ code }) => code === 'Reference');
  return [...new Set(references.flatMap(({ targetProfile = [] }) => targetProfile.map((url) => lastOf(url, '/'))))];
};

const boundTo = ({ binding }: PublishedElement): string | undefined => {
  const name = binding?.strength === 'required' && binding.valueSet ? setName(binding.valueSet) : undefined;
  return name === undefined || unlisted.has(name) ? undefined : name;
};

const row = (element: PublishedElement, resource: boolean): ElementDefinition => {
  const targets = targetsOf(element);
  const codes = boundTo(element);
  const name = lastOf(element.path, '.');
  return {
    name: name.replace('[x]', ''),
    types: typesOf(element, resource),
    min: element.min,
    max: element.max === '*' ? 0 : Number(element.max),
    ...(name.endsWith('[x]') ? { choice: true } : {}),
    ...(targets.length > 0 && !targets.includes('Resource') ? { targets } : {}),
    ...(codes === undefined ? {} : { codes }),
    ...(element.isSummary ? { summary: true } : {}),
    ...(element.contentReference ? { content: lastOf(element.contentReference, '#') } : {}),
  };
};

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('.'));

const kinds: Readonly<Record<string, TypeDefinition['kind']>> = {
  resource: 'resource',
  'complex-type': 'complex',
  'primitive-type': 'primitive',
};

const patternOf = (elements: readonly PublishedElement[]): string | undefined =>
  elements
    .find(({ path }) => /^\w+\.value$/.test(path))
    ?.type?.flatMap(({ extension = [] }) => extension)
    .find(({ url }) => url.endsWith('/regex'))?.valueString;

const typeAndBackbones = (entry: Entry): TypeDefinition[] => {
  const elements = elementsOf(entry);
  const kind = kinds[entry.kind ?? ''];
  if (kind === undefined) throw new Error(`${entry.name}: no type of R4 is a ${entry.kind}`);
  const below = (parent: string) =>
    elements
      .filter(({ path }) => path.includes('.') && parentOf(path) === parent)
      .filter(({ path }) => kind !== 'primitive' || !path.endsWith('.value'))
      .map((element) => row(element, kind === 'resource'));
  const pattern = kind === 'primitive' ? patternOf(elements) : undefined;
  const whole: TypeDefinition = {
    name: entry.name,
    kind,
    ...(entry.baseDefinition ? { base: lastOf(entry.baseDefinition, '/') } : {}),
    ...(entry.abstract ? { abstract: true } : {}),
    ...(pattern === undefined ? {} : { pattern }),
    elements: below(entry.name),
  };
  const backbones = elements
    .filter((element) => element.path.includes('.') && isNested(element))
    .map(({ path, type = [] }): TypeDefinition => ({
      name: path,
      kind: 'backbone',
      base: type[0]?.code ?? 'BackboneElement',
      elements: below(path),
    }));
  return [whole, ...backbones];
};

const isType = (entry: Entry): boolean =>
  entry.resourceType === 'StructureDefinition' &&
  entry.kind !== 'logical' &&
  entry.derivation !== 'constraint' &&
  !laterThanR4.has(entry.name);

export const structures = (definitions: readonly Entry[]): TypeDefinition[] =>
  definitions.filter(isType).flatMap(typeAndBackbones);
