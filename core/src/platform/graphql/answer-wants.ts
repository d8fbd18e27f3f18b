/** Fetches what a growing answer wants: a resource by its id, what a reference leads to, what a search finds; refuses references that lead nowhere. */
import { overLimit } from '../../fhir/graphql/answer.ts';
import { resourceSource } from '../../fhir/graphql/grow.ts';
import { reverseParameter, searchParameters, type Searchable } from '../../fhir/graphql/search-arguments.ts';
import { queryType, type Growth, type Source, type Want } from '../../fhir/graphql/tree.ts';
import type { Arguments } from '../../fhir/graphql/values.ts';
import { isMembers, type Members } from '../../fhir/members.ts';
import { isResourceType } from '../../fhir/resource-types.ts';
import { readReference } from '../../fhir/structure/reference-text.ts';
import { countOf } from '../../fhir/search/shape.ts';
import { invalid, notFound } from '../../outcome/outcome.ts';
import { placeText, readPlace, type Place } from './cursor.ts';
import type { Fetch, Match, Page } from './fetch.ts';

export interface Wanting {
  readonly fetch: Fetch;
  readonly growth: Growth;
  readonly searchable: Searchable;
  /** Where this server's resources are. */
  readonly base: string;
}

const idIn = (given: Arguments): string => {
  const [id = '', ...more] = given.get('id') ?? [];
  if (id === '' || more.length > 0) throw invalid('id', 'id is the one id of a resource');
  return id;
};

const typeOf = (resource: Members): string => String(resource['resourceType']);

const sourceOf = (resource: Members): Source => resourceSource(typeOf(resource), resource);

const containedIn = (container: Members, id: string): Members | undefined => {
  if (id === '') return container;
  const all: readonly unknown[] = Array.isArray(container['contained']) ? container['contained'] : [];
  return all.filter(isMembers).find((each) => each['id'] === id);
};

const isOf = (given: Arguments, type: string): boolean => given.get('type')?.includes(type) ?? true;

const follow = async ({ fetch, base }: Wanting, { source, twig }: Want): Promise<Source[]> => {
  const { given } = twig.planned;
  const { reference } = source.value;
  const text = typeof reference === 'string' ? reference : '';
  const local = text.startsWith(`${base}/`) ? text.slice(base.length + 1) : text;
  const read = readReference(local);
  if (read?.kind === 'contained') {
    const { container } = source.holder;
    const found = containedIn(container, read.id);
    if (!found) throw notFound(`the contained resource ${text}`);
    const type = typeOf(found);
    return isOf(given, type) ? [{ type, value: found, holder: { type, resource: found, container } }] : [];
  }
  if (read?.kind !== 'relative' || !isResourceType(read.type))
    throw invalid(
      'reference',
      text === '' ? 'the Reference names no resource' : 'the reference leads to no resource of this server',
    );
  // A type that is not wanted need not be read, nor may it be.
  return isOf(given, read.type) ? [sourceOf(await fetch.read(read))] : [];
};

/** The parameters of a search as its field gives them. */
const queryOf = ({ searchable }: Wanting, { source, twig }: Want, type: string): URLSearchParams => {
  const { given } = twig.planned;
  const query = searchParameters(type, given, searchable);
  if (source.type === queryType) return query;
  const { holder, value } = source;
  if (holder.container !== value) throw invalid('_reference', 'nothing refers to a contained resource from outside');
  const code = reverseParameter(type, given.get('_reference') ?? [], source.type, searchable);
  query.append(code, `${source.type}/${String(value['id'])}`);
  return query;
};

const held = ({ growth }: Wanting, { twig }: Want, matches: readonly Match[]): Match[] =>
  matches.filter(({ resource }) => growth.narrowing.holds(twig.planned, sourceOf(resource).holder));

/** R4 graphql.html#searching: all that matches or an error, and not silently the first of it. */
const listed = async (wanting: Wanting, want: Want, type: string): Promise<Source[]> => {
  const query = queryOf(wanting, want, type);
  const counted = query.has('_count');
  const most = Math.max(1, wanting.fetch.left());
  if (!counted) query.set('_count', String(most));
  const { matches, links } = await wanting.fetch.search(type, query);
  if (!counted && links.has('next'))
    throw overLimit(
      `more match than the ${most} resources that the query may still fetch: narrow the search, give it a _count, or page through ${type}Connection`,
    );
  return held(wanting, want, matches).map(({ resource }) => sourceOf(resource));
};

const begun = (wanting: Wanting, want: Want, type: string): Place => {
  const { given } = want.twig.planned;
  const [cursor, ...more] = [...(given.get('_cursor') ?? []), ...(given.get('cursor') ?? [])];
  if (cursor === undefined) return { offset: 0, query: queryOf(wanting, want, type) };
  // R4 graphql.html#searching: what is searched for stands in the cursor.
  const others = [...given.keys()].filter((name) => !['_cursor', 'cursor', 'fhirpath'].includes(name));
  if (more.length > 0 || others.length > 0)
    throw invalid('_cursor', '_cursor stands alone: what is searched for is in it already');
  return readPlace(cursor);
};

const linked = ({ links }: Page, relation: string, offset: number): string | undefined => {
  const query = links.get(relation);
  return query === undefined ? undefined : placeText({ offset, query: new URLSearchParams(query) });
};

const paged = async (wanting: Wanting, want: Want, type: string): Promise<Source[]> => {
  const { offset, query } = begun(wanting, want, type);
  const page = await wanting.fetch.search(type, query);
  const first = new URLSearchParams([...query].filter(([name]) => name !== '_cursor'));
  const size = countOf(query);
  const value = {
    ...{ count: page.total, offset, pagesize: size, pageSize: size },
    first: placeText({ offset: 0, query: first }),
    previous: linked(page, 'previous', Math.max(0, offset - size)),
    next: linked(page, 'next', offset + page.matches.length),
    edges: held(wanting, want, page.matches).map(({ resource, search }) => ({ ...search, resource })),
  };
  return [{ ...resourceSource(`${type}Connection`, value) }];
};

export const answerWant = async (wanting: Wanting, want: Want): Promise<Source[]> => {
  const { asked, twig } = want;
  switch (asked.kind) {
    case 'id':
      return [sourceOf(await wanting.fetch.read({ type: asked.type, id: idIn(twig.planned.given) }))];
    case 'reference':
      return follow(wanting, want);
    case 'search':
      return asked.paged ? paged(wanting, want, asked.type) : listed(wanting, want, asked.type);
  }
};
