/** Leaves parts of a resource out, as `_summary` and `_elements` ask, and marks it as a subset; what R4 requires of a resource always stays. */
import type { Resource } from './body.ts';
import type { ElementDefinition, TypeDefinition } from './structure/definition.ts';
import { invalid } from '../outcome/outcome.ts';

export type Summary = 'true' | 'text' | 'data' | 'count' | 'false';

export interface Part {
  readonly summary: Summary;
  readonly elements: readonly string[];
}

const summaries: readonly Summary[] = ['true', 'text', 'data', 'count', 'false'];

export const readPart = (query: URLSearchParams): Part | undefined => {
  const text = query.getAll('_summary').find((each) => each !== '') ?? 'false';
  const summary = summaries.find((each) => each === text);
  if (!summary) throw invalid('_summary', `_summary is one of ${summaries.join(', ')}`);
  const elements = query
    .getAll('_elements')
    .flatMap((list) => list.split(','))
    .map((name) => name.trim().replace(/^[A-Z]\w*\./, ''))
    .filter((name) => name !== '');
  return summary === 'false' && elements.length === 0 ? undefined : { summary, elements };
};

type Members = Readonly<Record<string, unknown>>;
type TypeOf = (name: string) => TypeDefinition | undefined;

const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** `valueQuantity` and `_birthDate` belong to `value` and `birthDate`. */
const elementOf = (
  { elements }: TypeDefinition,
  key: string,
): { element: ElementDefinition; type: string } | undefined => {
  const name = key.startsWith('_') ? key.slice(1) : key;
  for (const element of elements) {
    if (element.name === name) return { element, type: element.types[0] ?? '' };
    if (!element.choice || !name.startsWith(element.name)) continue;
    const rest = name.slice(element.name.length);
    const type = element.types.find((each) => each.charAt(0).toUpperCase() + each.slice(1) === rest);
    if (type !== undefined) return { element, type };
  }
  return undefined;
};

const kept = new Set(['resourceType', 'id', 'meta', 'implicitRules', 'modifierExtension']);

const pick = (resource: Members, keep: (key: string) => boolean): Record<string, unknown> =>
  Object.fromEntries(Object.entries(resource).filter(([key]) => keep(key)));

/** Elements of the summary, all the way down. */
const summarized = (value: unknown, typeName: string, typeOf: TypeOf): unknown => {
  if (Array.isArray(value)) return value.map((each: unknown) => summarized(each, typeName, typeOf));
  if (!isObject(value)) return value;
  const type = typeOf(typeof value.resourceType === 'string' ? value.resourceType : typeName);
  // Of a data type in the summary everything is: only resources and their own parts mark their elements.
  if (!type || (type.kind !== 'resource' && type.kind !== 'backbone')) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, member]) => {
      if (kept.has(key)) return [[key, member]];
      const found = elementOf(type, key);
      return found?.element.summary || found?.element.min === 1 ? [[key, summarized(member, found.type, typeOf)]] : [];
    }),
  );
};

const required = (type: TypeDefinition, key: string): boolean => (elementOf(type, key)?.element.min ?? 0) > 0;

const subsetted = { system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue', code: 'SUBSETTED' };

/** The resource with the tag that says that something is left out of it. */
export const marked = (resource: Record<string, unknown>): Resource => {
  const meta = isObject(resource.meta) ? resource.meta : {};
  const tags: readonly unknown[] = Array.isArray(meta.tag) ? meta.tag : [];
  const { resourceType, id, ...rest } = resource;
  return {
    resourceType: String(resourceType),
    ...(typeof id === 'string' ? { id } : {}),
    ...rest,
    meta: { ...meta, tag: [...tags, subsetted] },
  };
};

export const partOf = (resource: Resource, { summary, elements }: Part, typeOf: TypeOf): Resource => {
  const type = typeOf(resource.resourceType);
  if (!type) return resource;
  if (summary === 'true') return marked(summarized(resource, type.name, typeOf) as Record<string, unknown>);
  if (summary === 'text')
    return marked(pick(resource, (key) => kept.has(key) || key === 'text' || required(type, key)));
  if (summary === 'data') return marked(pick(resource, (key) => key !== 'text'));
  if (elements.length === 0) return resource;
  const names = new Set(elements);
  const asked = (key: string): boolean => names.has(elementOf(type, key)?.element.name ?? '');
  return marked(pick(resource, (key) => kept.has(key) || asked(key) || required(type, key)));
};
