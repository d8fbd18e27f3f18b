/** Finds what the values of a sort parameter are read from; refuses those that have no order. */
import type { Sort } from '../../fhir/search/shape.ts';
import { invalid } from '../../outcome/outcome.ts';
import { canonicalWords } from '../index/number-words.ts';
import type { TypeParameters } from '../index/parameter-table.ts';
import type { SortKey } from './sql/order.ts';

export const sortKeyOf = ({ all, lookup, dated }: TypeParameters, { code, descending }: Sort): SortKey => {
  if (code === '_id') return { by: 'id', descending };
  if (code === '_lastUpdated') return { by: 'updated', descending };
  const kind = all.get(code)?.type;
  const found = lookup.get(code);
  if (!found || kind === 'composite' || kind === 'special') throw invalid('_sort', `${code} has no order to sort by`);
  const { keys } = found;
  if (kind === 'date') return { by: code === dated && descending ? 'at' : 'span', keys, descending };
  if (kind === 'number') return { by: 'word', keys, descending, marked: true };
  if (kind === 'quantity') return { by: 'word', keys, descending, marked: true, rather: canonicalWords };
  const { onlyType } = found;
  return { by: 'word', keys, descending, ...(onlyType === undefined ? {} : { onlyType }) };
};
