/** Orders dates and times by the precision that both have; says nothing when the finer parts of only one are known. */
import { dayNumber, type Moment } from './moment.ts';

/** Undefined when only knowing more could tell. */
export type Order = -1 | 0 | 1 | undefined;

const sign = (difference: number): -1 | 0 | 1 => {
  if (difference === 0) return 0;
  return difference < 0 ? -1 : 1;
};

const minutesOf = ({ year, month, day, hour, minute }: Moment): number =>
  dayNumber(year, month, day) * 1_440 + hour * 60 + minute;

const seconds = ({ second, fraction }: Moment): string =>
  `${String(second).padStart(2, '0')}${fraction.replace(/0+$/, '')}`;

/** Digits after digits: as texts they are in the order of their values. */
const bySeconds = (a: Moment, b: Moment): -1 | 0 | 1 => {
  const left = seconds(a);
  const right = seconds(b);
  if (left === right) return 0;
  return left < right ? -1 : 1;
};

const fields = ['year', 'month', 'day', 'hour', 'minute'] as const;

/** Part by part, from the coarsest to the finest that both have. */
const byParts = (a: Moment, b: Moment): Order => {
  const shared = Math.min(a.precision, b.precision);
  for (let part = a.kind === 'Time' ? 3 : 0; part < Math.min(shared, 5); part++) {
    const field = fields[part] as (typeof fields)[number];
    if (a[field] !== b[field]) return sign(a[field] - b[field]);
  }
  if (shared === 6) return bySeconds(a, b);
  return a.precision === b.precision ? 0 : undefined;
};

/** Both have a time and a zone. */
const byInstant = (a: Moment, b: Moment): Order => {
  const precision = Math.min(a.precision, b.precision);
  const unit = precision === 4 ? 60 : 1;
  const [left, right] = [a, b].map((moment) => Math.floor((minutesOf(moment) - (moment.offset ?? 0)) / unit)) as [
    number,
    number,
  ];
  if (left !== right) return sign(left - right);
  if (precision === 6) return bySeconds(a, b);
  return a.precision === b.precision ? 0 : undefined;
};

/** The zones of the world reach from 12 hours west to 14 hours east. */
const west = -12 * 60;
const east = 14 * 60;

/** Only `a` has a zone: `b` could stand in any. */
const withoutZone = (a: Moment, b: Moment): Order => {
  const instant = minutesOf(a) - (a.offset ?? 0);
  const local = minutesOf(b);
  if (instant < local - east) return -1;
  return instant > local - west + 1 ? 1 : undefined;
};

const reversed = (order: Order): Order => (order === undefined ? undefined : sign(-order));

/** Of two times, or of two that are dates or both. */
export const orderMoments = (a: Moment, b: Moment): Order => {
  if (a.kind === 'Time' || a.precision < 4 || b.precision < 4) return byParts(a, b);
  if (a.offset !== undefined && b.offset !== undefined) return byInstant(a, b);
  if (a.offset !== undefined) return withoutZone(a, b);
  return b.offset === undefined ? byParts(a, b) : reversed(withoutZone(b, a));
};

export const comparableKinds = (a: Moment, b: Moment): boolean => (a.kind === 'Time') === (b.kind === 'Time');
