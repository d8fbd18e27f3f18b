/** Builds the one SELECT of a search: the most selective condition leads, the others are looked up row by row, and the page is cut in the order that was asked for. */
import type { Condition } from './conditions.ts';
import type { Match } from './match.ts';
import { fence, keysSql, openContext, type Context } from './sql/bind.ts';
import { behindSql, keySql, orderSql, type Place, type SortKey } from './sql/order.ts';
import { probeOf, type Candidate } from './sql/probe.ts';
import { canLead, rankOf } from './sql/rank.ts';
import { setOf } from './sql/set.ts';
import { columns, ofType, walkOf, type Walk } from './sql/walk.ts';

export type { Place, SortKey };

export interface SearchCall {
  readonly text: string;
  readonly values: readonly unknown[];
  /** Reads a page of what one patient or identifier has: too little for anybody to wait behind. */
  readonly quick?: boolean;
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
  /** Above so many rows the leading condition is no guide. */
  readonly mostLed?: number;
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

const fetched = `join lateral (select ${columns} from resource r where r.tenant = $1 and r.rid = d.rid${fence}) r on true`;

const tested = (type: string, conditions: readonly Condition[], context: Context): string[] =>
  conditions.map((condition) => probeOf(type, condition, { rid: 'r.rid', at: 'r.at', row: 'r' }, context));

/** One equal value: its entries are read in their order, and the page ends the reading. */
const inOrder = (
  first: Words,
  value: string,
  { type, behind, limit }: SearchNeeds,
  rest: readonly Condition[],
  also: readonly string[],
  context: Context,
): string => {
  const { bind } = context;
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
  const tests = [...tested(type, late, context), ...also, 'not r.deleted'].join(' and ');
  return (
    // The row id is the entry's: by it the planner sees that the rows stand in order already.
    `select ${columns.replace('r.rid', 'd.rid')}, d.at as k0 from (select m.rid, m.at from word m where ${where} order by m.at desc, m.rid desc${fence}) d ${fetched} ` +
    `where ${tests} order by d.at desc, d.rid desc limit ${bind(limit)}::int8`
  );
};

/** The latest first by the resource's own date is the order in which the entries of a dated parameter stand. */
const isOwnOrder = ({ order }: Words, sort: readonly SortKey[]): boolean =>
  order === 'dated' && sort.length === 1 && sort[0]?.by === 'at';

const byRank = (a: Condition, b: Condition): number => rankOf(a) - rankOf(b);

/** Of a set of rows: without an order they are fetched one by one until the page is full, with one all of them are. */
const ofSet = (
  { type, sort: keys = [], behind, limit }: SearchNeeds,
  set: string,
  rest: readonly Condition[],
  also: readonly string[],
  context: Context,
): string => {
  const { bind } = context;
  const tests = [...tested(type, rest, context), ...also, 'not r.deleted'].join(' and ');
  if (keys.length === 0) {
    const page = behind ? ` where x.rid < ${bind(behind.rid)}::int8` : '';
    const rids = `(select distinct x.rid from (${set}) x${page} order by x.rid desc${fence}) d`;
    return `select ${columns} from ${rids} ${fetched} where ${tests} order by d.rid desc limit ${bind(limit)}::int8`;
  }
  const read = keys.map((key, place) => `, ${keySql(key, context)} as k${place}`).join('');
  const rows = `select ${columns}${read} from (select distinct x.rid from (${set}) x) d ${fetched} where ${tests}${fence}`;
  const page = behind ? ` where ${behindSql(keys, behind, context)}` : '';
  return `select * from (${rows}) p${page} order by ${orderSql(keys)} limit ${bind(limit)}::int8`;
};

/** Sorting so many rows takes about as long as trying as many in the order of the page. */
const usuallyLed = 2_000;

/** A select of rows with the keys that a page ends by. */
interface Rows {
  readonly text: string;
  readonly keys: number;
  readonly order: string;
  readonly before?: string;
  readonly quick?: boolean;
  readonly inDates?: boolean;
}

/** One behind the other, and no further than the page: what comes first fills it first. */
const oneByOne = (selects: readonly string[], limit: number, { bind }: Context): string =>
  selects.length === 1
    ? (selects[0] ?? '')
    : `select * from (${selects.map((each) => `(${each})`).join(' union all ')}) u limit ${bind(limit)}::int8`;

/**
 * How many a condition lets through is known to nobody before it is asked. So it is: of a few rows the best are taken, and
 * instead of many the order itself is walked. The part that is not meant ends before it begins.
 */
const adaptive = (
  needs: SearchNeeds,
  [first, ...rest]: readonly [Condition, ...Condition[]],
  walk: Walk,
  also: readonly string[],
  context: Context,
): Pick<Rows, 'text' | 'before'> => {
  const { type, limit, mostLed = usuallyLed } = needs;
  const gate = (sign: '<=' | '>'): string => `(select z.n from size z) ${sign} ${mostLed}`;
  const few = ofSet(needs, 'select s.rid from small s', rest, [...also, gate('<=')], context);
  const many = walk([...tested(type, [first, ...rest], context), ...also], gate('>'));
  return {
    before:
      `with small as materialized (select x.rid from (${setOf(type, first, context)}) x limit ${mostLed + 1}), ` +
      `size as materialized (select count(*) as n from small s) `,
    text: oneByOne([few, ...many], limit, context),
  };
};

/** A longer page would hold up what waits behind it. */
const quickLimit = 101;

/** What is looked up at once for each row. */
const quickKinds = new Set<Condition['kind']>(['ids', 'updated', 'words', 'spans', 'present', 'element']);

const rowsOf = (needs: SearchNeeds, context: Context): Rows => {
  const { type, sort, snapshot, limit } = needs;
  const sorted = needs.conditions.toSorted(byRank);
  const [first, ...rest] = sorted;
  const seen = snapshot ? [seenIn(snapshot, context)] : [];
  const isOrdered = first?.kind === 'words' && (!sort || (!needs.sorts && isOwnOrder(first, sort)));
  const led = isOrdered ? exactOf(first) : undefined;
  if (first?.kind === 'words' && led !== undefined)
    return {
      ...{ text: inOrder(first, led, needs, rest, seen, context), keys: 1, order: 'p.k0 desc, p.rid desc' },
      quick: first.narrow === true && limit <= quickLimit && rest.every(({ kind }) => quickKinds.has(kind)),
      inDates: sort !== undefined,
    };
  const known = { keys: sort?.length ?? 0, order: sort ? orderSql(sort) : 'p.rid desc' };
  const walk = walkOf(needs, context);
  if (first && canLead(first)) {
    if (walk) return { ...known, ...adaptive(needs, [first, ...rest], walk, seen, context) };
    return { ...known, text: ofSet(needs, setOf(type, first, context), rest, seen, context) };
  }
  if (walk) return { ...known, text: oneByOne(walk([...tested(type, sorted, context), ...seen]), limit, context) };
  const all = `select r.rid from resource r where ${ofType(type, context).join(' and ')}`;
  return { ...known, text: ofSet(needs, all, sorted, seen, context) };
};

const head = `rid, at, id, version, (extract(epoch from updated) * 1000)::int8 as updated, deleted, tail`;

export const searchCall = (needs: SearchNeeds, now: number): SearchCall => {
  const context = openContext(now);
  const { text, keys, order, before = '', quick = false, inDates = false } = rowsOf(needs, context);
  const texts = Array.from({ length: keys }, (_, place) => `, p.k${place}::text as k${place}`).join('');
  return {
    text: `${before}select ${head}${texts}, pg_current_snapshot()::text as snapshot from (${text}) p order by ${order}`,
    ...{ values: context.values, quick, inDates },
  };
};

/** Entries are those of living resources: rows are read only where something asks for them. */
const ridsOf = (type: string, conditions: readonly Condition[], context: Context): string => {
  const [first, ...rest] = conditions.toSorted(byRank);
  if (!first || !canLead(first)) {
    const where = [...ofType(type, context), ...tested(type, conditions, context)].join(' and ');
    return `select r.rid from resource r where ${where}`;
  }
  const probes = (candidate: Candidate): string =>
    ['true', ...rest.map((each) => probeOf(type, each, candidate, context))].join(' and ');
  const value = first.kind === 'words' ? exactOf(first) : undefined;
  if (first.kind !== 'words' || value === undefined)
    return `select d.rid from (select distinct x.rid from (${setOf(type, first, context)}) x) d where ${probes({ rid: 'd.rid' })}`;
  const candidate = first.order === 'dated' ? { rid: 'm.rid', at: 'm.at' } : { rid: 'm.rid' };
  return (
    `select m.rid from word m where m.tenant = $1 and ${keysSql(first.keys, 'm', context.bind)} ` +
    `and m.value = ${context.bind(value)} and ${probes(candidate)}`
  );
};

/** How many there are, at most `most` and one. */
export const countCall = (
  { type, conditions, snapshot }: Pick<SearchNeeds, 'type' | 'conditions' | 'snapshot'>,
  most: number | undefined,
  now: number,
): SearchCall => {
  const context = openContext(now);
  const rids = ridsOf(type, conditions, context);
  const seen = snapshot ? `${fetched} where ${seenIn(snapshot, context)}` : '';
  const bounded = most === undefined ? '' : ` limit ${context.bind(most + 1)}::int8`;
  return {
    text: `select count(*)::int8 as total from (select 1 from (${rids}) d ${seen}${bounded}) p`,
    values: context.values,
  };
};
