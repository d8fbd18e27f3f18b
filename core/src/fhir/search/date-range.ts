/** Reads R4's dates, instants and times of any precision as ranges of milliseconds; dates without a zone are taken as UTC, never as the server's own. */

/** Both ends belong to it. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

/** What a Date of JavaScript can hold: an open end of a Period. */
export const beginning = -8_640_000_000_000_000;
export const end = 8_640_000_000_000_000;

const pattern = /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9})\d*)?)?(Z|[+-]\d\d:\d\d)?)?)?)?$/;

const daysIn = (year: number, month: number): number => new Date(Date.UTC(year, month, 0)).getUTCDate();

/** Date.UTC takes years below 100 for the 1900s. */
const utc = (year: number, ...rest: number[]): number => {
  const [month = 0, day = 1, hour = 0, minute = 0, second = 0, millisecond = 0] = rest;
  const date = new Date(Date.UTC(2000, month, day, hour, minute, second, millisecond));
  return year >= 100
    ? Date.UTC(year, month, day, hour, minute, second, millisecond)
    : date.setUTCFullYear(year, month, day);
};

/** R4 datatypes.html#dateTime: zones go from -14:00 to +14:00. */
const isZone = (zone: string | undefined): boolean => {
  if (zone === undefined || zone === 'Z') return true;
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(4, 6))];
  return hours < 14 ? minutes < 60 : hours === 14 && minutes === 0;
};

const offsetOf = (zone: string | undefined): number => {
  if (zone === undefined || zone === 'Z') return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4, 6));
  return (zone.startsWith('-') ? -minutes : minutes) * 60_000;
};

/** Undefined for what is not a date of R4. */
export const dateRange = (text: string): Range | undefined => {
  const match = pattern.exec(text);
  if (!match) return undefined;
  const [, y, mo, d, h, mi, s, fraction, zone] = match;
  const year = Number(y);
  if (year === 0 || !isZone(zone)) return undefined;
  if (mo === undefined) return { low: utc(year), high: utc(year + 1) - 1 };
  const month = Number(mo);
  if (month < 1 || month > 12) return undefined;
  if (d === undefined) return { low: utc(year, month - 1), high: utc(year, month) - 1 };
  const day = Number(d);
  if (day < 1 || day > daysIn(year, month)) return undefined;
  if (h === undefined) return { low: utc(year, month - 1, day), high: utc(year, month - 1, day + 1) - 1 };
  const [hour, minute, second] = [Number(h), Number(mi), Number(s ?? 0)];
  // 60 is a leap second.
  if (hour > 23 || minute > 59 || second > 60) return undefined;
  const from = utc(year, month - 1, day, hour, minute, second) - offsetOf(zone);
  if (s === undefined) return { low: from, high: from + 59_999 };
  if (fraction === undefined) return { low: from, high: from + 999 };
  const width = 10 ** Math.max(0, 3 - fraction.length);
  const low = from + Number(fraction.slice(0, 3).padEnd(3, '0'));
  return { low, high: low + width - 1 };
};
