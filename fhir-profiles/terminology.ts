/** What R4's own code systems and value sets hold, without a word of what it means. */
import type { Concept, Entry, Include } from './published.ts';

export interface SystemRow {
  readonly url: string;
  readonly codes: readonly string[];
}

export interface SetRow {
  readonly url: string;
  readonly include: readonly SlimInclude[];
  readonly exclude?: readonly SlimInclude[];
}

interface SlimInclude extends Pick<Include, 'filter' | 'valueSet'> {
  readonly system?: string;
  readonly codes?: readonly string[];
}

const flat = (concepts: readonly Concept[] = []): string[] =>
  concepts.flatMap(({ code, concept }) => [code, ...flat(concept)]);

/** Those that are whole, and whose codes stand in no other row. */
export const systemRows = (all: readonly Entry[], others: readonly { readonly url: string }[]): SystemRow[] => {
  const known = new Set(others.map(({ url }) => url));
  return all
    .filter(({ resourceType, content }) => resourceType === 'CodeSystem' && content === 'complete')
    .map(({ url, concept }) => ({ url, codes: [...new Set(flat(concept))] }))
    .filter(({ url, codes }) => codes.length > 0 && !known.has(url));
};

const slim = ({ system, concept, filter, valueSet }: Include): SlimInclude => ({
  ...(system === undefined ? {} : { system }),
  ...(concept ? { codes: flat(concept) } : {}),
  ...(filter ? { filter: filter.map(({ property, op, value }) => ({ property, op, value })) } : {}),
  ...(valueSet ? { valueSet } : {}),
});

export const setRows = (all: readonly Entry[]): SetRow[] =>
  all.flatMap(({ resourceType, url, compose }) =>
    resourceType === 'ValueSet' && compose
      ? [
          {
            ...{ url, include: compose.include.map(slim) },
            ...(compose.exclude ? { exclude: compose.exclude.map(slim) } : {}),
          },
        ]
      : [],
  );
