/** Reads the parameters that shape a search's answer and narrow nothing: order, length, totals, what is included. */
import { invalid } from '../../outcome/outcome.ts';
import { isResourceType } from '../resource-types.ts';
import type { Parameters } from './query.ts';

export type Total = 'none' | 'estimate' | 'accurate';

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
}

export const shaping: ReadonlySet<string> = new Set([
  ...['_format', '_pretty', '_summary', '_elements', '_count', '_cursor', '_sort', '_total'],
  ...['_include', '_revinclude', '_include:iterate', '_revinclude:iterate', '_include:recurse', '_revinclude:recurse'],
  ...['_contained', '_containedType', '_maxresults'],
]);

const usualCount = 50;
export const largestCount = 1_000;

export const countOf = (query: URLSearchParams): number => {
  const text = query.get('_count');
  if (text === null || text === '') return usualCount;
  if (!/^\d{1,9}$/.test(text)) throw invalid('_count', '_count is a whole number');
  return Math.min(Number(text), largestCount);
};

const totals: readonly Total[] = ['none', 'estimate', 'accurate'];

const totalOf = (query: URLSearchParams): Total | undefined => {
  const text = query.get('_total');
  if (text === null || text === '') return undefined;
  const total = totals.find((each) => each === text);
  if (!total) throw invalid('_total', `_total is one of ${totals.join(', ')}`);
  return total;
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
  return includes;
};

export const readShape = (type: string, query: URLSearchParams, parameters: Parameters): Shape => ({
  count: countOf(query),
  total: totalOf(query),
  onlyCount: query.get('_summary') === 'count' || query.get('_count') === '0',
  sort: sortOf(type, query, parameters),
  includes: includesOf(query),
});
