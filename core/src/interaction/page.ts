/** The links that lead from one page to the next. */
import type { BundleLink } from '../fhir/bundle-text.ts';

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
