/** Runs a search and answers its rows, each with its place in the order. */
import type { Query } from '../../fhir/search/query.ts';
import type { ParameterTable } from '../index/parameter-table.ts';
import type { Current } from '../resources.ts';
import { reads, type Run, type Statement } from '../statement.ts';
import { conditionsOf } from './conditions.ts';
import { searchCall, type Place } from './search-statement.ts';

export interface Hit {
  readonly current: Current;
  readonly place: Place;
}

export interface Asked {
  readonly query: Query;
  readonly limit: number;
  readonly behind?: Place;
}

type Row = Omit<Current, 'type'> & { readonly place: number };

/** Shapes recur: each is checked and named once. A caller who invents ever new ones must not fill the memory of every connection. */
const mostShapes = 500;

export type Find = (run: Run, asked: Asked, now: number) => Promise<Hit[]>;

export const openFind = (parameters: ParameterTable): Find => {
  const shapes = new Map<string, Statement>();
  const statementOf = (text: string): Statement => {
    const known = shapes.get(text);
    if (known) return known;
    const full = shapes.size >= mostShapes;
    const statement = reads(full ? '' : `search.${shapes.size}`, text);
    if (!full) shapes.set(text, statement);
    return statement;
  };
  return async (run, { query, limit, behind }, now) => {
    const conditions = conditionsOf(query, parameters(query.type));
    const { text, values } = searchCall({ type: query.type, conditions, limit, ...(behind ? { behind } : {}) }, now);
    const rows = await run<Row>(statementOf(text), values);
    return rows.map(({ place, ...row }) => ({
      current: { type: query.type, ...row },
      place: { at: place, rid: row.rid },
    }));
  };
};
