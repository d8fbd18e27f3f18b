/** Searches what is contained in other resources: asks each type that holds some and that the caller may read, and answers who holds it or what is held. */
import { entryText } from '../fhir/bundle-text.ts';
import type { Caller } from '../fhir/interaction.ts';
import { parseLossless } from '../fhir/lossless.ts';
import type { Clause, Parameters, Query } from '../fhir/search/query.ts';
import type { Shape } from '../fhir/search/shape.ts';
import { textOf } from '../fhir/stored.ts';
import { invalid, tooMuch } from '../outcome/outcome.ts';
import type { Current } from '../store/resources.ts';
import type { Hit } from '../store/search/find.ts';
import type { Unit } from '../store/unit.ts';
import type { Kernel } from './kernel.ts';

/** What has no order or cannot be followed from inside of another resource is refused before anything is found. */
export const checkContained = (path: string, types: readonly string[], { sort, includes, answers }: Shape): void => {
  if (types.length !== 1 || path.includes('/'))
    throw invalid('_contained', '_contained is asked of one type, as in Medication?_contained=true');
  const key = sort?.find(({ code }) => code !== '_id' && code !== '_lastUpdated');
  if (key)
    throw invalid('_sort', `_sort=${key.code} cannot be asked together with _contained: sort by _id or _lastUpdated`);
  if (includes.length > 0 && answers === 'contained')
    throw invalid('_include', 'nothing is included beside _containedType=contained: ask for the containers');
};

/** What a tenant's own parameters find is not looked for in what is contained: their indexes are made for the types that they are of. */
const ownCode = (parameters: Parameters, clause: Clause): string | undefined => {
  if (clause.kind === 'all' || clause.kind === 'any')
    return clause.clauses.map((each) => ownCode(parameters, each)).find((code) => code !== undefined);
  if (clause.kind === 'not') return ownCode(parameters, clause.clause);
  return 'code' in clause && parameters.get(clause.code)?.slot !== undefined ? clause.code : undefined;
};

/** R4 search.html#contained. What is contained is no resource of its own: who may see its container may see it. */
export const containedQueries = async (
  { roles, store }: Pick<Kernel, 'roles' | 'store'>,
  caller: Caller,
  unit: Unit,
  query: Query,
  contained: Shape['contained'],
): Promise<Query[]> => {
  const { all } = store.searching(caller.tenant).parameters(query.type);
  const own = ownCode(all, { kind: 'all', clauses: query.clauses });
  if (own !== undefined) throw invalid(own, `${own} was made at run time: it cannot be asked together with _contained`);
  const mine = (type: string): boolean =>
    roles.judge(caller, 'search-type', type).permitted && roles.judge(caller, 'read', type).permitted;
  const whole = { kind: 'all', clauses: query.clauses } as const;
  const within = { kind: 'contained', arms: [{ type: query.type, clause: whole }] } as const;
  const holders = (await unit.holders(query.type)).filter(mine);
  const others = holders.filter((type) => type !== query.type).map((type) => ({ type, clauses: [within] }));
  if (contained === 'true')
    return holders.includes(query.type) ? [...others, { type: query.type, clauses: [within] }] : others;
  return [...others, { type: query.type, clauses: [{ kind: 'any', clauses: [whole, within] }] }];
};

/** What of a resource is answered, each as the text of a Bundle.entry. */
export interface Meant {
  readonly hit: Hit;
  readonly entries: readonly string[];
}

interface Asking {
  readonly unit: Unit;
  readonly signal: AbortSignal | undefined;
  readonly base: string;
  /** What is looked for, of the contained type. */
  readonly query: Query;
  readonly contained: Shape['contained'];
}

const isMeant = ({ contained }: Asking, place: number): boolean => place > 0 || contained === 'both';

const partsOf = (current: Current, places: readonly number[], base: string): string[] => {
  const text = textOf(current);
  const { contained } = parseLossless(text) as { readonly contained?: readonly { readonly id?: string }[] };
  const address = `${base}/${current.type}/${current.id}`;
  return places.map((place) => {
    const part = contained?.[place - 1];
    return entryText({
      fullUrl: JSON.stringify(place === 0 ? address : `${address}#${part?.id ?? ''}`),
      resource: place === 0 ? text : JSON.stringify(part),
      search: '{"mode":"match"}',
    });
  });
};

export const meantBy = async (asking: Asking, hits: readonly Hit[]): Promise<Meant[]> => {
  const { unit, query, signal, base } = asking;
  const meant: Meant[] = [];
  for (const hit of hits) {
    const places = await unit.meant(query, hit.current, signal);
    meant.push({
      hit,
      entries: partsOf(
        hit.current,
        places.filter((place) => isMeant(asking, place)),
        base,
      ),
    });
  }
  return meant;
};

export interface MeantPage {
  readonly entries: readonly string[];
  /** Which of the resources the page ends within, and how many of what it holds were shown by then. */
  readonly at: number;
  readonly shown: number | undefined;
}

/** R4 search.html#count: no page has more than was asked for, so it may end within a container, and the next one go on there. */
export const pageOf = (
  meant: readonly Meant[],
  count: number,
  parted: { readonly rid: number; readonly shown: number } | undefined,
): MeantPage => {
  const page: string[] = [];
  for (const [at, { hit, entries }] of meant.entries()) {
    const from = hit.place.rid === parted?.rid ? parted.shown : 0;
    const some = entries.slice(from, from + count - page.length);
    page.push(...some);
    const shown = from + some.length;
    if (shown < entries.length) return { entries: page, at, shown };
  }
  return { entries: page, at: -1, shown: undefined };
};

const mostCounted = 50_000;
const countedAtOnce = 500;

/** How many contained resources are meant by all of the parts. */
export const countMeant = async (asking: Asking, parts: readonly Query[]): Promise<number> => {
  const { unit, signal, query } = asking;
  let [seen, total] = [0, 0];
  for (const part of parts)
    for (let behind: Hit | undefined, more = true; more;) {
      const place = behind ? { behind: behind.place } : {};
      const hits = await unit.search(
        { query: part, limit: countedAtOnce, sort: [{ by: 'id', descending: false }], ...place },
        signal,
      );
      for (const { current } of hits)
        total += (await unit.meant(query, current, signal)).filter((each) => isMeant(asking, each)).length;
      seen += hits.length;
      if (seen > mostCounted)
        throw tooMuch(`more than ${mostCounted} resources contain what is counted: narrow the search`);
      behind = hits.at(-1);
      more = hits.length === countedAtOnce;
    }
  return total;
};
