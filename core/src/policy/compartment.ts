/** Says to whose compartments a resource belongs, by the words that it is found by. */
import type { Word } from '../store/change.ts';
import type { ParameterTable } from '../store/index/parameter-table.ts';
import { referenceWord } from '../store/index/words.ts';

export interface CompartmentRow {
  readonly compartment: string;
  readonly type: string;
  /** References of a resource of this type that lead into the compartment. */
  readonly params: readonly string[];
}

/** The ids of those in whose compartments a resource of `type` with these words is. */
export type Compartment = (type: string, words: readonly Word[]) => ReadonlySet<string>;

export const compartmentOf = (
  name: string,
  rows: readonly CompartmentRow[],
  parameters: ParameterTable,
): Compartment => {
  const keys = new Map<string, ReadonlySet<number>>();
  for (const { compartment, type, params } of rows) {
    if (compartment !== name) continue;
    const { lookup } = parameters(type);
    keys.set(type, new Set(params.flatMap((code) => lookup.get(code)?.keys ?? [])));
  }
  const ending = referenceWord(name, '');
  return (type, words) => {
    const mine = keys.get(type);
    if (!mine) return new Set();
    const found = words.filter(({ param, value }) => mine.has(param) && value.endsWith(ending));
    return new Set(found.map(({ value }) => value.slice(0, -ending.length)));
  };
};
