/** Takes the one value that a function or operator works on, by N1's rules for collections of one; refuses more. */
import type { Decimal } from '../decimal.ts';
import type { Truth } from './equality.ts';
import { evaluationFault, type Column } from './faults.ts';
import { decimalIn, type Item, type Items } from './item.ts';
import { systemItem } from './system.ts';

export const oneOf = (items: Items, column: Column): Item | undefined => {
  if (items.length <= 1) return items[0];
  throw evaluationFault(column, 'one value is wanted here and there are several: use first(), where() or select()');
};

/** One value, read as FHIRPath's own. */
export const oneValue = (items: Items, column: Column): Item | undefined => {
  const item = oneOf(items, column);
  return item && systemItem(item);
};

/** Anything alone that is no Boolean is true. */
export const truthOf = (items: Items, column: Column): Truth => {
  if (items.length === 0) return undefined;
  const item = oneValue(items, column) as Item;
  return item.type === 'System.Boolean' ? item.value === true : true;
};

export const stringOf = (items: Items, column: Column): string | undefined => {
  const item = oneValue(items, column);
  if (!item || item.value === undefined) return undefined;
  if (item.type === 'System.String') return item.value as string;
  throw evaluationFault(column, 'a string is wanted here: use toString()');
};

export const integerOf = (items: Items, column: Column): number | undefined => {
  const item = oneValue(items, column);
  if (!item) return undefined;
  if (item.type === 'System.Integer') return item.value as number;
  throw evaluationFault(column, 'an integer is wanted here');
};

export const isNumber = ({ type }: Item): boolean => type === 'System.Integer' || type === 'System.Decimal';

export const decimalFrom = (items: Items, column: Column): Decimal | undefined => {
  const item = oneValue(items, column);
  if (!item) return undefined;
  if (isNumber(item)) return decimalIn(item);
  throw evaluationFault(column, 'a number is wanted here');
};
