/** What stands below what in R4's own code systems, of those that have any order. */
import type { Concept, Entry } from './published.ts';

export interface HierarchyRow {
  readonly url: string;
  /** The codes below each; below no name, those that are below none. */
  readonly below: Readonly<Record<string, readonly string[]>>;
}

const parentsOf = ({ property = [] }: Concept): string[] =>
  property.flatMap(({ code, valueCode }) =>
    (code === 'parent' || code === 'subsumedBy') && valueCode !== undefined ? [valueCode] : [],
  );

const rowOf = ({ url, concept = [] }: Entry): HierarchyRow => {
  const below = new Map<string, string[]>();
  const walk = (concepts: readonly Concept[], above: string | undefined): void => {
    for (const each of concepts) {
      const parents = new Set([...(above === undefined ? [] : [above]), ...parentsOf(each)]);
      for (const parent of parents.size === 0 ? [''] : parents)
        below.set(parent, [...(below.get(parent) ?? []), each.code]);
      walk(each.concept ?? [], each.code);
    }
  };
  walk(concept, undefined);
  return { url, below: Object.fromEntries(below) };
};

/** R4 codesystem.html: below a code stands what it subsumes, unless it is said to be something else. */
const isSubsuming = ({ hierarchyMeaning = 'is-a' }: Entry): boolean => hierarchyMeaning === 'is-a';

export const hierarchyRows = (all: readonly Entry[]): HierarchyRow[] =>
  all
    .filter(({ resourceType }) => resourceType === 'CodeSystem')
    .filter(isSubsuming)
    .map(rowOf)
    .filter(({ below }) => Object.keys(below).some((code) => code !== ''));
