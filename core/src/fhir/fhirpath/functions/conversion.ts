/** FHIRPath's toX() and convertsToX(): what does not convert is empty. */
import { dividedWhole, parseDecimal, wholeDecimal, type Decimal } from '../../decimal.ts';
import type { Column } from '../faults.ts';
import {
  booleanItem,
  decimalIn,
  decimalItem,
  integerItem,
  momentItem,
  none,
  quantityItem,
  stringItem,
  textOf,
  type Item,
  type Quantity,
} from '../item.ts';
import { parseDate, parseDateTime, parseTime, type Moment, type MomentKind } from '../moment.ts';
import { commonUnit } from '../quantities.ts';
import type { Builtin, Builtins, Code, Run } from '../run.ts';
import { isNumber, oneValue, stringOf } from '../singles.ts';

type Conversion = (item: Item) => Item | undefined;

const trueTexts = new Set(['true', 't', 'yes', 'y', '1', '1.0']);
const falseTexts = new Set(['false', 'f', 'no', 'n', '0', '0.0']);

const booleanOfText = (text: string): Item | undefined => {
  if (trueTexts.has(text)) return booleanItem(true);
  return falseTexts.has(text) ? booleanItem(false) : undefined;
};

const booleanOfDecimal = ({ digits, scale }: Decimal): Item | undefined => {
  if (digits === 0n) return booleanItem(false);
  return digits === 10n ** BigInt(scale) ? booleanItem(true) : undefined;
};

const toBoolean: Conversion = (item) => {
  if (item.type === 'System.Boolean') return item;
  if (item.type === 'System.String') return booleanOfText((item.value as string).toLowerCase());
  return isNumber(item) ? booleanOfDecimal(decimalIn(item)) : undefined;
};

const toInteger: Conversion = (item) => {
  if (item.type === 'System.Integer') return item;
  if (item.type === 'System.Boolean') return integerItem(Number(item.value));
  if (item.type !== 'System.String' || !/^[+-]?\d{1,10}$/.test(item.value as string)) return undefined;
  const value = Number(item.value);
  return value >= -2147483648 && value <= 2147483647 ? integerItem(value) : undefined;
};

const toDecimal: Conversion = (item) => {
  if (isNumber(item)) return decimalItem(decimalIn(item));
  if (item.type === 'System.Boolean') return decimalItem({ digits: item.value === true ? 10n : 0n, scale: 1 });
  if (item.type !== 'System.String' || !/^[+-]?\d+(?:\.\d+)?$/.test(item.value as string)) return undefined;
  const value = parseDecimal(item.value as string);
  return value && decimalItem(value);
};

const quantityForm = /^([+-]?\d+(?:\.\d+)?)\s*(?:'([^']+)'|([a-zA-Z]+))?$/;
const calendarUnit = /^(year|month|week|day|hour|minute|second|millisecond)s?$/;

const quantityOfText = (text: string): Item | undefined => {
  const [, written, code, word] = quantityForm.exec(text) ?? [];
  const value = written === undefined ? undefined : parseDecimal(written);
  const calendar = word === undefined ? undefined : calendarUnit.exec(word)?.[1];
  if (!value || (word !== undefined && calendar === undefined)) return undefined;
  return quantityItem({ value, unit: code ?? calendar ?? '1', calendar: calendar !== undefined });
};

const toQuantity: Conversion = (item) => {
  if (item.type === 'System.Quantity') return item;
  if (item.type === 'System.String') return quantityOfText(item.value as string);
  const value = toDecimal(item)?.value as Decimal | undefined;
  return value && quantityItem({ value, unit: '1', calendar: false });
};

const toText: Conversion = (item) => {
  const text = textOf(item);
  return text === undefined ? undefined : stringItem(text);
};

const parsers: Readonly<Record<MomentKind, (text: string) => Moment | undefined>> = {
  Date: parseDate,
  DateTime: parseDateTime,
  Time: parseTime,
};

const toMoment =
  (kind: MomentKind): Conversion =>
  (item) => {
    if (item.type === `System.${kind}`) return item;
    if (item.type === 'System.String') {
      const moment = parsers[kind](item.value as string);
      return moment && momentItem(moment);
    }
    if (kind === 'Time' || (item.type !== 'System.Date' && item.type !== 'System.DateTime')) return undefined;
    const moment = item.value as Moment;
    const precision = kind === 'Date' && moment.precision > 3 ? 3 : moment.precision;
    return momentItem({ ...moment, kind, precision, offset: kind === 'Date' ? undefined : moment.offset });
  };

const converts = (convert: Conversion): readonly [Builtin, Builtin] => [
  {
    least: 0,
    most: 0,
    make: (_, column) => (__, input) => {
      const item = oneValue(input, column);
      const converted = item && convert(item);
      return converted ? [converted] : none;
    },
  },
  {
    least: 0,
    most: 0,
    make: (_, column) => (__, input) => {
      const item = oneValue(input, column);
      return item ? [booleanItem(convert(item) !== undefined)] : none;
    },
  },
];

/** Into the unit that is asked for. */
const inUnit = (run: Run, item: Item, text: string): Item | undefined => {
  const word = calendarUnit.exec(text)?.[1];
  const quantity = item.value as Quantity;
  const unit: Quantity = { value: wholeDecimal(1), unit: word ?? text, calendar: word !== undefined };
  if (quantity.unit === unit.unit && quantity.calendar === unit.calendar) return item;
  const converted = run.lent.convert?.(quantity.value, quantity.unit, unit.unit);
  if (converted) return quantityItem({ ...unit, value: converted });
  const common = commonUnit(quantity, unit, run.lent.convert);
  const whole = common && dividedWhole(common.left, common.right);
  // Only where nothing is lost: a table of units is the caller's.
  return whole !== undefined && common && whole * common.right.digits === common.left.digits
    ? quantityItem({ ...unit, value: wholeDecimal(whole) })
    : undefined;
};

const quantityIn = (run: Run, input: readonly Item[], args: readonly Code[], column: Column): Item | undefined => {
  const item = oneValue(input, column);
  const converted = item && toQuantity(item);
  if (!converted || !args[0]) return converted;
  const unit = stringOf(args[0](run), column);
  return unit === undefined ? undefined : inUnit(run, converted, unit);
};

const [boolean, isBoolean] = converts(toBoolean);
const [integer, isInteger] = converts(toInteger);
const [decimal, isDecimal] = converts(toDecimal);
const [text, isText] = converts(toText);
const [date, isDate] = converts(toMoment('Date'));
const [dateTime, isDateTime] = converts(toMoment('DateTime'));
const [time, isTime] = converts(toMoment('Time'));

export const conversion: Builtins = {
  toBoolean: boolean,
  convertsToBoolean: isBoolean,
  toInteger: integer,
  convertsToInteger: isInteger,
  toDecimal: decimal,
  convertsToDecimal: isDecimal,
  toString: text,
  convertsToString: isText,
  toDate: date,
  convertsToDate: isDate,
  toDateTime: dateTime,
  convertsToDateTime: isDateTime,
  toTime: time,
  convertsToTime: isTime,
  toQuantity: {
    least: 0,
    most: 1,
    make: (args, column) => (run, input) => {
      const item = quantityIn(run, input, args, column);
      return item ? [item] : none;
    },
  },
  convertsToQuantity: {
    least: 0,
    most: 1,
    make: (args, column) => (run, input) =>
      input.length === 0 ? none : [booleanItem(quantityIn(run, input, args, column) !== undefined)],
  },
};
