/** FHIRPath's functions that choose from collections, join them and walk through them. */
import { addChildren, childrenOf } from '../navigate.ts';
import { orderOf } from '../comparison.ts';
import { distinct, itemSet, union } from '../distinct.ts';
import { evaluationFault, type Column } from '../faults.ts';
import { none, type Item, type Items } from '../item.ts';
import { argument, spend, within, type Builtins, type Code, type Run, type Step } from '../run.ts';
import { integerOf } from '../singles.ts';
import { systemItem } from '../system.ts';

const plainly = (step: Step) => ({ least: 0, most: 0, make: () => step });

const byCount = (choose: (input: Items, count: number) => Items) => ({
  least: 1,
  most: 1,
  make:
    (args: readonly Code[], column: Column): Step =>
    (run: Run, input: Items) => {
      const count = integerOf(argument(args, 0)(run), column);
      return count === undefined ? none : choose(input, count);
    },
});

const withOther = (combine: (run: Run, input: Items, other: Items) => Items) => ({
  least: 1,
  most: 1,
  make:
    (args: readonly Code[]): Step =>
    (run: Run, input: Items) =>
      combine(run, input, argument(args, 0)(run)),
});

const projected = (run: Run, input: Items, projection: Code): Item[] => {
  const found: Item[] = [];
  for (const [index, item] of input.entries())
    for (const each of within(run, item, index, projection)) found.push(each);
  return found;
};

/** Until nothing new is found. */
const repeated = (run: Run, input: Items, projection: Code): Items => {
  const set = itemSet(run);
  const found: Item[] = [];
  for (let fresh = input; fresh.length > 0;) {
    fresh = projected(run, fresh, projection).filter((item) => set.add(item));
    for (const item of fresh) found.push(item);
  }
  return found;
};

const children = (run: Run, input: Items): Items =>
  input.flatMap((item) => {
    const found = childrenOf(run.model, item);
    spend(run, 1 + found.length);
    return found;
  });

/** A tree holds no item twice: nothing is compared. */
const descendants = (run: Run, input: Items): Items => {
  const found: Item[] = [];
  for (let level = children(run, input); level.length > 0; level = children(run, level))
    for (const item of level) found.push(item);
  return found;
};

const intersect = (run: Run, input: Items, other: Items): Items => {
  const set = itemSet(run, other);
  return distinct(run, input).filter((item) => set.has(item));
};

const exclude = (run: Run, input: Items, other: Items): Items => {
  const set = itemSet(run, other);
  return input.filter((item) => !set.has(item));
};

const aggregated = (run: Run, input: Items, aggregator: Code, start: Items): Items => {
  const { total } = run;
  run.total = start;
  for (const [index, item] of input.entries()) run.total = within(run, item, index, aggregator);
  const result = run.total;
  run.total = total;
  return result;
};

/** Empty keys stand first. */
const order = (run: Run, a: Items, b: Items, column: Column): number => {
  const [left] = a;
  const [right] = b;
  if (!left || !right) return Number(left !== undefined) - Number(right !== undefined);
  const found = orderOf(systemItem(left), systemItem(right), run.lent.convert);
  if (typeof found === 'number') return found;
  throw evaluationFault(column, 'sort() needs values that have an order between them');
};

const sorted = (run: Run, input: Items, keys: readonly SortKey[], column: Column): Items => {
  spend(run, input.length * 8);
  const rows = input.map((item, index) => ({ item, keys: keys.map(({ code }) => within(run, item, index, code)) }));
  const inOrder = rows.toSorted((a, b) => {
    for (const [place, { descending }] of keys.entries()) {
      const found = order(run, a.keys[place] ?? none, b.keys[place] ?? none, column);
      if (found !== 0) return descending ? -found : found;
    }
    return 0;
  });
  return inOrder.map(({ item }) => item);
};

export interface SortKey {
  readonly code: Code;
  readonly descending: boolean;
}

const self: Code = (run) => run.self;

/** `-key` sorts downwards, strings too: the compiler takes the sign away before. */
export const sortStep =
  (keys: readonly SortKey[], column: Column): Step =>
  (run, input) =>
    sorted(run, input, keys.length === 0 ? [{ code: self, descending: false }] : keys, column);

export const childStep = (name: string): Step => {
  // The types that one place of an expression meets are few: the last one is kept.
  let lastType: string | undefined;
  let lastModel: unknown;
  let member: ReturnType<Run['model']['member']>;
  return (run, input) => {
    const found: Item[] = [];
    for (const item of input) {
      if (item.type !== lastType || run.model !== lastModel) {
        lastType = item.type;
        lastModel = run.model;
        member = run.model.member(item.type, name);
      }
      if (member) addChildren(found, item, member);
    }
    spend(run, 1 + found.length);
    return found;
  };
};

export const collections: Builtins = {
  select: { least: 1, most: 1, make: (args) => (run, input) => projected(run, input, argument(args, 0)) },
  repeat: { least: 1, most: 1, make: (args) => (run, input) => repeated(run, input, argument(args, 0)) },
  aggregate: {
    least: 1,
    most: 2,
    make: (args) => (run, input) => aggregated(run, input, argument(args, 0), args[1]?.(run) ?? none),
  },
  single: {
    least: 0,
    most: 0,
    make: (_, column) => (__, input) => {
      if (input.length > 1) throw evaluationFault(column, 'single() found several items');
      return input;
    },
  },
  first: plainly((_, input) => input.slice(0, 1)),
  last: plainly((_, input) => input.slice(-1)),
  tail: plainly((_, input) => input.slice(1)),
  skip: byCount((input, count) => (count <= 0 ? input : input.slice(count))),
  take: byCount((input, count) => (count <= 0 ? none : input.slice(0, count))),
  distinct: plainly(distinct),
  union: withOther(union),
  combine: withOther((run, input, other) => {
    spend(run, input.length + other.length);
    return [...input, ...other];
  }),
  intersect: withOther(intersect),
  exclude: withOther(exclude),
  children: plainly(children),
  descendants: plainly(descendants),
};
