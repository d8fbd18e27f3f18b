/** Reads the rows of a type in the order of a page, one by one, until it is full: for what no condition narrows to a few. */
import { typeCode } from '../../../fhir/resource-types.ts';
import { ridRange } from '../../rid.ts';
import { anyOf, fence, keysSql, type Context } from './bind.ts';
import type { OfEntries, Place, SortKey } from './order.ts';

/** The columns of a resource that a search answers, or that decide what it answers. */
export const columns = 'r.rid, r.at, r.id, r.version, r.updated, r.deleted, r.tail, r.xmin';

export interface WalkNeeds {
  readonly type: string;
  readonly sort: readonly SortKey[] | undefined;
  readonly behind?: Place;
  readonly limit: number;
}

/** Selects of rows and their keys; those of the first come before those of the next. `gate` is asked once, before anything is read. */
export type Walk = (tests: readonly string[], gate?: string) => readonly string[];

const row = (rid: string, tests: readonly string[]): string =>
  `(select ${columns} from resource r where ${['r.tenant = $1', `r.rid = ${rid}`, 'not r.deleted', ...tests].join(' and ')}${fence}) r`;

/** All rows of a type that are not deleted. */
export const ofType = (type: string, { bind }: Context): readonly string[] => {
  const [low, high] = ridRange(type);
  return ['r.tenant = $1', `r.rid >= ${bind(low)}::int8`, `r.rid < ${bind(high)}::int8`, 'not r.deleted'];
};

const latestFirst =
  ({ type, behind, limit }: WalkNeeds, context: Context): Walk =>
  (tests, gate = 'true') => {
    const page = behind ? [`r.rid < ${context.bind(behind.rid)}::int8`] : [];
    const where = [...ofType(type, context), ...page, ...tests, gate].join(' and ');
    return [`select ${columns} from resource r where ${where} order by r.rid desc limit ${context.bind(limit)}::int8`];
  };

interface Bound {
  readonly column: string;
  readonly rid: string;
  readonly descending: boolean;
}

/** Behind the place where the page before ended, with the row id as the last word. */
const bounded = (
  { column, rid, descending }: Bound,
  value: string,
  { rid: last }: Place,
  { bind }: Context,
): string => {
  const sign = descending ? '<' : '>';
  return `${column} ${sign}= ${value} and ${anyOf([`${column} ${sign} ${value}`, `${rid} < ${bind(last)}::int8`])}`;
};

/** Each version of each resource stands in the change feed by its time: that of now is the one that counts. */
const byUpdated =
  ({ type, behind, limit }: WalkNeeds, { descending }: SortKey, context: Context): Walk =>
  (tests, gate = 'true') => {
    const { bind } = context;
    const way = descending ? 'desc' : 'asc';
    const [last = null] = behind?.keys ?? [];
    const page = behind
      ? ` and ${bounded({ column: 'c.updated', rid: 'c.rid', descending }, `to_timestamp(${bind(last)}::float8 / 1000000)`, behind, context)}`
      : '';
    return [
      `select r.*, (extract(epoch from c.updated) * 1000000)::int8 as k0 from change c ` +
        `join lateral ${row('c.rid', ['r.version = c.version', ...tests])} on true ` +
        `where c.tenant = $1 and c.type = ${bind(typeCode(type))}::int2${page} and ${gate} ` +
        `order by c.updated ${way}, c.rid desc limit ${bind(limit)}::int8`,
    ];
  };

/** The ranges of a date by where they begin; a resource with several stands where it counts. Those without one come behind. */
const byDate =
  ({ type, behind, limit }: WalkNeeds, { by, keys, descending }: OfEntries, context: Context): Walk =>
  (tests, gate = 'true') => {
    const { bind } = context;
    const way = descending ? 'desc' : 'asc';
    const [last = null] = behind?.keys ?? [];
    const from = (): string => {
      if (!behind) return '';
      if (last === null) return ' and false';
      return ` and ${bounded({ column: 's.low', rid: 's.rid', descending }, `${bind(last)}::int8`, behind, context)}`;
    };
    const some = (long: string): string =>
      `(select s.rid, s.low from span s where s.tenant = $1 and ${keysSql(keys, 's', bind)} and ${long}${from()} order by s.low ${way}, s.rid desc)`;
    const entries = `(select distinct u.low, u.rid from (${some('not s.long')} union all ${some('s.long')}) u order by u.low ${way}, u.rid desc${fence}) e`;
    const least = (): string =>
      `(select min(o.low) from span o where o.tenant = $1 and o.rid = r.rid and ${keysSql(keys, 'o', bind)}${fence})`;
    const counts = by === 'at' ? `r.at = e.low + case when e.low = 0 then 1 else 0 end` : `e.low = ${least()}`;
    const dated =
      `select r.*, e.low as k0 from ${entries} join lateral ${row('e.rid', [counts, ...tests])} on true where ${gate} ` +
      `order by e.low ${way}, e.rid desc limit ${bind(limit)}::int8`;
    const page = behind && last === null ? [`r.rid < ${bind(behind.rid)}::int8`] : [];
    const none = `not exists (select 1 from span o where o.tenant = $1 and o.rid = r.rid and ${keysSql(keys, 'o', bind)}${fence})`;
    const where = [...ofType(type, context), ...page, none, ...tests, gate].join(' and ');
    const undated = `select ${columns}, null::int8 as k0 from resource r where ${where} order by r.rid desc limit ${bind(limit)}::int8`;
    return [dated, undated];
  };

/** Undefined where nothing stands in that order. */
export const walkOf = (needs: WalkNeeds, context: Context): Walk | undefined => {
  const [key, ...more] = needs.sort ?? [];
  if (!key) return latestFirst(needs, context);
  if (more.length > 0) return undefined;
  if (key.by === 'updated') return byUpdated(needs, key, context);
  if (key.by === 'at') return byDate(needs, key, context);
  return key.by === 'span' && !key.descending ? byDate(needs, key, context) : undefined;
};
