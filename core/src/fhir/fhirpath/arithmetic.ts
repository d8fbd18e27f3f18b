/** FHIRPath's + - * / div mod & and the sign, with all digits of decimals; answers the empty collection where N1 does. */
import {
  compareDecimals,
  dividedBy,
  dividedWhole,
  minus,
  negated,
  plus,
  remainder,
  times,
  wholeDecimal,
  type Decimal,
} from '../decimal.ts';
import { asQuantity } from './equality.ts';
import { evaluationFault, type Column } from './faults.ts';
import {
  decimalIn,
  decimalItem,
  integerItem,
  momentItem,
  none,
  quantityItem,
  stringItem,
  type Item,
  type Items,
  type Quantity,
} from './item.ts';
import { fitsUnit, momentSum, timeUnit } from './moment-sum.ts';
import type { Moment } from './moment.ts';
import { commonUnit, unitProduct, unitQuotient } from './quantities.ts';
import { spendText, type Run } from './run.ts';
import { isNumber, oneValue } from './singles.ts';

export type Arithmetic = '+' | '-' | '*' | '/' | 'div' | 'mod';

const most = wholeDecimal(10n ** 28n);

const fits = (value: Decimal): boolean => compareDecimals(value, most) < 0 && compareDecimals(negated(value), most) < 0;

const decimals = (value: Decimal | undefined): Items => (value && fits(value) ? [decimalItem(value)] : none);

/** N1: outside of 32 bits is empty. */
export const integers = (value: number | bigint | undefined): Items => {
  const whole = Number(value);
  return value === undefined || whole < -2147483648 || whole > 2147483647 ? none : [integerItem(whole)];
};

const numbers = (operator: Arithmetic, left: Item, right: Item): Items => {
  const a = decimalIn(left);
  const b = decimalIn(right);
  if (operator === '/') return decimals(dividedBy(a, b));
  if (operator === 'div') return integers(dividedWhole(a, b));
  const whole = left.type === 'System.Integer' && right.type === 'System.Integer';
  const result = sums[operator](a, b);
  return whole ? integers(result?.digits) : decimals(result);
};

const sums: Readonly<Record<'+' | '-' | '*' | 'mod', (a: Decimal, b: Decimal) => Decimal | undefined>> = {
  '+': plus,
  '-': minus,
  '*': times,
  mod: remainder,
};

const quantities = (run: Run, operator: Arithmetic, a: Quantity, b: Quantity): Items | undefined => {
  if (operator === '+' || operator === '-') {
    const common = commonUnit(a, b, run.lent.convert);
    if (!common) return none;
    const value = sums[operator](common.left, common.right);
    return value && fits(value) ? [quantityItem({ value, unit: common.unit, calendar: common.calendar })] : none;
  }
  if (operator !== '*' && operator !== '/') return undefined;
  const value = operator === '*' ? times(a.value, b.value) : dividedBy(a.value, b.value);
  const unit = operator === '*' ? unitProduct(a.unit, b.unit) : unitQuotient(a.unit, b.unit);
  if (!value || unit === undefined || !fits(value)) return none;
  return [quantityItem({ value, unit, calendar: unit !== '1' && (a.calendar || b.calendar) })];
};

const isMoment = ({ type }: Item): boolean => /^System\.(?:Date|DateTime|Time)$/.test(type);

const moments = (operator: '+' | '-', left: Moment, quantity: Quantity, column: Column): Items => {
  const unit = timeUnit(quantity);
  if (!unit || !fitsUnit(left, unit))
    throw evaluationFault(
      column,
      `this unit cannot be added to a ${left.kind}: years, months, weeks and days fit dates, hours and less fit times`,
    );
  const sum = momentSum(left, quantity, unit, operator === '-');
  return sum ? [momentItem(sum)] : none;
};

const misfit = (operator: string, column: Column): Error =>
  evaluationFault(column, `${operator} does not work on values of these two types`);

const bothStrings = (left: Item, right: Item): boolean =>
  left.type === 'System.String' && right.type === 'System.String';

const concatenated = (run: Run, left: string, right: string): Items => {
  spendText(run, left.length + right.length);
  return [stringItem(left + right)];
};

export const calculate = (run: Run, operator: Arithmetic, a: Items, b: Items, column: Column): Items => {
  const left = oneValue(a, column);
  const right = oneValue(b, column);
  if (left?.value === undefined || right?.value === undefined) return none;
  if (isNumber(left) && isNumber(right)) return numbers(operator, left, right);
  if (operator === '+' && bothStrings(left, right))
    return concatenated(run, left.value as string, right.value as string);
  const quantity = asQuantity(right);
  if ((operator === '+' || operator === '-') && isMoment(left) && quantity && !isNumber(right))
    return moments(operator, left.value as Moment, quantity, column);
  const first = asQuantity(left);
  const result = first && quantity && quantities(run, operator, first, quantity);
  if (result) return result;
  throw misfit(operator, column);
};

const textOrNothing = (items: Items, column: Column): string => {
  const item = oneValue(items, column);
  if (item?.value === undefined) return '';
  if (item.type === 'System.String') return item.value as string;
  throw evaluationFault(column, '& joins strings: use toString()');
};

export const joined = (run: Run, a: Items, b: Items, column: Column): Items =>
  concatenated(run, textOrNothing(a, column), textOrNothing(b, column));

export const signed = (negative: boolean, items: Items, column: Column): Items => {
  const item = oneValue(items, column);
  if (!item) return none;
  if (item.type === 'System.Integer') return integers(negative ? -(item.value as number) : (item.value as number));
  const quantity = asQuantity(item);
  if (!quantity) throw evaluationFault(column, 'only numbers and quantities have a sign');
  const value = negative ? negated(quantity.value) : quantity.value;
  return item.type === 'System.Decimal' ? [decimalItem(value)] : [quantityItem({ ...quantity, value })];
};
