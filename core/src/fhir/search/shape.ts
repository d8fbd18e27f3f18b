/** Reads the parameters that shape a search's answer and narrow nothing: order, length, totals, what is included. */
import { invalid } from '../../outcome/outcome.ts';
import { isResourceType } from '../resource-types.ts';
import type { Parameters } from './query.ts';

export type Total = 'none' | 'estimate' | 'accurate';

export type Contained = 'false' | 'true' | 'both';
export type ContainedType = 'container' | 'contained';

export interface Sort {
  readonly code: string;
  readonly descending: boolean;
}

/** R4 search.html#include: by which reference of which type, perhaps only to one type; again from what was included. */
export interface Include {
  readonly reverse: boolean;
  readonly iterate: boolean;
  readonly type: string;
  /** Or `*`. */
  readonly code: string;
  readonly target: string | undefined;
}

export interface Shape {
  readonly count: number;
  /** Undefined: the caller did not say. */
  readonly total: Total | undefined;
  readonly onlyCount: boolean;
  readonly sort: readonly Sort[] | undefined;
  readonly includes: readonly Include[];
  /** What contained resources are to a search: nothing, all that is looked for, or looked for as well. */
  readonly contained: Contained;
  /** Whether what is contained is answered by itself, or by whoever contains it. */
  readonly answers: ContainedType;
}

export const shaping: ReadonlySet<string> = new Set([
  ...['_format', '_pretty', '_summary', '_elements', '_count', '_cursor', '_sort', '_total'],
  ...['_include', '_revinclude', '_include:iterate', '_revinclude:iterate', '_include:recurse', '_revinclude:recurse'],
  ...['_contained', '_containedType'],
]);

const usualCount = 50;
export const largestCount = 1_000;

/** Who says two things about one means neither. */
const said = (query: URLSearchParams, name: string): string | undefined => {
  const [first, ...others] = new Set(query.getAll(name).filter((text) => text !== ''));
  if (others.length > 0) throw invalid(name, `${name} is given more than once, with different values`);
  return first;
};

const oneOf = <T extends string>(query: URLSearchParams, name: string, values: readonly T[]): T | undefined => {
  const text = said(query, name);
  const value = values.find((each) => each === text);
  if (text !== undefined && value === undefined) throw invalid(name, `${name} is one of ${values.join(', ')}`);
  return value;
};

export const countOf = (query: URLSearchParams): number => {
  const text = said(query, '_count');
  if (text === undefined) return usualCount;
  if (!/^\d+$/.test(text)) throw invalid('_count', '_count is a whole number');
  // R4 search.html#count: fewer may be answered than were asked for, and more may not.
  return Math.min(Number(text), largestCount);
};

const totals: readonly Total[] = ['none', 'estimate', 'accurate'];
const containeds: readonly Contained[] = ['false', 'true', 'both'];
const containedTypes: readonly ContainedType[] = ['container', 'contained'];

const containedOf = (query: URLSearchParams): Pick<Shape, 'contained' | 'answers'> => {
  const contained = oneOf(query, '_contained', containeds) ?? 'false';
  const answers = oneOf(query, '_containedType', containedTypes);
  if (answers !== undefined && contained === 'false')
    throw invalid(
      '_containedType',
      '_containedType says how contained resources are answered: ask with _contained=true or both',
    );
  return { contained, answers: answers ?? 'container' };
};

/** Keys beyond these only cost. */
const mostKeys = 8;

const sortOf = (type: string, query: URLSearchParams, parameters: Parameters): Sort[] | undefined => {
  const names = query
    .getAll('_sort')
    .flatMap((text) => text.split(','))
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (names.length === 0) return undefined;
  if (names.length > mostKeys) throw invalid('_sort', `_sort takes at most ${mostKeys} parameters`);
  return names.map((name) => {
    const descending = name.startsWith('-');
    const code = descending ? name.slice(1) : name;
    const known = code === '_id' || code === '_lastUpdated' || parameters.has(code);
    if (!known) throw invalid('_sort', `${type} has no search parameter ${code.slice(0, 100)} to sort by`);
    return { code, descending };
  });
};

const includeOf = (name: string, value: string): Include => {
  const [type = '', code = '', target, ...rest] = value === '*' ? ['*', '*'] : value.split(':');
  const soundTarget = target === undefined || target === '' || isResourceType(target);
  if ((type !== '*' && !isResourceType(type)) || code === '' || !soundTarget || rest.length > 0)
    throw invalid(name, `${name} needs Type:parameter or Type:parameter:Target, such as Observation:subject:Patient`);
  return {
    ...{ type, code, target: target === '' ? undefined : target },
    reverse: name.startsWith('_rev'),
    iterate: /:(?:iterate|recurse)$/.test(name),
  };
};

const mostIncludes = 50;

const includesOf = (query: URLSearchParams): Include[] => {
  const includes = [...query]
    .filter(([name, value]) => /^_(?:rev)?include(?::|$)/.test(name) && shaping.has(name) && value !== '')
    .map(([name, value]) => includeOf(name, value));
  if (includes.length > mostIncludes) throw invalid('_include', `a search takes at most ${mostIncludes} includes`);
  // R4 search.html#summary: clients that ask for text shall not ask for includes beside it.
  if (includes.length > 0 && said(query, '_summary') === 'text')
    throw invalid('_summary', '_summary=text cannot be asked together with _include or _revinclude');
  return includes;
};

export const readShape = (type: string, query: URLSearchParams, parameters: Parameters): Shape => ({
  count: countOf(query),
  total: oneOf(query, '_total', totals),
  onlyCount: said(query, '_summary') === 'count' || Number(said(query, '_count') ?? 1) === 0,
  sort: sortOf(type, query, parameters),
  includes: includesOf(query),
  ...containedOf(query),
});
