/** FHIRPath's functions on numbers: exact where decimals can be, by floating point where roots and logarithms cannot. */
import {
  compareDecimals,
  decimalText,
  isZero,
  negated,
  numberOf,
  parseDecimal,
  plus,
  roundDecimal,
  times,
  wholeDecimal,
  withScale,
  type Decimal,
} from '../../decimal.ts';
import { integers } from '../arithmetic.ts';
import { asQuantity } from '../equality.ts';
import { evaluationFault, type Column } from '../faults.ts';
import { decimalItem, none, quantityItem, type Items } from '../item.ts';
import { argument, type Builtin, type Builtins, type Code, type Step } from '../run.ts';
import { decimalFrom, integerOf, oneValue } from '../singles.ts';

const one = wholeDecimal(1);
const nothing = wholeDecimal(0);

/** Of a result of floating point, without the noise of its last digits. */
const fromNumber = (value: number): Items => {
  const read = Number.isFinite(value) ? parseDecimal(String(Number(value.toPrecision(15)))) : undefined;
  return read ? [decimalItem(read)] : none;
};

const onDecimal = (read: (value: Decimal) => Items): Builtin => ({
  least: 0,
  most: 0,
  make: (_, column) => (__, input) => {
    const value = decimalFrom(input, column);
    return value ? read(value) : none;
  },
});

const truncated = (value: Decimal): Decimal => withScale(value, 0);

const floor = (value: Decimal): Decimal => {
  const whole = truncated(value);
  return compareDecimals(whole, value) > 0 ? plus(whole, negated(one)) : whole;
};

const ceiling = (value: Decimal): Decimal => negated(floor(negated(value)));

const absolute = (value: Decimal): Decimal => (value.digits < 0n ? negated(value) : value);

const abs =
  (_: readonly Code[], column: Column): Step =>
  (__, input) => {
    const item = oneValue(input, column);
    if (!item) return none;
    if (item.type === 'System.Integer') return integers(Math.abs(item.value as number));
    const quantity = asQuantity(item);
    if (!quantity) throw evaluationFault(column, 'a number or a quantity is wanted here');
    const value = absolute(quantity.value);
    return item.type === 'System.Decimal' ? [decimalItem(value)] : [quantityItem({ ...quantity, value })];
  };

const mostPlaces = 28;

const round =
  (args: readonly Code[], column: Column): Step =>
  (run, input) => {
    const value = decimalFrom(input, column);
    const places = args[0] ? integerOf(args[0](run), column) : 0;
    if (!value || places === undefined) return none;
    if (places < 0 || places > mostPlaces)
      throw evaluationFault(column, `round() takes from 0 to ${mostPlaces} decimal places`);
    return [decimalItem(roundDecimal(value, places))];
  };

/** By squaring; an exponent beyond this leaves the range of decimals but for bases near 1. */
const mostExact = 128;

const wholePower = (base: Decimal, exponent: number): Decimal => {
  let result = one;
  for (let square = base, rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = times(result, square);
    if (rest > 1) square = times(square, square);
  }
  return result;
};

const power =
  (args: readonly Code[], column: Column): Step =>
  (run, input) => {
    const base = oneValue(input, column);
    const exponent = oneValue(argument(args, 0)(run), column);
    const [value, raised] = [decimalFrom(input, column), exponent && decimalFrom([exponent], column)];
    if (!value || !raised) return none;
    const whole = numberOf(raised);
    const integral = base?.type === 'System.Integer' && exponent?.type === 'System.Integer';
    if (!Number.isInteger(whole) || whole < 0 || whole > mostExact || absolute(value).digits > 10n ** 40n) {
      const rough = numberOf(value) ** whole;
      return integral && Number.isInteger(rough) ? integers(rough) : fromNumber(rough);
    }
    const result = wholePower(value, whole);
    if (integral) return integers(result.digits);
    return decimalText(result).length > 60 ? fromNumber(numberOf(result)) : [decimalItem(result)];
  };

const log =
  (args: readonly Code[], column: Column): Step =>
  (run, input) => {
    const value = decimalFrom(input, column);
    const base = decimalFrom(argument(args, 0)(run), column);
    if (!value || !base || compareDecimals(value, nothing) <= 0 || compareDecimals(base, nothing) <= 0) return none;
    return fromNumber(Math.log(numberOf(value)) / Math.log(numberOf(base)));
  };

export const math: Builtins = {
  abs: { least: 0, most: 0, make: abs },
  ceiling: onDecimal((value) => integers(ceiling(value).digits)),
  floor: onDecimal((value) => integers(floor(value).digits)),
  truncate: onDecimal((value) => integers(truncated(value).digits)),
  exp: onDecimal((value) => (isZero(value) ? [decimalItem(one)] : fromNumber(Math.exp(numberOf(value))))),
  ln: onDecimal((value) => (value.digits > 0n ? fromNumber(Math.log(numberOf(value))) : none)),
  sqrt: onDecimal((value) => (value.digits < 0n ? none : fromNumber(Math.sqrt(numberOf(value))))),
  log: { least: 1, most: 1, make: log },
  power: { least: 1, most: 1, make: power },
  round: { least: 0, most: 1, make: round },
};
