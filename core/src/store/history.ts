/** Reads what was: the versions of one resource, of the resources of some types, latest first, a page at a time. */
import { resourceTypes, typeCode } from '../fhir/resource-types.ts';
import type { Stored } from '../fhir/interaction.ts';
import { methods, type Method } from './change.ts';
import { typeCodeOfRid } from './rid.ts';
import { reads, type Run, type Statement } from './statement.ts';

/** Where a page ended. */
export interface HistoryPlace {
  readonly updated: number;
  readonly rid: number;
  readonly version: number;
}

export interface HistoryAsked {
  /** Of one resource, or of all of these types. */
  readonly types: readonly string[];
  readonly id?: string;
  readonly limit: number;
  /** Versions made at or after this moment. */
  readonly since?: number;
  /** Versions that were current at some moment of this range. */
  readonly at?: { readonly low: number; readonly high: number };
  readonly behind?: HistoryPlace;
}

export interface HistoryVersion extends Stored {
  readonly method: Method;
  readonly rid: number;
}

const instant = (parameter: string): string => `to_timestamp(${parameter}::float8 / 1000)`;

/** Both bounds always stand in the statement, open where they were not asked for: one plan serves all. */
const bounds = (alias: string): string => `
  ${alias}.updated >= ${instant('$2')} and ${alias}.updated <= ${instant('$3')}
  and (${alias}.updated, ${alias}.rid, ${alias}.version) < (${instant('$4')}, $5::int8, $6::int4)`;

/** A version was current until the next one was made. */
const lasted = (alias: string): string => `
  not exists (
    select 1 from resource n where n.tenant = $1 and n.rid = ${alias}.rid and n.version = ${alias}.version + 1 and n.updated <= ${instant('$7')}
    union all
    select 1 from history n where n.tenant = $1 and n.rid = ${alias}.rid and n.version = ${alias}.version + 1 and n.updated <= ${instant('$7')})`;

const columns = `v.rid, v.version, (extract(epoch from v.updated) * 1000)::int8 as updated, v.method, v.deleted, v.tail, v.id`;

const ofOne: Statement = reads(
  'history.instance',
  `select ${columns}
     from (select r.rid, r.id, r.version, r.updated, r.method, r.deleted, r.tail
             from resource r where r.tenant = $1 and r.type = $9 and r.id = $10
           union all
           select h.rid, r.id, h.version, h.updated, h.method, h.deleted, h.tail
             from resource r
             join lateral (select h.* from history h where h.tenant = $1 and h.rid = r.rid offset 0) h on true
            where r.tenant = $1 and r.type = $9 and r.id = $10) v
    where ${bounds('v')} and ${lasted('v')}
    order by v.updated desc, v.rid desc, v.version desc limit $8::int8`,
);

/** Each type is read from the end of its own range, and the heads of all are merged. */
const ofTypes: Statement = reads(
  'history.types',
  `select ${columns}
     from (select c.rid, c.version, c.updated
             from unnest($9::int2[]) as t (type)
             join lateral (
               select x.rid, x.version, x.updated from change x
                where x.tenant = $1 and x.type = t.type and ${bounds('x')} and ${lasted('x')}
                order by x.updated desc, x.rid desc, x.version desc limit $8::int8) c on true
            order by c.updated desc, c.rid desc, c.version desc limit $8::int8) c
     join lateral (
       select r.rid, r.id, r.version, r.updated, r.method, r.deleted, r.tail
         from resource r where r.tenant = $1 and r.rid = c.rid and r.version = c.version
       union all
       select h.rid, r.id, h.version, h.updated, h.method, h.deleted, h.tail
         from history h
         join lateral (select r.id from resource r where r.tenant = $1 and r.rid = h.rid offset 0) r on true
        where h.tenant = $1 and h.rid = c.rid and h.version = c.version) v on true
    order by v.updated desc, v.rid desc, v.version desc`,
);

interface Row extends Omit<HistoryVersion, 'type' | 'method'> {
  readonly method: number;
}

/** What timestamps of PostgreSQL and dates of JavaScript both can hold. */
const [first, last] = [-62_135_596_800_000, 253_402_300_799_999];

const valuesOf = ({ types, id, limit, since, at, behind }: HistoryAsked): unknown[] => [
  since ?? first,
  at?.high ?? last,
  behind?.updated ?? last,
  behind?.rid ?? Number.MAX_SAFE_INTEGER,
  behind?.version ?? 2 ** 31 - 1,
  at?.low ?? first,
  limit,
  ...(id === undefined ? [`{${types.map(typeCode).join(',')}}`] : [typeCode(types[0] ?? ''), id]),
];

export const findHistory = async (run: Run, asked: HistoryAsked): Promise<HistoryVersion[]> => {
  const statement = asked.id === undefined ? ofTypes : ofOne;
  const rows = await run<Row>(statement, valuesOf(asked));
  return rows.map(({ method, ...row }) => ({
    ...row,
    type: resourceTypes[typeCodeOfRid(row.rid)] ?? '',
    method: methods[method] || 'PUT',
  }));
};
