/** The one statement that writes any number of changes: checks, versions, search words and the change feed together; packs changes into its arrays and reads what came of them. */
import { typeCode } from '../fhir/resource-types.ts';
import { methodCode, type Change, type Span, type Word, type Written } from './change.ts';
import { writes, type Statement } from './statement.ts';

/** JSON holds no such character raw, and values of words are cleared of it: texts travel joined by it, which PostgreSQL splits faster than it reads an array. */
const separator = '\u001f';

interface Form {
  /** Some changes replace what is there. */
  readonly replaces: boolean;
  /** All of it or nothing; otherwise each change stands for itself. */
  readonly whole: boolean;
}

const now = `date_trunc('milliseconds', clock_timestamp())`;

/** One who indexed by older search parameters would leave out, or leave behind, what those of now have: nothing is written. */
const fence = ({ replaces }: Form): string => `
  fence as materialized (
    select g.generation from search_generation g where g.tenant = $1 and g.generation <> $${replaces ? 31 : 20}::int4)`;

const input = ({ replaces }: Form): string => {
  const given = replaces
    ? `select t.* from unnest($2::int8[], $3::int2[], string_to_array($4, chr(31)), $5::int2[], string_to_array($6, chr(31)), $7::int8[], $20::int4[], $21::boolean[])
         with ordinality as t (rid, type, id, method, tail, at, was, deleted, place)`
    : `select t.*, 0 as was, false as deleted from unnest($2::int8[], $3::int2[], string_to_array($4, chr(31)), $5::int2[], string_to_array($6, chr(31)), $7::int8[])
         with ordinality as t (rid, type, id, method, tail, at, place)`;
  return `${given} where not exists (select 1 from fence f)`;
};

/**
 * Each row of a table is looked up by its whole key, one by one, inside a fence (a lateral subquery that locks, or that
 * ends in `offset 0`): while a table has no statistics yet the planner takes one tenant for a small part of it, and would
 * read all of it instead.
 *
 * What is referred to is locked against deletion until this commits; a deletion in between is waited for and seen.
 */
const references = `
  needed as materialized (
    select t.* from unnest($8::int8[], $9::int2[], string_to_array($10, chr(31))) with ordinality as t (place, type, id, nth)),
  there as materialized (
    select n.type, n.id
      from (select distinct n.type, n.id from needed n order by n.type, n.id) n
     cross join lateral (
       select r.rid from resource r where r.tenant = $1 and r.type = n.type and r.id = n.id and not r.deleted for key share) r),
  unmet as materialized (
    select n.place, n.nth from needed n
     where not exists (select 1 from there t where t.type = n.type and t.id = n.id))`;

/** Waits for whoever writes the same resource now, and finds nothing if that one was faster. */
const replaced = `
  old as materialized (
    select i.place, r.*
      from input i
     cross join lateral (
       select r.rid, r.version, r.updated, r.method, r.deleted, r.tail
         from resource r where r.tenant = $1 and r.rid = i.rid and r.version = i.was
          for no key update) r
     where i.was > 0)`;

const good = ({ replaces, whole }: Form): string => {
  const found = replaces
    ? `case when i.was = 0 then true else exists (select 1 from old o where o.place = i.place) end`
    : 'true';
  if (!whole)
    return `select i.* from input i where ${found} and not exists (select 1 from unmet u where u.place = i.place)`;
  const everyFound = replaces ? `and (select count(*) from old) = (select count(*) from input i where i.was > 0)` : '';
  return `select i.* from input i where (select count(*) from unmet) = 0 ${everyFound}`;
};

/** Of a whole a taken id fails the statement, and with it everything. */
const made = ({ whole }: Form): string => `
  made as (
    insert into resource (tenant, type, id, rid, version, updated, method, deleted, tail, at)
    select $1, g.type, g.id, g.rid, 1, ${now}, g.method, g.deleted, coalesce(g.tail, ''), g.at from good g where g.was = 0
    ${whole ? '' : 'on conflict do nothing'}
    returning rid, version, updated)`;

/**
 * The clock of one node may be behind another's: along one resource time never goes back. The row is named by its key and
 * not by its place: whoever makes the index anew moves rows without making versions of them.
 */
const moved = `
  moved as (
    insert into history (tenant, rid, version, updated, method, deleted, tail)
    select $1, o.rid, o.version, o.updated, o.method, o.deleted, o.tail from old o join good g on g.place = o.place),
  changed as (
    update resource r
       set version = o.version + 1, updated = greatest(${now}, o.updated + make_interval(secs => 0.001)),
           method = g.method, deleted = g.deleted, tail = coalesce(g.tail, ''), at = g.at
      from good g join old o on o.place = g.place
     where r.tenant = $1 and r.rid = g.rid and r.version = o.version
    returning r.rid, r.version, r.updated)`;

/** Entries of a new resource cannot be there yet; those of an older one may be, if its index was made anew meanwhile. */
const found = ({ replaces }: Form): string => {
  const clash = replaces ? 'on conflict do nothing' : '';
  return `
  logged as (
    insert into change (tenant, type, updated, rid, version, xid)
    select $1, (d.rid >> 44)::int2, d.updated, d.rid, d.version, pg_current_xact_id()::text::int8 from done d),
  worded as (
    insert into word (tenant, param, value, at, rid)
    select $1, x.param, x.value, x.at, x.rid
      from unnest($11::int4[], string_to_array($12, chr(31)), $13::int8[], $14::int8[]) as x (param, value, at, rid)
      join done d on d.rid = x.rid
    ${clash}),
  spanned as (
    insert into span (tenant, param, long, low, high, rid)
    select $1, x.param, x.long, x.low, x.high, x.rid
      from unnest($15::int4[], $16::boolean[], $17::int8[], $18::int8[], $19::int8[]) as x (param, long, low, high, rid)
      join done d on d.rid = x.rid
    ${clash})`;
};

/** Entries are written once and never changed: where one was found it still is. */
const lost = `
  lostwords as materialized (
    select w.tid
      from unnest($22::int4[], string_to_array($23, chr(31)), $24::int8[], $25::int8[]) as x (param, value, at, rid)
      join done d on d.rid = x.rid
     cross join lateral (
       select w.ctid as tid from word w
        where w.tenant = $1 and w.param = x.param and w.value = x.value and w.at = x.at and w.rid = x.rid offset 0) w),
  unworded as (
    delete from word w where w.tenant = $1 and w.ctid = any(array(select l.tid from lostwords l))),
  lostspans as materialized (
    select s.tid
      from unnest($26::int4[], $27::boolean[], $28::int8[], $29::int8[], $30::int8[]) as x (param, long, low, high, rid)
      join done d on d.rid = x.rid
     cross join lateral (
       select s.ctid as tid from span s
        where s.tenant = $1 and s.rid = x.rid and s.param = x.param and s.low = x.low and s.high = x.high offset 0) s),
  unspanned as (
    delete from span s where s.tenant = $1 and s.ctid = any(array(select l.tid from lostspans l)))`;

const textOf = (form: Form): string => `
with
  ${fence(form)},
  input as materialized (${input(form)}),
  ${form.replaces ? `${replaced},` : ''}
  ${references},
  good as materialized (${good(form)}),
  ${made(form)},
  ${form.replaces ? `${moved},` : ''}
  done as materialized (select * from made ${form.replaces ? 'union all select * from changed' : ''}),
  ${found(form)}
  ${form.replaces ? `, ${lost}` : ''}
select d.rid, d.version, (extract(epoch from d.updated) * 1000)::int8 as updated, 0::int8 as nth from done d
union all
select u.place, null, null, u.nth from unmet u
union all
select 0, null, null, 0 from fence f`;

const statementOf = (form: Form): Statement =>
  writes(`write.${form.replaces ? 'any' : 'new'}.${form.whole ? 'whole' : 'each'}`, textOf(form));

const statements = new Map(
  [true, false].flatMap((replaces) =>
    [true, false].map((whole) => [`${replaces} ${whole}`, statementOf({ replaces, whole })] as const),
  ),
);

const array = (values: readonly (number | boolean)[]): string => `{${values.join(',')}}`;
const joined = (values: readonly string[]): string => values.join(separator);

interface OfRow<T> {
  readonly rid: number;
  readonly entry: T;
}

const byWord = ({ entry: a }: OfRow<Word>, { entry: b }: OfRow<Word>): number => {
  if (a.param !== b.param) return a.param - b.param;
  return Number(a.value > b.value) - Number(a.value < b.value);
};

/** In the index's order: neighbours are written together, while their page is at hand. */
const wordValues = (rows: readonly OfRow<Word>[]): string[] => {
  const sorted = rows.length > 1 ? rows.toSorted(byWord) : rows;
  return [
    array(sorted.map(({ entry }) => entry.param)),
    joined(sorted.map(({ entry }) => entry.value)),
    array(sorted.map(({ entry }) => entry.at)),
    array(sorted.map(({ rid }) => rid)),
  ];
};

const spanValues = (rows: readonly OfRow<Span>[]): string[] => [
  array(rows.map(({ entry }) => entry.param)),
  array(rows.map(({ entry }) => entry.long)),
  array(rows.map(({ entry }) => entry.low)),
  array(rows.map(({ entry }) => entry.high)),
  array(rows.map(({ rid }) => rid)),
];

const sideValues = (changes: readonly Change[], side: 'adds' | 'drops'): string[] => {
  const words: OfRow<Word>[] = [];
  const spans: OfRow<Span>[] = [];
  for (const change of changes) {
    const { rid } = change;
    for (const entry of change[side].words) words.push({ rid, entry });
    for (const entry of change[side].spans) spans.push({ rid, entry });
  }
  return [...wordValues(words), ...spanValues(spans)];
};

export interface WriteCall {
  readonly statement: Statement;
  readonly values: readonly string[];
}

/** All changes are of one generation of search parameters. */
export const writeCall = (changes: readonly Change[], whole: boolean): WriteCall => {
  const generation = String(changes[0]?.generation ?? 0);
  const replaces = changes.some(({ was }) => was > 0);
  const statement = statements.get(`${replaces} ${whole}`);
  if (!statement) throw new RangeError('there is no such form of the write statement');
  const needs = changes.flatMap((change, place) => change.needs.map((target) => ({ place: place + 1, target })));
  const values = [
    array(changes.map(({ rid }) => rid)),
    array(changes.map(({ type }) => typeCode(type))),
    joined(changes.map(({ id }) => id)),
    array(changes.map(({ method }) => methodCode(method))),
    joined(changes.map(({ tail }) => tail)),
    array(changes.map(({ at }) => at)),
    array(needs.map(({ place }) => place)),
    array(needs.map(({ target }) => typeCode(target.type))),
    joined(needs.map(({ target }) => target.id)),
    ...sideValues(changes, 'adds'),
  ];
  if (!replaces) return { statement, values: [...values, generation] };
  return {
    statement,
    values: [
      ...values,
      array(changes.map(({ was }) => was)),
      array(changes.map(({ deleted }) => deleted)),
      ...sideValues(changes, 'drops'),
      generation,
    ],
  };
};

/** A row id and its new version; or a place and the number, from 1, of a reference that leads nowhere; or nothing, for an older generation of search parameters. */
export interface WriteRow {
  readonly rid: number;
  readonly version: number | null;
  readonly updated: number | null;
  readonly nth: number;
}

export const isOutdated = (rows: readonly WriteRow[]): boolean =>
  rows.some(({ version, nth }) => version === null && nth === 0);

export const writtenOf = (changes: readonly Change[], rows: readonly WriteRow[], whole: boolean): Written[] => {
  const needs = changes.flatMap((change) => change.needs);
  const done = new Map<number, WriteRow>();
  const missing = new Map<number, number[]>();
  for (const row of rows) {
    if (row.version === null) missing.set(row.rid - 1, [...(missing.get(row.rid - 1) ?? []), row.nth - 1]);
    else done.set(row.rid, row);
  }
  return changes.map((change, place): Written => {
    const row = done.get(change.rid);
    if (row) return { outcome: 'written', version: row.version ?? 0, updated: row.updated ?? 0 };
    const targets = (missing.get(place) ?? []).flatMap((nth) => needs[nth] ?? []);
    if (targets.length > 0) return { outcome: 'missing', targets };
    return whole && missing.size > 0 ? { outcome: 'undone' } : { outcome: 'stale' };
  });
};
