/** Builds the one SELECT of a search: the most selective condition leads, the others are looked up row by row, and the page is cut in the order that was asked for. */
import { ridRange } from '../rid.ts';
import type { Condition } from './conditions.ts';
import type { Match } from './match.ts';
import { fence, keysSql, openContext, type Context } from './sql/bind.ts';
import { probeOf } from './sql/probe.ts';
import { canLead, rankOf } from './sql/rank.ts';
import { setOf } from './sql/set.ts';
import { behindSql, keySql, orderSql, type Place, type SortKey } from './sql/order.ts';

export type { Place, SortKey };

export interface SearchCall {
  readonly text: string;
  readonly values: readonly unknown[];
  /** Answered in the order of an index, which has what has no date at 1970. */
  readonly inDates?: boolean;
}

/** What was visible when the first page was read. */
export interface Snapshot {
  /** As PostgreSQL writes one. */
  readonly text: string;
  /** Its `xmax`. */
  readonly next: string;
  /** Milliseconds since 1970. */
  readonly taken: number;
}

export interface SearchNeeds {
  readonly type: string;
  readonly conditions: readonly Condition[];
  readonly limit: number;
  /** Undefined: the order in which the leading index has them. */
  readonly sort: readonly SortKey[] | undefined;
  readonly behind?: Place;
  readonly snapshot?: Snapshot;
  /** Sorts also what an index has in the order of dates. */
  readonly sorts?: boolean;
}

type Words = Extract<Condition, { kind: 'words' }>;

const exactOf = ({ keys, matches }: Words): string | undefined => {
  const [only, ...others] = matches as readonly (Match | undefined)[];
  return keys.length === 1 && others.length === 0 && only && 'exact' in only && !only.tests ? only.exact : undefined;
};

/** A row that was written so long before cannot be of a transaction that was still on its way. */
const longestTransactionMs = 3_600_000;

/** Rows as they were when the first page was read: what was made or changed since is left out, and read again from the start. */
const seenIn = ({ text, next, taken }: Snapshot, { bind }: Context): string => {
  const xmax = `${bind(next)}::int8`;
  // The row knows its transaction by 32 bits; the snapshot says which of the possible ones is near.
  const behind = `((r.xmin::text::int8 - ${xmax}) % 4294967296)`;
  const near = `case when ${behind} > 2147483647 then ${behind} - 4294967296 when ${behind} < -2147483648 then ${behind} + 4294967296 else ${behind} end`;
  const visible = `pg_visible_in_snapshot((${xmax} + ${near})::text::xid8, ${bind(text)}::pg_snapshot)`;
  return `case when r.updated < to_timestamp(${bind(taken - longestTransactionMs)}::float8 / 1000) then true when ${near} >= 0 then false else ${visible} end`;
};

/** An entry of the leading index carries what these need: rows that they turn away are never fetched. */
const judgedEarly = (lead: Words, condition: Condition): boolean =>
  condition.kind === 'spans' || (condition.kind === 'words' && (lead.order === 'dated' || condition.order === 'plain'));

interface Parts {
  readonly from: string;
  readonly where: readonly string[];
}

const columns = 'r.rid, r.at, r.id, r.version, r.updated, r.deleted, r.tail, r.xmin';

const fetched = `join lateral (select ${columns} from resource r where r.tenant = $1 and r.rid = d.rid${fence}) r on true`;

/** One equal value: its entries are read in their order, and the page ends the reading. */
const inOrder = (
  first: Words,
  value: string,
  needs: SearchNeeds,
  rest: readonly Condition[],
  context: Context,
): Parts => {
  const { bind } = context;
  const { type, behind } = needs;
  const early = rest.filter((condition) => judgedEarly(first, condition));
  const late = rest.filter((condition) => !early.includes(condition));
  const [at = null] = behind?.keys ?? [];
  const page = behind ? [`(m.at, m.rid) < (${bind(at)}::int8, ${bind(behind.rid)}::int8)`] : [];
  const where = [
    'm.tenant = $1',
    keysSql(first.keys, 'm', bind),
    `m.value = ${bind(value)}`,
    ...page,
    ...early.map((condition) => probeOf(type, condition, { rid: 'm.rid', at: 'm.at' }, context)),
  ].join(' and ');
  return {
    from: `(select m.rid, m.at from word m where ${where} order by m.at desc, m.rid desc${fence}) d ${fetched}`,
    where: late.map((condition) => probeOf(type, condition, { rid: 'r.rid', at: 'r.at', row: 'r' }, context)),
  };
};

const anyOrder = ({ type }: SearchNeeds, [first, ...rest]: readonly Condition[], context: Context): Parts => {
  const tested = (conditions: readonly Condition[]): string[] =>
    conditions.map((condition) => probeOf(type, condition, { rid: 'r.rid', at: 'r.at', row: 'r' }, context));
  if (first && canLead(first))
    return {
      from: `(select distinct x.rid from (${setOf(type, first, context)}) x) d ${fetched}`,
      where: tested(rest),
    };
  const [low, high] = ridRange(type).map((rid) => `${context.bind(rid)}::int8`);
  return {
    from: 'resource r',
    where: ['r.tenant = $1', `r.rid >= ${low}`, `r.rid < ${high}`, ...tested(first ? [first, ...rest] : [])],
  };
};

/** The latest first by the resource's own date is the order in which the entries of a dated parameter stand. */
const isOwnOrder = ({ order }: Words, sort: readonly SortKey[]): boolean =>
  order === 'dated' && sort.length === 1 && sort[0]?.by === 'at' && sort[0].descending;

const byRank = (a: Condition, b: Condition): number => rankOf(a) - rankOf(b);

const head = `r.rid, r.at, r.id, r.version, (extract(epoch from r.updated) * 1000)::int8 as updated, r.deleted, r.tail`;

const shown = `rid, at, id, version, (extract(epoch from updated) * 1000)::int8 as updated, deleted, tail`;

const snapshotColumns = `pg_current_snapshot()::text as snapshot`;

/** The keys by which a page ends, as the row of a search carries them. */
export const searchCall = (needs: SearchNeeds, now: number): SearchCall => {
  const context = openContext(now);
  const { bind } = context;
  const { sort, behind, snapshot, limit } = needs;
  const sorted = needs.conditions.toSorted(byRank);
  const [first, ...rest] = sorted;
  const isOrdered = first?.kind === 'words' && (sort === undefined || (!needs.sorts && isOwnOrder(first, sort)));
  const led = isOrdered ? exactOf(first) : undefined;
  const seen = snapshot ? [seenIn(snapshot, context)] : [];
  if (first?.kind === 'words' && led !== undefined) {
    const { from, where } = inOrder(first, led, needs, rest, context);
    const tests = [...where, ...seen, 'not r.deleted'].join(' and ');
    return {
      text: `select ${head}, d.at::text as k0, ${snapshotColumns} from ${from} where ${tests} order by d.at desc, d.rid desc limit ${bind(limit)}::int8`,
      ...{ values: context.values, inDates: sort !== undefined },
    };
  }
  const keys = sort ?? [];
  const { from, where } = anyOrder(needs, sorted, context);
  if (keys.length === 0) {
    const page = behind ? [`r.rid < ${bind(behind.rid)}::int8`] : [];
    const tests = [...where, ...page, ...seen, 'not r.deleted'].join(' and ');
    return {
      text: `select ${head}, ${snapshotColumns} from ${from} where ${tests} order by r.rid desc limit ${bind(limit)}::int8`,
      values: context.values,
    };
  }
  const read = keys.map((key, place) => `, ${keySql(key, context)} as k${place}`).join('');
  const tests = [...where, ...seen, 'not r.deleted'].join(' and ');
  const rows = `select ${columns}${read} from ${from} where ${tests}${fence}`;
  const page = behind ? ` where ${behindSql(keys, behind, context)}` : '';
  const texts = keys.map((_, place) => `, k${place}::text as k${place}`).join('');
  return {
    text: `select ${shown}${texts}, ${snapshotColumns} from (${rows}) p${page} order by ${orderSql(keys, 'p')} limit ${bind(limit)}::int8`,
    values: context.values,
  };
};

/** How many there are, at most `most` and one. */
export const countCall = (
  { type, conditions, snapshot }: Pick<SearchNeeds, 'type' | 'conditions' | 'snapshot'>,
  most: number | undefined,
  now: number,
): SearchCall => {
  const context = openContext(now);
  const { from, where } = anyOrder(
    { type, conditions, limit: 0, sort: undefined },
    conditions.toSorted(byRank),
    context,
  );
  const seen = snapshot ? [seenIn(snapshot, context)] : [];
  const bounded = most === undefined ? '' : ` limit ${context.bind(most + 1)}::int8`;
  return {
    text: `select count(*)::int8 as total from (select 1 from ${from} where ${[...where, ...seen, 'not r.deleted'].join(' and ')}${bounded}) p`,
    values: context.values,
  };
};
