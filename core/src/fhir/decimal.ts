/** Decimals with all their digits, as a whole number and how many of its digits stand behind the point; refuses exponents that only an attacker writes. */
import { isWrittenNumber, type WrittenNumber } from './written-number.ts';

export interface Decimal {
  readonly digits: bigint;
  /** 0 or more. */
  readonly scale: number;
}

const mostDigits = 2_000;

const form = /^([+-]?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,5}))?$/;

const tenTo = (power: number): bigint => 10n ** BigInt(power);

const made = (digits: bigint, scale: number): Decimal =>
  scale >= 0 ? { digits, scale } : { digits: digits * tenTo(-scale), scale: 0 };

/** Undefined for what is no number, or one too long to reckon with. */
export const parseDecimal = (text: string): Decimal | undefined => {
  if (text.length > mostDigits) return undefined;
  const parts = form.exec(text);
  if (!parts) return undefined;
  const [, sign, whole = '', fraction = '', exponent = '0'] = parts;
  const scale = fraction.length - Number(exponent);
  if (Math.abs(scale) > mostDigits) return undefined;
  const digits = BigInt(whole + fraction);
  return made(sign === '-' ? -digits : digits, scale);
};

export const decimalOf = (value: number | WrittenNumber): Decimal | undefined =>
  parseDecimal(typeof value === 'number' ? String(value) : value.rawJSON);

export const wholeDecimal = (value: number | bigint): Decimal => ({ digits: BigInt(value), scale: 0 });

/** Of the same value; with a smaller scale, the digits behind it are cut off. */
export const withScale = ({ digits, scale }: Decimal, wanted: number): Decimal => {
  if (wanted === scale) return { digits, scale };
  return wanted > scale
    ? { digits: digits * tenTo(wanted - scale), scale: wanted }
    : { digits: digits / tenTo(scale - wanted), scale: wanted };
};

const aligned = (a: Decimal, b: Decimal): [bigint, bigint, number] => {
  const scale = Math.max(a.scale, b.scale);
  return [withScale(a, scale).digits, withScale(b, scale).digits, scale];
};

export const compareDecimals = (a: Decimal, b: Decimal): number => {
  const [left, right] = aligned(a, b);
  return Number(left > right) - Number(left < right);
};

/** Half away from zero. */
export const roundDecimal = (value: Decimal, places: number): Decimal => {
  if (value.scale <= places) return value;
  const unit = tenTo(value.scale - places);
  const half = value.digits < 0n ? -unit / 2n : unit / 2n;
  return { digits: (value.digits + half) / unit, scale: places };
};

/** Behind this many digits a result is rounded, or a long product would never end. */
const finest = 28;

export const plus = (a: Decimal, b: Decimal): Decimal => {
  const [left, right, scale] = aligned(a, b);
  return { digits: left + right, scale };
};

export const negated = ({ digits, scale }: Decimal): Decimal => ({ digits: -digits, scale });

export const minus = (a: Decimal, b: Decimal): Decimal => plus(a, negated(b));

export const times = (a: Decimal, b: Decimal): Decimal =>
  roundDecimal({ digits: a.digits * b.digits, scale: a.scale + b.scale }, finest);

/** Without the zeros that end its fraction. */
export const shortened = (value: Decimal): Decimal => {
  const { digits, scale } = value;
  if (scale === 0 || digits % 10n !== 0n) return value;
  const zeros = digits === 0n ? scale : Math.min(scale, (/0+$/.exec(digits.toString()) ?? [''])[0].length);
  return withScale(value, scale - zeros);
};

export const isZero = ({ digits }: Decimal): boolean => digits === 0n;

/** Undefined by zero. */
export const dividedBy = (a: Decimal, b: Decimal): Decimal | undefined => {
  if (isZero(b)) return undefined;
  const digits = (a.digits * tenTo(finest + 1 + b.scale)) / b.digits;
  return shortened(roundDecimal({ digits, scale: a.scale + finest + 1 }, finest));
};

/** The whole part of the quotient. */
export const dividedWhole = (a: Decimal, b: Decimal): bigint | undefined => {
  const [left, right] = aligned(a, b);
  return right === 0n ? undefined : left / right;
};

export const remainder = (a: Decimal, b: Decimal): Decimal | undefined => {
  const [left, right, scale] = aligned(a, b);
  return right === 0n ? undefined : { digits: left % right, scale };
};

export const numberOf = (value: Decimal): number => Number(decimalText(value));

export const decimalText = ({ digits, scale }: Decimal): string => {
  if (scale === 0) return digits.toString();
  const text = (digits < 0n ? -digits : digits).toString().padStart(scale + 1, '0');
  return `${digits < 0n ? '-' : ''}${text.slice(0, -scale)}.${text.slice(-scale)}`;
};

/** By value: 1.00 is 1. */
export const sameNumber = (a: number | WrittenNumber, b: number | WrittenNumber): boolean => {
  if (typeof a === 'number' && typeof b === 'number') return a === b;
  const left = decimalOf(a);
  const right = decimalOf(b);
  return left !== undefined && right !== undefined && compareDecimals(left, right) === 0;
};

export const isNumeric = (value: unknown): value is number | WrittenNumber =>
  typeof value === 'number' || isWrittenNumber(value);

const isWritten = (value: number | WrittenNumber): value is WrittenNumber => typeof value !== 'number';

/** One text for all numbers of the same value. */
export const canonicalNumber = (value: number | WrittenNumber): string => {
  const read = decimalOf(value);
  if (read) return decimalText(shortened(read));
  return isWritten(value) ? value.rawJSON : String(value);
};
