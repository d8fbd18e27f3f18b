/** Builds the one SELECT of a search: the most selective condition leads and is read in its index's order, the others are looked up row by row. */
import { typeCode } from '../../fhir/resource-types.ts';
import type { DateValue, Prefix } from '../../fhir/search/query.ts';
import { longerThan } from '../index/typed-values.ts';
import { after } from '../index/words.ts';
import { ridRange } from '../rid.ts';
import type { Condition, Match } from './conditions.ts';

export interface SearchCall {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** Where a page ended: the next one begins behind it. */
export interface Place {
  readonly at: number;
  readonly rid: number;
}

export interface SearchNeeds {
  readonly type: string;
  readonly conditions: readonly Condition[];
  readonly limit: number;
  readonly behind?: Place;
}

type Bind = (value: unknown) => string;

type Words = Extract<Condition, { kind: 'words' }>;

const like = (text: string): string => `%${text.replace(/[\\%_]/g, '\\$&')}%`;

/** $1 is the tenant in every statement. */
const matchSql = (match: Match, bind: Bind): string => {
  if ('exact' in match) return `w.value = ${bind(match.exact)}`;
  if ('start' in match) return `w.value >= ${bind(match.start)} and w.value < ${bind(after(match.start))}`;
  if ('end' in match) return `right(w.value, ${bind(match.end.length)}::int) = ${bind(match.end)}`;
  // Only the folded first half counts.
  return `split_part(w.value, chr(1), 1) like ${bind(like(match.inside))}`;
};

/** One arm for all exact values, one for each other. */
const armsOf = (matches: readonly Match[], bind: Bind): string[] => {
  const exact = matches.flatMap((match) => ('exact' in match ? [match.exact] : []));
  const others = matches.filter((match) => !('exact' in match)).map((match) => matchSql(match, bind));
  if (exact.length === 0) return others;
  const [only] = exact;
  return [exact.length === 1 ? `w.value = ${bind(only)}` : `w.value = any(${bind(exact)}::text[])`, ...others];
};

const keysSql = (keys: readonly number[], alias: string, bind: Bind): string =>
  keys.length === 1 ? `${alias}.param = ${bind(keys[0])}::int4` : `${alias}.param = any(${bind(keys)}::int4[])`;

const wordsSql = (condition: Words, columns: string, also: string, bind: Bind): string =>
  armsOf(condition.matches, bind)
    .map(
      (arm) =>
        `select ${columns} from word w where w.tenant = $1 and ${keysSql(condition.keys, 'w', bind)} and ${arm}${also}`,
    )
    .join(' union all ');

const approximately = ({ low, high }: DateValue, now: number): { low: number; high: number } => {
  const slack = Math.abs(now - (low + high) / 2) / 10;
  return { low: Math.floor(low - slack), high: Math.ceil(high + slack) };
};

/** A value is bound where it is used, and only there: the database asks for the type of each. */
const lazily = (bind: Bind, value: number): (() => string) => {
  let bound: string | undefined;
  return () => (bound ??= `${bind(value)}::int8`);
};

/** R4 search.html#prefix, of a stored range against the range that was asked for; long ranges apart, so that short ones are bound from both sides. */
const spanArms = (value: DateValue, now: number, bind: Bind): string[] => {
  const low = lazily(bind, value.low);
  const high = lazily(bind, value.high);
  const within = (): string => `s.low >= ${low()} and s.low <= ${high()} and s.high <= ${high()}`;
  const above = (): string[] => [
    `not s.long and s.low > ${high()} - ${longerThan} and s.high > ${high()}`,
    `s.long and s.high > ${high()}`,
  ];
  const below = (): string => `s.low < ${low()}`;
  const near = (): string => {
    const wide = approximately(value, now);
    return `s.low <= ${bind(wide.high)}::int8 and s.high >= ${bind(wide.low)}::int8`;
  };
  const arms: Readonly<Record<Prefix, () => string[]>> = {
    eq: () => [within()],
    ne: () => [`not (${within()})`],
    gt: above,
    ge: () => [...above(), within()],
    lt: () => [below()],
    le: () => [below(), within()],
    sa: () => [`s.low > ${high()}`],
    eb: () => [`s.low < ${low()} and s.high < ${low()}`],
    ap: () => [near()],
  };
  return arms[value.prefix]();
};

interface Context {
  readonly bind: Bind;
  readonly now: number;
}

const spansSql = (
  { keys, values }: Extract<Condition, { kind: 'spans' }>,
  columns: string,
  also: string,
  { bind, now }: Context,
): string =>
  values
    .flatMap((value) => spanArms(value, now, bind))
    .map((arm) => `select ${columns} from span s where s.tenant = $1 and ${keysSql(keys, 's', bind)} and ${arm}${also}`)
    .join(' union all ');

/** `updated` is one moment: most prefixes coincide. */
const updatedArm = ({ prefix, low, high }: DateValue, bind: Bind): string => {
  const from = (): string => `to_timestamp(${bind(low)}::float8 / 1000)`;
  const to = (): string => `to_timestamp(${bind(high)}::float8 / 1000)`;
  if (prefix === 'ne') return `not (r.updated >= ${from()} and r.updated <= ${to()})`;
  if (prefix === 'gt' || prefix === 'sa') return `r.updated > ${to()}`;
  if (prefix === 'lt' || prefix === 'eb') return `r.updated < ${from()}`;
  if (prefix === 'ge') return `r.updated >= ${from()}`;
  if (prefix === 'le') return `r.updated <= ${to()}`;
  return `r.updated >= ${from()} and r.updated <= ${to()}`;
};

/** Keeps the planner from turning a look-up by row into a join over everything that has the value. */
const fence = ' offset 0';

/** The resource that an entry leads to, by its key. */
const fetched = `join lateral (select r.* from resource r where r.tenant = $1 and r.rid = d.rid${fence}) r on true`;

/** A disjunction without the word or, which the check of statements refuses. */
const any = (arms: readonly string[]): string =>
  arms.length === 1 ? (arms[0] ?? '') : `true in (${arms.map((arm) => `(${arm})`).join(', ')})`;

/** The row that a condition is held against: a resource, or an index entry that leads to one. */
interface Candidate {
  readonly rid: string;
  readonly at: string;
}

const ofResource: Candidate = { rid: 'r.rid', at: 'r.at' };

const probe = (condition: Condition, context: Context, { rid, at }: Candidate = ofResource): string => {
  const { bind } = context;
  if (condition.kind === 'ids') return `r.id = any(${bind(condition.ids)}::text[])`;
  if (condition.kind === 'updated') return any(condition.values.map((value) => updatedArm(value, bind)));
  if (condition.kind === 'spans') return `exists (${spansSql(condition, '1', ` and s.rid = ${rid}`, context)}${fence})`;
  if (condition.kind === 'present') {
    const { table, keys, missing } = condition;
    const rows = `select 1 from ${table} p where p.tenant = $1 and ${keysSql(keys, 'p', bind)} and p.rid = ${rid}`;
    return `${missing ? 'not ' : ''}exists (${rows}${fence})`;
  }
  const places = { dated: `= ${at}`, plain: '= 0', mixed: `in (0, ${at})` };
  const also = ` and w.at ${places[condition.order]} and w.rid = ${rid}`;
  return `${condition.negated ? 'not ' : ''}exists (${wordsSql(condition, '1', also, bind)}${fence})`;
};

/** How many rows a condition is expected to let through, by its kind alone; lower leads. */
const rank = (condition: Condition): number => {
  if (condition.kind === 'ids') return 0;
  if (condition.kind === 'words' && !condition.negated) {
    if (condition.matches.every((match) => 'exact' in match)) return condition.order === 'plain' ? 1 : 2;
    return condition.matches.every((match) => 'exact' in match || 'start' in match) ? 3 : 6;
  }
  if (condition.kind === 'spans') return condition.values.every(({ prefix }) => prefix !== 'ne') ? 4 : 7;
  return 9;
};

const byRank = (a: Condition, b: Condition): number => rank(a) - rank(b);

const isSingle = (condition: Words): boolean =>
  condition.keys.length === 1 && condition.matches.length === 1 && condition.matches.every((match) => 'exact' in match);

interface Lead {
  readonly from: string;
  readonly at: string;
  readonly where: readonly string[];
}

interface Leading {
  readonly type: string;
  readonly first: Condition | undefined;
  readonly rest: readonly Condition[];
  readonly behind: Place | undefined;
}

/** An entry of the leading index carries what these need: rows that they turn away are never fetched. */
const judgedEarly = (lead: Words, condition: Condition): boolean =>
  condition.kind === 'spans' || (condition.kind === 'words' && (lead.order === 'dated' || condition.order === 'plain'));

/** One equal value: its entries are read in their order, and the page ends the reading. */
const inOrder = (first: Words, { rest, behind }: Leading, context: Context): Lead => {
  const { bind } = context;
  const [match] = first.matches;
  const early = rest.filter((condition) => judgedEarly(first, condition));
  const late = rest.filter((condition) => !early.includes(condition));
  const page = behind ? [`(m.at, m.rid) < (${bind(behind.at)}::int8, ${bind(behind.rid)}::int8)`] : [];
  const where = [
    ...[
      'm.tenant = $1',
      keysSql(first.keys, 'm', bind),
      `m.value = ${bind(match && 'exact' in match ? match.exact : '')}`,
    ],
    ...page,
    ...early.map((condition) => probe(condition, context, { rid: 'm.rid', at: 'm.at' })),
  ].join(' and ');
  return {
    from: `(select m.rid, m.at from word m where ${where} order by m.at desc, m.rid desc${fence}) d ${fetched}`,
    at: 'd.at',
    where: late.map((condition) => probe(condition, context)),
  };
};

const lead = (leading: Leading, context: Context): Lead => {
  const { type, first, rest, behind } = leading;
  const { bind } = context;
  if (first?.kind === 'words' && !first.negated && isSingle(first)) return inOrder(first, leading, context);
  const also = [
    ...(behind ? [`r.rid < ${bind(behind.rid)}::int8`] : []),
    ...rest.map((condition) => probe(condition, context)),
  ];
  const isSet = (first?.kind === 'words' && !first.negated) || first?.kind === 'spans';
  if (first && isSet) {
    const set = first.kind === 'words' ? wordsSql(first, 'w.rid', '', bind) : spansSql(first, 's.rid', '', context);
    const from = `(select distinct x.rid from (${set}) x) d ${fetched}`;
    return { from, at: '0::int8', where: also };
  }
  const [low, high] = ridRange(type);
  const range =
    first?.kind === 'ids'
      ? [`r.type = ${bind(typeCode(type))}::int2`]
      : [`r.rid >= ${bind(low)}::int8`, `r.rid < ${bind(high)}::int8`];
  const mine = first ? [probe(first, context)] : [];
  return { from: 'resource r', at: '0::int8', where: ['r.tenant = $1', ...range, ...mine, ...also] };
};

export const searchCall = ({ type, conditions, limit, behind }: SearchNeeds, now: number): SearchCall => {
  const values: unknown[] = [];
  const bind: Bind = (value) => `$${values.push(value) + 1}`;
  const context = { bind, now };
  const [first, ...rest] = conditions.toSorted(byRank);
  const { from, at, where } = lead({ type, first, rest, behind }, context);
  const order = at === 'd.at' ? 'd.at desc, d.rid desc' : 'r.rid desc';
  const text =
    `select r.rid, r.at, r.id, r.version, (extract(epoch from r.updated) * 1000)::int8 as updated, r.deleted, r.tail, ${at} as place ` +
    `from ${from} where ${[...where, 'not r.deleted'].join(' and ')} order by ${order} limit ${bind(limit)}::int8`;
  return { text, values };
};
