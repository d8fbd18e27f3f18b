/** Merges the sorted answers of several types into one order: that of the database, so that a page of one is a page of all. */
import type { Hit } from '../store/search/find.ts';
import type { SortKey } from '../store/search/sql/order.ts';

const isNumber = ({ by }: SortKey): boolean => by === 'updated' || by === 'at' || by === 'span';

/** Below 0: `a` comes first. A resource without a value comes last, whichever way is sorted. */
const byKey = (key: SortKey, a: string | null, b: string | null): number => {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  const order = isNumber(key) ? Number(a) - Number(b) : Buffer.compare(Buffer.from(a), Buffer.from(b));
  return key.descending ? -order : order;
};

export const merged = (heads: readonly (readonly Hit[])[], sort: readonly SortKey[]): Hit[] =>
  heads.flat().toSorted((a, b) => {
    for (const [place, key] of sort.entries()) {
      const order = byKey(key, a.place.keys[place] ?? null, b.place.keys[place] ?? null);
      if (order !== 0) return order;
    }
    return b.place.rid - a.place.rid;
  });
