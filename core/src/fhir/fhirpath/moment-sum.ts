/** Adds durations to dates and times by the rules of the calendar; refuses units that have no place there. */
import { decimalText, dividedBy, negated, times, wholeDecimal, withScale, type Decimal } from '../decimal.ts';
import type { Quantity } from './item.ts';
import { dayNumber, dayOfNumber, daysInMonth, type Moment } from './moment.ts';

export type TimeUnit = 'year' | 'month' | 'week' | 'day' | 'hour' | 'minute' | 'second' | 'millisecond';

/** UCUM's that are as long as the calendar's. Its year and month are not. */
const ofUcum: Readonly<Record<string, TimeUnit>> = {
  wk: 'week',
  d: 'day',
  h: 'hour',
  min: 'minute',
  s: 'second',
  ms: 'millisecond',
};

const ofCalendar = /^(year|month|week|day|hour|minute|second|millisecond)s?$/;

export const timeUnit = ({ unit, calendar }: Quantity): TimeUnit | undefined => {
  const named = ofCalendar.exec(unit)?.[1] as TimeUnit | undefined;
  if (calendar || named) return named;
  return Object.hasOwn(ofUcum, unit) ? ofUcum[unit] : undefined;
};

/** The precision at which a unit counts. */
const level: Readonly<Record<TimeUnit, number>> = {
  year: 1,
  month: 2,
  week: 3,
  day: 3,
  hour: 4,
  minute: 5,
  second: 6,
  millisecond: 6,
};

const finestOf: readonly (TimeUnit | undefined)[] = [undefined, 'year', 'month', 'day', 'hour', 'minute', 'second'];

/** In milliseconds; of years and months as N1 counts them where no calendar tells. */
const length: Readonly<Record<TimeUnit, number>> = {
  year: 365 * 86_400_000,
  month: 30 * 86_400_000,
  week: 7 * 86_400_000,
  day: 86_400_000,
  hour: 3_600_000,
  minute: 60_000,
  second: 1_000,
  millisecond: 1,
};

const whole = (value: Decimal): number => Number(withScale(value, 0).digits);

/** A duration finer than the moment is first written in the moment's finest unit, without its fraction. */
const coarsened = (value: Decimal, from: TimeUnit, to: TimeUnit): number => {
  if (from === 'month' && to === 'year') return Math.trunc(whole(value) / 12);
  const ratio = dividedBy(times(value, wholeDecimal(length[from])), wholeDecimal(length[to]));
  return ratio ? whole(ratio) : 0;
};

const inRange = (year: number): boolean => year >= 1 && year <= 9_999;

const withMonths = (moment: Moment, months: number): Moment | undefined => {
  const count = moment.year * 12 + moment.month - 1 + months;
  const year = Math.floor(count / 12);
  const month = (count % 12) + 1;
  if (!inRange(year)) return undefined;
  return { ...moment, year, month, day: Math.min(moment.day, daysInMonth(year, month)) };
};

const withDays = (moment: Moment, days: number): Moment | undefined => {
  const number = dayNumber(moment.year, moment.month, moment.day) + days;
  if (!Number.isFinite(number) || Math.abs(number) > 4_000_000) return undefined;
  const day = dayOfNumber(number);
  return inRange(day.year) ? { ...moment, ...day } : undefined;
};

const perDay = 86_400_000_000_000n;

const nanosecondsOf = ({ hour, minute, second, fraction }: Moment): bigint =>
  BigInt((hour * 60 + minute) * 60 + second) * 1_000_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, '0'));

const floorDivided = (a: bigint, b: bigint): bigint => (a % b < 0n ? a / b - 1n : a / b);

const withNanoseconds = (moment: Moment, added: bigint): Moment | undefined => {
  const sum = nanosecondsOf(moment) + added;
  const days = floorDivided(sum, perDay);
  const rest = sum - days * perDay;
  const digits = String(rest % 1_000_000_000n).padStart(9, '0');
  const needed = added % 1_000_000_000n === 0n ? 0 : Math.max(3, digits.replace(/0+$/, '').length);
  const clock = {
    hour: Number(rest / 3_600_000_000_000n),
    minute: Number((rest / 60_000_000_000n) % 60n),
    second: Number((rest / 1_000_000_000n) % 60n),
    fraction: digits.slice(0, Math.max(needed, Math.min(moment.fraction.length, 9))),
  };
  // A time of day goes round.
  return moment.kind === 'Time' ? { ...moment, ...clock } : withDays({ ...moment, ...clock }, Number(days));
};

const clockSum = (moment: Moment, value: Decimal, unit: TimeUnit): Moment | undefined => {
  const exact = unit === 'second' || unit === 'millisecond' ? value : withScale(value, 0);
  return withNanoseconds(moment, withScale(times(exact, wholeDecimal(length[unit] * 1_000_000)), 0).digits);
};

const longest = 30;

const sumIn = (moment: Moment, value: Decimal, unit: TimeUnit): Moment | undefined => {
  if (decimalText(value).length > longest) return undefined;
  const finest = finestOf[moment.precision];
  if (finest !== undefined && level[unit] > moment.precision)
    return sumIn(moment, wholeDecimal(coarsened(value, unit, finest)), finest);
  if (unit === 'year') return withMonths(moment, whole(value) * 12);
  if (unit === 'month') return withMonths(moment, whole(value));
  if (unit === 'week') return withDays(moment, whole(value) * 7);
  if (unit === 'day') return withDays(moment, whole(value));
  return clockSum(moment, value, unit);
};

/** May a duration of this unit be added to a moment of this kind? */
export const fitsUnit = (moment: Moment, unit: TimeUnit): boolean =>
  moment.kind === 'Time' ? level[unit] > 3 : moment.kind === 'DateTime' || level[unit] <= 3;

/** Undefined outside the years 1 to 9999. */
export const momentSum = (moment: Moment, quantity: Quantity, unit: TimeUnit, subtract: boolean): Moment | undefined =>
  sumIn(moment, subtract ? negated(quantity.value) : quantity.value, unit);

/** The lengths that the calendar and UCUM share, in milliseconds. */
export const millisecondsOf = (unit: TimeUnit): number => length[unit];
