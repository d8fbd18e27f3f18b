/** FHIRPath's = and ~ between items and collections; undefined where it is the empty collection. */
import {
  canonicalNumber,
  compareDecimals,
  decimalOf,
  isNumeric,
  roundDecimal,
  shortened,
  type Decimal,
} from '../decimal.ts';
import { isMembers, type Members } from '../members.ts';
import { decimalIn, type Item, type Items, type Quantity } from './item.ts';
import { comparableKinds, orderMoments } from './moment-order.ts';
import type { Moment } from './moment.ts';
import { commonUnit, nominalUnit } from './quantities.ts';
import { spend, type Run } from './run.ts';
import { isSystem, systemItem } from './system.ts';

export type Truth = boolean | undefined;

const isNumber = ({ type }: Item): boolean => type === 'System.Integer' || type === 'System.Decimal';
const isMoment = ({ type }: Item): boolean =>
  type === 'System.Date' || type === 'System.DateTime' || type === 'System.Time';
const isQuantity = ({ type }: Item): boolean => type === 'System.Quantity';

/** A number stands for a quantity of the unit 1. */
export const asQuantity = (item: Item): Quantity | undefined => {
  if (isQuantity(item)) return item.value as Quantity;
  return isNumber(item) ? { value: decimalIn(item), unit: '1', calendar: false } : undefined;
};

const sameLists = (a: readonly unknown[], b: readonly unknown[], run: Run): boolean =>
  a.length === b.length && a.every((item, place) => sameTrees(item, b[place], run));

/** Each pair of nodes is a step: a rule that compares large trees often must end. */
const sameTrees = (a: unknown, b: unknown, run: Run): boolean => {
  if (a === b) return true;
  spend(run, 1);
  if (isNumeric(a) && isNumeric(b)) return canonicalNumber(a) === canonicalNumber(b);
  if (Array.isArray(a) && Array.isArray(b)) return sameLists(a, b, run);
  if (!isMembers(a) || !isMembers(b)) return false;
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && sameTrees(a[name], b[name], run))
  );
};

const sameMoments = (a: Moment, b: Moment): Truth => {
  if (!comparableKinds(a, b)) return false;
  const order = orderMoments(a, b);
  return order === undefined ? undefined : order === 0;
};

const sameQuantities = (a: Quantity, b: Quantity, run: Run): Truth => {
  const common = commonUnit(a, b, run.lent.convert);
  return common && compareDecimals(common.left, common.right) === 0;
};

/** Both are FHIRPath's own. */
const sameSystem = (a: Item, b: Item, run: Run): Truth => {
  if (isNumber(a) && isNumber(b)) return compareDecimals(decimalIn(a), decimalIn(b)) === 0;
  if (isMoment(a) && isMoment(b)) return sameMoments(a.value as Moment, b.value as Moment);
  if (isQuantity(a) || isQuantity(b)) {
    const left = asQuantity(a);
    const right = asQuantity(b);
    return left && right ? sameQuantities(left, right, run) : false;
  }
  return a.type === b.type && a.value === b.value;
};

export const sameItems = (left: Item, right: Item, run: Run): Truth => {
  const a = systemItem(left);
  const b = systemItem(right);
  if (isSystem(a) && isSystem(b)) return sameSystem(a, b, run);
  if (isSystem(a) !== isSystem(b)) return false;
  return (
    sameTrees(left.value, right.value, run) && (left.value !== undefined || sameTrees(left.beside, right.beside, run))
  );
};

/** Item by item, in order. */
export const sameCollections = (left: Items, right: Items, run: Run): Truth => {
  if (left.length === 0 || right.length === 0) return undefined;
  if (left.length !== right.length) return false;
  let answer: Truth = true;
  for (const [place, item] of left.entries()) {
    const same = sameItems(item, right[place] as Item, run);
    if (same === false) return false;
    if (same === undefined) answer = undefined;
  }
  return answer;
};

const likeText = (text: string): string => text.trim().toLowerCase().replace(/\s+/g, ' ');

/** To as many places as the less precise of the two has. */
const likeNumbers = (a: Decimal, b: Decimal): boolean => {
  const [left, right] = [shortened(a), shortened(b)];
  const places = Math.min(left.scale, right.scale);
  return compareDecimals(roundDecimal(left, places), roundDecimal(right, places)) === 0;
};

const likeQuantities = (a: Quantity, b: Quantity, run: Run): boolean => {
  const common = commonUnit(nominalUnit(a), nominalUnit(b), run.lent.convert);
  return common !== undefined && likeNumbers(common.left, common.right);
};

const likeUnordered = (a: readonly unknown[], b: readonly unknown[], run: Run): boolean => {
  if (a.length !== b.length) return false;
  const left = [...b];
  return a.every((item) => {
    const place = left.findIndex((other) => likeTrees(item, other, run));
    if (place !== -1) left.splice(place, 1);
    return place !== -1;
  });
};

const likeMembers = (a: Members, b: Members, run: Run): boolean => {
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && likeTrees(a[name], b[name], run))
  );
};

const likeTrees = (a: unknown, b: unknown, run: Run): boolean => {
  spend(run, 1);
  if (typeof a === 'string' && typeof b === 'string') return likeText(a) === likeText(b);
  if (isNumeric(a) && isNumeric(b)) {
    const [left, right] = [decimalOf(a), decimalOf(b)];
    return left !== undefined && right !== undefined && likeNumbers(left, right);
  }
  if (Array.isArray(a) && Array.isArray(b)) return likeUnordered(a, b, run);
  return isMembers(a) && isMembers(b) ? likeMembers(a, b, run) : a === b;
};

const likeSystem = (a: Item, b: Item, run: Run): boolean => {
  if (isNumber(a) && isNumber(b)) return likeNumbers(decimalIn(a), decimalIn(b));
  if (isQuantity(a) || isQuantity(b)) {
    const [left, right] = [asQuantity(a), asQuantity(b)];
    return left !== undefined && right !== undefined && likeQuantities(left, right, run);
  }
  if (a.type === 'System.String' && b.type === 'System.String')
    return likeText(a.value as string) === likeText(b.value as string);
  return sameSystem(a, b, run) === true;
};

export const likeItems = (left: Item, right: Item, run: Run): boolean => {
  const a = systemItem(left);
  const b = systemItem(right);
  if (isSystem(a) && isSystem(b)) return likeSystem(a, b, run);
  return isSystem(a) === isSystem(b) && likeTrees(left.value, right.value, run);
};

/** In any order. */
export const likeCollections = (left: Items, right: Items, run: Run): boolean => {
  if (left.length !== right.length) return false;
  const rest = [...right];
  return left.every((item) => {
    const place = rest.findIndex((other) => likeItems(item, other, run));
    if (place !== -1) rest.splice(place, 1);
    return place !== -1;
  });
};
