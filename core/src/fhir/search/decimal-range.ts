/** The numbers that a search value means by the digits it is written with; refuses what is no number. */
import { minus, parseDecimal, plus, type Decimal } from '../decimal.ts';

/** From `low` up to and without `high`. */
export interface DecimalRange {
  readonly low: Decimal;
  readonly high: Decimal;
}

const form = /^[+-]?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;

/** How many places behind the point its last digit stands. */
const lastPlace = (text: string): number | undefined => {
  const [found, whole = '', fraction = '', exponent] = form.exec(text) ?? [];
  if (found === undefined) return undefined;
  const place = fraction.length - Number(exponent ?? 0);
  // R4 search.html#number: "1e2" are the numbers from 95 to 105, not to 150, as one significant figure would say.
  const digits = (whole + fraction).replace(/^0+/, '').length;
  return exponent !== undefined && digits === 1 ? place + 1 : place;
};

/** R4 search.html#number: 100 are the numbers that round to 100, from 99.5 up to 100.5. */
export const implicitRange = (text: string): DecimalRange | undefined => {
  const value = parseDecimal(text);
  const place = lastPlace(text);
  const half = place === undefined ? undefined : parseDecimal(`5e${-place - 1}`);
  return value && half && { low: minus(value, half), high: plus(value, half) };
};

/** R4 search.html#prefix leaves to the server what `ap` is, and recommends a tenth of the value. */
export const approximateRange = ({ digits, scale }: Decimal): DecimalRange => {
  const size = digits < 0n ? -digits : digits;
  return {
    low: { digits: digits * 10n - size, scale: scale + 1 },
    high: { digits: digits * 10n + size, scale: scale + 1 },
  };
};
