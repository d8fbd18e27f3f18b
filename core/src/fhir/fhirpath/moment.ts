/** Dates, times and both with the precision that they are written in; refuses days that no calendar has. */

export type MomentKind = 'Date' | 'DateTime' | 'Time';

/** 1 is the year, 2 the month, 3 the day, 4 the hour, 5 the minute, 6 the second with its fraction. */
export type Precision = 1 | 2 | 3 | 4 | 5 | 6;

export interface Moment {
  readonly kind: MomentKind;
  readonly precision: Precision;
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  /** Digits behind the point of the second, as written. */
  readonly fraction: string;
  /** Minutes east of UTC; undefined when none is written. */
  readonly offset: number | undefined;
}

const dayForm = /^(\d{4})(?:-(\d\d)(?:-(\d\d))?)?$/;
const timeForm = /^(\d\d)(?::(\d\d)(?::(\d\d)(?:\.(\d+))?)?)?$/;
const zoneForm = /(?:Z|([+-])(\d\d):(\d\d))$/;

const monthLengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

export const daysInMonth = (year: number, month: number): number => {
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 && leap ? 29 : (monthLengths[month - 1] ?? 0);
};

interface Day {
  readonly precision: 1 | 2 | 3;
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

const parseDay = (text: string): Day | undefined => {
  const parts = dayForm.exec(text);
  if (!parts) return undefined;
  const [, years, months, days] = parts;
  const year = Number(years);
  const month = Number(months ?? 1);
  const day = Number(days ?? 1);
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined;
  if (days !== undefined) return { precision: 3, year, month, day };
  return { precision: months === undefined ? 1 : 2, year, month, day };
};

interface Clock {
  readonly precision: 4 | 5 | 6;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly fraction: string;
}

const parseClock = (text: string): Clock | undefined => {
  const parts = timeForm.exec(text);
  if (!parts) return undefined;
  const [, hours, minutes, seconds, fraction = ''] = parts;
  const hour = Number(hours);
  const minute = Number(minutes ?? 0);
  const second = Number(seconds ?? 0);
  // R4 lets a leap second stand.
  if (hour > 23 || minute > 59 || second > 60) return undefined;
  if (seconds !== undefined) return { precision: 6, hour, minute, second, fraction };
  return { precision: minutes === undefined ? 4 : 5, hour, minute, second, fraction };
};

const noClock = { hour: 0, minute: 0, second: 0, fraction: '' };
const noDay = { year: 0, month: 0, day: 0 };

export const parseDate = (text: string): Moment | undefined => {
  const day = parseDay(text);
  return day && { kind: 'Date', ...noClock, ...day, offset: undefined };
};

export const parseTime = (text: string): Moment | undefined => {
  const clock = parseClock(text.startsWith('T') ? text.slice(1) : text);
  return clock && { kind: 'Time', ...noDay, ...clock, offset: undefined };
};

const parseOffset = (sign: string | undefined, hours: string | undefined, minutes: string | undefined): number =>
  (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * (sign === '-' ? -1 : 1);

export const parseDateTime = (text: string): Moment | undefined => {
  const split = text.indexOf('T');
  const day = parseDay(split === -1 ? text : text.slice(0, split));
  if (!day) return undefined;
  const rest = split === -1 ? '' : text.slice(split + 1);
  if (rest === '') return { kind: 'DateTime', ...noClock, ...day, offset: undefined };
  const zone = zoneForm.exec(rest);
  const clock = parseClock(zone ? rest.slice(0, zone.index) : rest);
  if (!clock || day.precision !== 3) return undefined;
  return { kind: 'DateTime', ...day, ...clock, offset: zone ? parseOffset(zone[1], zone[2], zone[3]) : undefined };
};

const padded = (value: number, length: number): string => String(value).padStart(length, '0');

const dayText = ({ year, month, day, precision }: Moment): string =>
  [padded(year, 4), padded(month, 2), padded(day, 2)].slice(0, Math.min(precision, 3)).join('-');

const clockText = ({ hour, minute, second, fraction, precision }: Moment): string => {
  const text = [padded(hour, 2), padded(minute, 2), padded(second, 2)].slice(0, precision - 3).join(':');
  return precision === 6 && fraction !== '' ? `${text}.${fraction}` : text;
};

const zoneText = (offset: number | undefined): string => {
  if (offset === undefined) return '';
  if (offset === 0) return 'Z';
  const minutes = Math.abs(offset);
  return `${offset < 0 ? '-' : '+'}${padded(Math.floor(minutes / 60), 2)}:${padded(minutes % 60, 2)}`;
};

/** As FHIR writes it: a DateTime of a day alone has no `T`. */
export const momentText = (moment: Moment): string => {
  if (moment.kind === 'Time') return clockText(moment);
  if (moment.precision < 4) return dayText(moment);
  return `${dayText(moment)}T${clockText(moment)}${zoneText(moment.offset)}`;
};

/** Days since 1970-01-01. */
export const dayNumber = (year: number, month: number, day: number): number => {
  // Years begin in March here, so that the leap day is the last one.
  const shifted = month > 2 ? year : year - 1;
  const ofYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const leaps = Math.floor(shifted / 4) - Math.floor(shifted / 100) + Math.floor(shifted / 400);
  return shifted * 365 + leaps + ofYear - 719_468;
};

export const dayOfNumber = (number: number): { year: number; month: number; day: number } => {
  const date = new Date(number * 86_400_000);
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
};

/** The moment of a clock's milliseconds, in UTC. */
export const momentOf = (milliseconds: number): Moment | undefined =>
  parseDateTime(new Date(milliseconds).toISOString());
