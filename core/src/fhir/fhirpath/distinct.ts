/** Finds equal items in collections without comparing each with each, where their values allow it. */
import { canonicalNumber, decimalText, isNumeric, shortened } from '../decimal.ts';
import { isMembers } from '../members.ts';
import { sameItems } from './equality.ts';
import { decimalIn, type Item, type Items } from './item.ts';
import { spend, spendText, type Run } from './run.ts';
import { systemItem } from './system.ts';

/** One text for all JSON that is equal. */
const canonical = (value: unknown): string => {
  if (isNumeric(value)) return canonicalNumber(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (!isMembers(value)) return JSON.stringify(value) ?? '';
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(',')}}`;
};

/** Equal items have equal keys. Undefined where equality is no matter of text: dates and quantities. */
const keyOf = (item: Item): string | undefined => {
  const read = systemItem(item);
  switch (read.type) {
    case 'System.String':
      return `s${String(read.value)}`;
    case 'System.Boolean':
      return `b${String(read.value)}`;
    case 'System.Integer':
    case 'System.Decimal':
      return `n${decimalText(shortened(decimalIn(read)))}`;
    case 'System.Date':
    case 'System.DateTime':
    case 'System.Time':
    case 'System.Quantity':
      return undefined;
    default:
      return `t${read.value === undefined ? canonical(read.beside) : canonical(read.value)}`;
  }
};

/** A growing set of items, by FHIRPath's equality. */
export interface ItemSet {
  /** False when an equal item is in it. */
  readonly add: (item: Item) => boolean;
  readonly has: (item: Item) => boolean;
}

export const itemSet = (run: Run, items: Items = []): ItemSet => {
  const keys = new Set<string>();
  const others: Item[] = [];
  const hasOther = (item: Item): boolean => {
    spend(run, others.length);
    return others.some((other) => sameItems(other, item, run) === true);
  };
  const has = (item: Item): boolean => {
    const key = keyOf(item);
    spendText(run, key?.length ?? 1);
    return key === undefined ? hasOther(item) : keys.has(key);
  };
  const add = (item: Item): boolean => {
    const key = keyOf(item);
    spendText(run, key?.length ?? 1);
    if (key === undefined ? hasOther(item) : keys.has(key)) return false;
    if (key === undefined) others.push(item);
    else keys.add(key);
    return true;
  };
  for (const item of items) add(item);
  return { add, has };
};

export const distinct = (run: Run, items: Items): Items => {
  if (items.length < 2) return items;
  const seen = itemSet(run);
  return items.filter((item) => seen.add(item));
};

/** The union of two collections. */
export const union = (run: Run, left: Items, right: Items): Items => {
  if (right.length === 0) return distinct(run, left);
  return left.length === 0 ? distinct(run, right) : distinct(run, [...left, ...right]);
};
