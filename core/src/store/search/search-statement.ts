/** Builds the one SELECT of a search: the most selective condition leads and is read in its index's order, the others are looked up row by row. */
import { typeCode } from '../../fhir/resource-types.ts';
import type { DateValue } from '../../fhir/search/query.ts';
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

/** R4 search.html#prefix, of a stored range against the range that was asked for; long ranges apart, so that short ones are bound from both sides. */
const spanArms = (value: DateValue, now: number, bind: Bind): string[] => {
  const { prefix } = value;
  const low = bind(value.low);
  const high = bind(value.high);
  const within = `s.low >= ${low}::int8 and s.low <= ${high}::int8 and s.high <= ${high}::int8`;
  const above = [
    `not s.long and s.low > ${high}::int8 - ${longerThan} and s.high > ${high}::int8`,
    `s.long and s.high > ${high}::int8`,
  ];
  const below = `s.low < ${low}::int8`;
  if (prefix === 'eq') return [within];
  if (prefix === 'ne') return [`not (${within})`];
  if (prefix === 'gt') return above;
  if (prefix === 'ge') return [...above, within];
  if (prefix === 'lt') return [below];
  if (prefix === 'le') return [below, within];
  if (prefix === 'sa') return [`s.low > ${high}::int8`];
  if (prefix === 'eb') return [`s.low < ${low}::int8 and s.high < ${low}::int8`];
  const wide = approximately(value, now);
  return [`s.low <= ${bind(wide.high)}::int8 and s.high >= ${bind(wide.low)}::int8`];
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

const instant = (milliseconds: string): string => `to_timestamp(${milliseconds}::float8 / 1000)`;

/** `updated` is one moment: most prefixes coincide. */
const updatedArm = ({ prefix, low, high }: DateValue, bind: Bind): string => {
  const from = instant(bind(low));
  const to = instant(bind(high));
  if (prefix === 'ne') return `not (r.updated >= ${from} and r.updated <= ${to})`;
  if (prefix === 'gt' || prefix === 'sa') return `r.updated > ${to}`;
  if (prefix === 'lt' || prefix === 'eb') return `r.updated < ${from}`;
  if (prefix === 'ge') return `r.updated >= ${from}`;
  if (prefix === 'le') return `r.updated <= ${to}`;
  return `r.updated >= ${from} and r.updated <= ${to}`;
};

/** A disjunction without the word or, which the check of statements refuses. */
const any = (arms: readonly string[]): string =>
  arms.length === 1 ? (arms[0] ?? '') : `true in (${arms.map((arm) => `(${arm})`).join(', ')})`;

const probe = (condition: Condition, context: Context): string => {
  const { bind } = context;
  if (condition.kind === 'ids') return `r.id = any(${bind(condition.ids)}::text[])`;
  if (condition.kind === 'updated') return any(condition.values.map((value) => updatedArm(value, bind)));
  if (condition.kind === 'spans') return `exists (${spansSql(condition, '1', ' and s.rid = r.rid', context)})`;
  if (condition.kind === 'present') {
    const { table, keys, missing } = condition;
    const rows = `select 1 from ${table} p where p.tenant = $1 and ${keysSql(keys, 'p', bind)} and p.rid = r.rid`;
    return `${missing ? 'not ' : ''}exists (${rows})`;
  }
  const at = condition.ordered ? 'r.at' : '0';
  return `${condition.negated ? 'not ' : ''}exists (${wordsSql(condition, '1', ` and w.at = ${at} and w.rid = r.rid`, bind)})`;
};

/** How many rows a condition is expected to let through, by its kind alone; lower leads. */
const rank = (condition: Condition): number => {
  if (condition.kind === 'ids') return 0;
  if (condition.kind === 'words' && !condition.negated) {
    if (condition.matches.every((match) => 'exact' in match)) return condition.ordered ? 2 : 1;
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

const lead = (type: string, first: Condition | undefined, behind: Place | undefined, context: Context): Lead => {
  const { bind } = context;
  const join = `join resource r on r.tenant = $1 and r.rid = d.rid`;
  const ridBehind = behind ? [`r.rid < ${bind(behind.rid)}::int8`] : [];
  if (first?.kind === 'words' && !first.negated && isSingle(first)) {
    const page = behind ? ` and (w.at, w.rid) < (${bind(behind.at)}::int8, ${bind(behind.rid)}::int8)` : '';
    return { from: `(${wordsSql(first, 'w.rid, w.at', page, bind)}) d ${join}`, at: 'd.at', where: [] };
  }
  if (first?.kind === 'words' && !first.negated)
    return {
      from: `(select distinct x.rid from (${wordsSql(first, 'w.rid', '', bind)}) x) d ${join}`,
      at: '0::int8',
      where: ridBehind,
    };
  if (first?.kind === 'spans')
    return {
      from: `(select distinct x.rid from (${spansSql(first, 's.rid', '', context)}) x) d ${join}`,
      at: '0::int8',
      where: ridBehind,
    };
  const [low, high] = ridRange(type);
  const range =
    first?.kind === 'ids'
      ? [`r.type = ${bind(typeCode(type))}::int2`, probe(first, context)]
      : [`r.rid >= ${bind(low)}::int8`, `r.rid < ${bind(high)}::int8`, ...(first ? [probe(first, context)] : [])];
  return { from: 'resource r', at: '0::int8', where: ['r.tenant = $1', ...range, ...ridBehind] };
};

export const searchCall = ({ type, conditions, limit, behind }: SearchNeeds, now: number): SearchCall => {
  const values: unknown[] = [];
  const bind: Bind = (value) => `$${values.push(value) + 1}`;
  const context = { bind, now };
  const [first, ...rest] = conditions.toSorted(byRank);
  const { from, at, where } = lead(type, first, behind, context);
  const conjunction = [...where, 'not r.deleted', ...rest.map((condition) => probe(condition, context))].join(' and ');
  const order = at === 'd.at' ? 'd.at desc, r.rid desc' : 'r.rid desc';
  const text =
    `select r.rid, r.at, r.id, r.version, (extract(epoch from r.updated) * 1000)::int8 as updated, r.deleted, r.tail, ${at} as place ` +
    `from ${from} where ${conjunction} order by ${order} limit ${bind(limit)}::int8`;
  return { text, values };
};
