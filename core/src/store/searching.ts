/** By what a tenant's resources are found: the parameters of everybody and the tenant's own, as one generation of them. */
import type { FoundTypes } from '../fhir/search/found-types.ts';
import type { Query } from '../fhir/search/query.ts';
import type { Sort } from '../fhir/search/shape.ts';
import type { SearchParameter } from '../fhir/search-parameter.ts';
import { openIndex, type Index, type IndexNeeds, type Shown } from './index/entries.ts';
import { withOwn, type OwnParameter } from './index/own-parameters.ts';
import type { ParameterTable } from './index/parameter-table.ts';
import { conditionsOf, type Condition, type ConditionNeeds } from './search/conditions.ts';
import { sortKeyOf } from './search/sort-keys.ts';
import type { SortKey } from './search/sql/order.ts';

export interface Searching {
  /** Grows with each change to the tenant's own parameters; what was made of an older one must not be written. */
  readonly generation: number;
  readonly parameters: ParameterTable;
  readonly foundTypes: FoundTypes;
  readonly index: Index;
  readonly shown: Shown;
  readonly sortKey: (type: string, sort: Sort) => SortKey;
  /** What a query asks of the index. */
  readonly conditions: (query: Query) => readonly Condition[];
  /** The search parameters of a type that find something. */
  readonly searchable: (type: string) => readonly SearchParameter[];
}

export type SearchingNeeds = IndexNeeds & Pick<ConditionNeeds, 'impliedCodes' | 'foundTypes'>;

const openSearching = (needs: SearchingNeeds, generation: number): Searching => {
  const { table: parameters, units, impliedCodes, foundTypes } = needs;
  return {
    ...{ generation, parameters, foundTypes },
    ...openIndex(needs),
    sortKey: (type, sort) => sortKeyOf(parameters(type), sort),
    conditions: ({ type, clauses }) => conditionsOf(type, clauses, { parameters, units, impliedCodes, foundTypes }),
    searchable: (type) => {
      const { all, lookup } = parameters(type);
      return [...all.values()].filter(({ code }) => lookup.has(code) || code === '_id' || code === '_lastUpdated');
    },
  };
};

export interface Searchings {
  /** What holds where no tenant has made parameters. */
  readonly base: Searching;
  readonly with: (generation: number, own: readonly OwnParameter[]) => Searching;
}

/** Types without a parameter of the tenant's own are indexed by what was compiled for everybody. */
export const openSearchings = (needs: SearchingNeeds): Searchings => {
  const base = openSearching(needs, 0);
  return {
    base,
    with: (generation, own) => {
      if (own.length === 0) return { ...base, generation };
      const table = withOwn(needs.table, own);
      const mine = openSearching({ ...needs, table }, generation);
      const isTouched = (type: string): boolean => table(type) !== needs.table(type);
      return {
        ...mine,
        index: (type, resource) => (isTouched(type) ? mine : base).index(type, resource),
        shown: (type, resource, code) => (isTouched(type) ? mine : base).shown(type, resource, code),
      };
    },
  };
};
