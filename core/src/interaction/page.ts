/** How long a page is, and the links that lead from one to the next. */
import type { BundleLink } from '../fhir/bundle-text.ts';
import { invalid } from '../outcome/outcome.ts';

const usualCount = 50;
export const largestCount = 1_000;

export const countOf = (query: URLSearchParams): number => {
  const text = query.get('_count');
  if (text === null || text === '') return usualCount;
  if (!/^\d{1,9}$/.test(text)) throw invalid('_count', '_count is a whole number');
  return Math.min(Number(text), largestCount);
};

/** `understood`: the parameters that were used; the self link names no others. */
export const pageLinks = (
  address: string,
  understood: readonly (readonly [string, string])[],
  next: string | undefined,
): BundleLink[] => {
  const link = (relation: BundleLink['relation'], params: readonly (readonly [string, string])[]): BundleLink => {
    const query = new URLSearchParams(params.map(([name, value]): [string, string] => [name, value])).toString();
    return { relation, url: query === '' ? address : `${address}?${query}` };
  };
  const rest = understood.filter(([name]) => name !== '_cursor');
  return [link('self', understood), ...(next === undefined ? [] : [link('next', [...rest, ['_cursor', next]])])];
};
