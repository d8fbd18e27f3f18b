/** What the search parameters that a tenant made at run time add to those of everybody. */
import type { SearchParameter } from '../../fhir/search-parameter.ts';
import { isOf, ownLookup, type ParameterTable, type TypeParameters } from './parameter-table.ts';

/** The database's constraint names the same. */
export const ownStates = ['indexing', 'ready', 'leaving'] as const;

/**
 * `indexing`: written with each resource, and not yet of all that were there before. `ready`: can be asked for. `leaving`: still
 * written, until nobody asks for it any more.
 */
export type OwnState = (typeof ownStates)[number];

export interface OwnParameter {
  readonly parameter: SearchParameter;
  readonly state: OwnState;
  /** Of the resource that describes it. */
  readonly id: string;
}

const added = (type: string, base: TypeParameters, mine: readonly OwnParameter[]): TypeParameters => {
  const all = new Map(base.all);
  const lookup = new Map(base.lookup);
  const coming = new Map<string, string>();
  for (const { parameter, state, id } of mine) {
    const { code } = parameter;
    if (state === 'indexing') coming.set(code, id);
    if (state !== 'ready') continue;
    all.set(code, parameter);
    lookup.set(code, ownLookup(type, parameter));
  }
  return { ...base, all, lookup, coming, own: mine.map(({ parameter }) => parameter) };
};

/** Types that none of them is of are described as before. */
export const withOwn = (base: ParameterTable, own: readonly OwnParameter[]): ParameterTable => {
  const tables = new Map<string, TypeParameters>();
  return (type) => {
    const known = tables.get(type);
    if (known) return known;
    const mine = own.filter(({ parameter }) => isOf(type, parameter));
    if (mine.length === 0) return base(type);
    const described = added(type, base(type), mine);
    tables.set(type, described);
    return described;
  };
};
