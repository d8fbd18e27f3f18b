/** Brings two quantities to one unit; without a unit table of its own beyond time, it asks the one it is given. */
import { compareDecimals, times, wholeDecimal, type Decimal } from '../decimal.ts';
import type { Quantity } from './item.ts';
import { millisecondsOf, timeUnit } from './moment-sum.ts';

/** Undefined when the units have no common dimension, or are unknown. Codes are UCUM's. */
export type Convert = (value: Decimal, from: string, to: string) => Decimal | undefined;

/** Two values in one unit. */
export interface Common {
  readonly left: Decimal;
  readonly right: Decimal;
  readonly unit: string;
  readonly calendar: boolean;
}

/** UCUM's year of 365.25 days, and the twelfth of it. */
const definite: Readonly<Record<string, number>> = { a: 31_557_600_000, mo: 2_629_800_000 };

const isYearOrMonth = (unit: string | undefined): boolean => unit === 'year' || unit === 'month';

/** In milliseconds, and whether the calendar decides how long it really is. */
const lengthOf = (quantity: Quantity): { length: number; vague: boolean; ucum: boolean } | undefined => {
  const { unit, calendar } = quantity;
  if (!calendar && Object.hasOwn(definite, unit)) return { length: definite[unit] ?? 0, vague: false, ucum: true };
  const named = timeUnit(quantity);
  return named && { length: millisecondsOf(named), vague: isYearOrMonth(named), ucum: !calendar };
};

const months = ({ value, unit }: Quantity): Decimal => (unit === 'year' ? times(value, wholeDecimal(12)) : value);

const commonTime = (a: Quantity, b: Quantity): Common | undefined => {
  const left = lengthOf(a);
  const right = lengthOf(b);
  if (!left || !right) return undefined;
  // N1: a year of the calendar and one of UCUM are not known to be equal.
  if ((left.vague && right.ucum) || (right.vague && left.ucum)) return undefined;
  if (left.vague && right.vague) return { left: months(a), right: months(b), unit: 'month', calendar: true };
  return {
    left: times(a.value, wholeDecimal(left.length)),
    right: times(b.value, wholeDecimal(right.length)),
    unit: 'millisecond',
    calendar: true,
  };
};

const isTime = (quantity: Quantity): boolean => lengthOf(quantity) !== undefined;

const one = wholeDecimal(1);

/** In the finer of the two units. */
const converted = (a: Quantity, b: Quantity, convert: Convert): Common | undefined => {
  const ratio = convert(one, a.unit, b.unit);
  if (!ratio) return undefined;
  if (compareDecimals(ratio, one) >= 0) {
    const left = convert(a.value, a.unit, b.unit);
    return left && { left, right: b.value, unit: b.unit, calendar: false };
  }
  const right = convert(b.value, b.unit, a.unit);
  return right && { left: a.value, right, unit: a.unit, calendar: false };
};

/** Undefined when nobody can tell. */
export const commonUnit = (a: Quantity, b: Quantity, convert: Convert | undefined): Common | undefined => {
  if (a.unit === b.unit && a.calendar === b.calendar)
    return { left: a.value, right: b.value, unit: a.unit, calendar: a.calendar };
  if (isTime(a) && isTime(b)) return commonTime(a, b);
  if (a.calendar || b.calendar || !convert) return undefined;
  return converted(a, b, convert);
};

const nominal: Readonly<Record<string, string>> = { a: 'year', mo: 'month' };

/** N1: for equivalence, a year is a year. */
export const nominalUnit = (quantity: Quantity): Quantity =>
  !quantity.calendar && Object.hasOwn(nominal, quantity.unit)
    ? { ...quantity, unit: nominal[quantity.unit] ?? '', calendar: true }
    : quantity;

export const unitProduct = (a: string, b: string): string | undefined => {
  if (a === '1') return b;
  if (b === '1') return a;
  if (a === b && /^[A-Za-z%[\]]+$/.test(a)) return `${a}2`;
  return /^[\w%[\].]+$/.test(a) && /^[\w%[\].]+$/.test(b) ? `${a}.${b}` : undefined;
};

export const unitQuotient = (a: string, b: string): string | undefined => {
  if (b === '1') return a;
  if (a === b) return '1';
  return /^[\w%[\].]+$/.test(a) && /^[A-Za-z%[\]]+\d?$/.test(b) ? `${a}/${b}` : undefined;
};
