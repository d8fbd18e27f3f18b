/** Conditions on single index entries: what a word or a span must be to match. */
import type { DatePrefix, DateValue, NearValue } from '../../../fhir/search/query.ts';
import { longerThan } from '../../index/typed-values.ts';
import { after } from '../../index/words.ts';
import type { Match, PartTest } from '../match.ts';
import type { Bind, Context } from './bind.ts';

const escaped = (text: string): string => text.replace(/[\\%_]/g, '\\$&');

const testSql = ({ nth, test, text }: PartTest, alias: string, bind: Bind): string => {
  const part = `split_part(${alias}.value, chr(1), ${nth})`;
  const tests: Readonly<Record<PartTest['test'], () => string>> = {
    is: () => `${part} = ${bind(text)}`,
    // Under the collation of the column, which is C, only the letters of ASCII have a case.
    same: () => `lower(${part}) = ${bind(text)}`,
    below: () => `${part} < ${bind(text)}`,
    atLeast: () => `${part} >= ${bind(text)}`,
    has: () => `${part} like ${bind(`%${escaped(text)}%`)}`,
    ends: () => `${part} like ${bind(`%${escaped(text)}`)}`,
  };
  return tests[test]();
};

const boundsSql = (match: Match, alias: string, bind: Bind): string[] => {
  const value = `${alias}.value`;
  if ('exact' in match) return [`${value} = ${bind(match.exact)}`];
  if ('from' in match) return [`${value} >= ${bind(match.from)}`, `${value} < ${bind(match.to)}`];
  return match.start === '' ? [] : [`${value} >= ${bind(match.start)}`, `${value} < ${bind(after(match.start))}`];
};

const matchSql = (match: Match, alias: string, bind: Bind): string =>
  [
    'true',
    ...boundsSql(match, alias, bind),
    ...(match.tests ?? []).map((test) => testSql(test, alias, bind)),
    ...(match.except ?? []).map((other) => `not (${matchSql(other, alias, bind)})`),
  ].join(' and ');

const isExact = (match: Match): match is Extract<Match, { exact: string }> =>
  'exact' in match && !match.tests && !match.except;

/** One arm for all exact values, one for each other; of none, one that finds nothing. */
export const wordArms = (matches: readonly Match[], alias: string, bind: Bind): string[] => {
  const exact = matches.filter(isExact).map((match) => match.exact);
  const others = matches.filter((match) => !isExact(match)).map((match) => matchSql(match, alias, bind));
  if (exact.length === 0) return others.length === 0 ? ['false'] : others;
  const [only] = exact;
  const value = `${alias}.value`;
  return [exact.length === 1 ? `${value} = ${bind(only)}` : `${value} = any(${bind(exact)}::text[])`, ...others];
};

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
export const spanArms = (value: DateValue, s: string, { bind, now }: Context): string[] => {
  const low = lazily(bind, value.low);
  const high = lazily(bind, value.high);
  const within = (): string => `${s}.low >= ${low()} and ${s}.low <= ${high()} and ${s}.high <= ${high()}`;
  const above = (): string[] => [
    `not ${s}.long and ${s}.low > ${high()} - ${longerThan} and ${s}.high > ${high()}`,
    `${s}.long and ${s}.high > ${high()}`,
  ];
  const below = (): string => `${s}.low < ${low()}`;
  const near = (): string => {
    const wide = approximately(value, now);
    return `${s}.low <= ${bind(wide.high)}::int8 and ${s}.high >= ${bind(wide.low)}::int8`;
  };
  const arms: Readonly<Record<DatePrefix, () => string[]>> = {
    eq: () => [within()],
    ne: () => [`not (${within()})`],
    gt: above,
    ge: () => [...above(), within()],
    lt: () => [below()],
    le: () => [below(), within()],
    sa: () => [`${s}.low > ${high()}`],
    eb: () => [`${s}.low < ${low()} and ${s}.high < ${low()}`],
    ap: () => [near()],
    co: () => [`${s}.low <= ${low()} and ${s}.high >= ${high()}`],
    po: () => [`${s}.low <= ${high()} and ${s}.high >= ${low()}`],
  };
  return arms[value.prefix]();
};

/** `updated` is one moment: most prefixes coincide. */
export const updatedArm = ({ prefix, low, high }: DateValue, r: string, bind: Bind): string => {
  const from = (): string => `to_timestamp(${bind(low)}::float8 / 1000)`;
  const to = (): string => `to_timestamp(${bind(high + 1)}::float8 / 1000)`;
  // A moment contains itself and nothing else.
  if (prefix === 'co' && low !== high) return 'false';
  if (prefix === 'ne') return `not (${r}.updated >= ${from()} and ${r}.updated < ${to()})`;
  if (prefix === 'gt' || prefix === 'sa') return `${r}.updated >= ${to()}`;
  if (prefix === 'lt' || prefix === 'eb') return `${r}.updated < ${from()}`;
  if (prefix === 'ge') return `${r}.updated >= ${from()}`;
  if (prefix === 'le') return `${r}.updated < ${to()}`;
  return `${r}.updated >= ${from()} and ${r}.updated < ${to()}`;
};

/** On a sphere of the earth's mean radius. */
const earthKilometres = 6_371.0088;

export const nearArm = ({ latitude, longitude, kilometres }: NearValue, alias: string, bind: Bind): string => {
  const degrees = (nth: number): string => `split_part(${alias}.value, chr(1), ${nth})::float8`;
  const [lat, lon] = [`${bind(latitude)}::float8`, `${bind(longitude)}::float8`];
  const haversine =
    `sin(radians(${degrees(1)} - ${lat}) / 2) ^ 2 + ` +
    `cos(radians(${lat})) * cos(radians(${degrees(1)})) * sin(radians(${degrees(2)} - ${lon}) / 2) ^ 2`;
  return `2 * ${earthKilometres} * asin(least(1, sqrt(${haversine}))) <= ${bind(kilometres)}::float8`;
};
