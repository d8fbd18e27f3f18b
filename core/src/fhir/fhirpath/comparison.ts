/** FHIRPath's < <= > >=; refuses values that have no order between them. */
import { compareDecimals } from '../decimal.ts';
import { asQuantity } from './equality.ts';
import { evaluationFault, type Column } from './faults.ts';
import { booleanItem, decimalIn, none, type Item, type Items } from './item.ts';
import { comparableKinds, orderMoments } from './moment-order.ts';
import type { Moment } from './moment.ts';
import { commonUnit, type Convert } from './quantities.ts';
import { isNumber, oneValue } from './singles.ts';
import { isSystem } from './system.ts';

export type Inequality = '<' | '<=' | '>' | '>=';

/** By code points, which UTF-16 does not keep in order. */
const byCodePoint = (a: string, b: string): number => {
  const shared = Math.min(a.length, b.length);
  for (let at = 0; at < shared; at++) {
    const difference = a.charCodeAt(at) - b.charCodeAt(at);
    if (difference !== 0) return (a.codePointAt(at) ?? 0) - (b.codePointAt(at) ?? 0) || difference;
  }
  return a.length - b.length;
};

const isMoment = ({ type }: Item): boolean => /^System\.(?:Date|DateTime|Time)$/.test(type);

const byMoment = (a: Moment, b: Moment): number | undefined | 'misfit' =>
  comparableKinds(a, b) ? orderMoments(a, b) : 'misfit';

/** Undefined when nobody can tell. */
export const orderOf = (a: Item, b: Item, convert: Convert | undefined): number | undefined | 'misfit' => {
  if (isNumber(a) && isNumber(b)) return compareDecimals(decimalIn(a), decimalIn(b));
  if (a.type === 'System.String' && b.type === 'System.String')
    return byCodePoint(a.value as string, b.value as string);
  if (isMoment(a) && isMoment(b)) return byMoment(a.value as Moment, b.value as Moment);
  const left = asQuantity(a);
  const right = asQuantity(b);
  if (left && right) {
    const common = commonUnit(left, right, convert);
    return common && compareDecimals(common.left, common.right);
  }
  // A Quantity whose unit is not UCUM's is no value, and its order is unknown.
  return (a.type === 'Quantity' && (right || !isSystem(b))) || (b.type === 'Quantity' && left) ? undefined : 'misfit';
};

const holds: Readonly<Record<Inequality, (order: number) => boolean>> = {
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
};

export const compare = (
  operator: Inequality,
  a: Items,
  b: Items,
  convert: Convert | undefined,
  column: Column,
): Items => {
  const left = oneValue(a, column);
  const right = oneValue(b, column);
  if (left?.value === undefined || right?.value === undefined) return none;
  const order = orderOf(left, right, convert);
  if (order === 'misfit') throw evaluationFault(column, 'these two types have no order: convert one of them first');
  return order === undefined ? none : [booleanItem(holds[operator](order))];
};
