/** FHIRPath's functions on whether items exist, are equal and are true. */
import { itemSet } from '../distinct.ts';
import { evaluationFault, type Column } from '../faults.ts';
import { booleanItem, integerItem, none, type Items } from '../item.ts';
import { argument, within, type Builtins, type Code, type Run, type Step } from '../run.ts';
import { truthOf } from '../singles.ts';
import { systemItem } from '../system.ts';

const answer = (value: boolean): Items => [booleanItem(value)];

const someItem =
  (criteria: Code, column: Column) =>
  (run: Run, input: Items): boolean =>
    input.some((item, index) => truthOf(within(run, item, index, criteria), column) === true);

const everyItem =
  (criteria: Code, column: Column): Step =>
  (run, input) =>
    answer(input.every((item, index) => truthOf(within(run, item, index, criteria), column) === true));

const booleans = (input: Items, column: Column): boolean[] =>
  input.map((item) => {
    const read = systemItem(item);
    if (read.type === 'System.Boolean') return read.value === true;
    throw evaluationFault(column, 'only booleans are wanted here');
  });

const ofBooleans = (holds: (values: readonly boolean[]) => boolean) => ({
  least: 0,
  most: 0,
  make:
    (_: readonly Code[], column: Column): Step =>
    (__: Run, input: Items): Items =>
      answer(holds(booleans(input, column))),
});

const isSubset = (run: Run, inner: Items, outer: Items): boolean => {
  const set = itemSet(run, outer);
  return inner.every((item) => set.has(item));
};

const isDistinct = (run: Run, items: Items): boolean => {
  const set = itemSet(run);
  return items.every((item) => set.add(item));
};

const plainly = (step: Step) => ({ least: 0, most: 0, make: () => step });

export const existence: Builtins = {
  empty: plainly((_, input) => answer(input.length === 0)),
  exists: {
    least: 0,
    most: 1,
    make: (args, column) => {
      const [criteria] = args;
      if (!criteria) return (_, input) => answer(input.length > 0);
      const some = someItem(criteria, column);
      return (run, input) => answer(some(run, input));
    },
  },
  all: { least: 1, most: 1, make: (args, column) => everyItem(argument(args, 0), column) },
  allTrue: ofBooleans((values) => values.every(Boolean)),
  anyTrue: ofBooleans((values) => values.some(Boolean)),
  allFalse: ofBooleans((values) => !values.some(Boolean)),
  anyFalse: ofBooleans((values) => !values.every(Boolean)),
  subsetOf: {
    least: 1,
    most: 1,
    make: (args) => (run, input) => answer(isSubset(run, input, argument(args, 0)(run))),
  },
  supersetOf: {
    least: 1,
    most: 1,
    make: (args) => (run, input) => answer(isSubset(run, argument(args, 0)(run), input)),
  },
  isDistinct: plainly((run, input) => answer(isDistinct(run, input))),
  count: plainly((_, input) => [integerItem(input.length)]),
  not: {
    least: 0,
    most: 0,
    make: (_, column) => (__, input) => {
      const truth = truthOf(input, column);
      return truth === undefined ? none : answer(!truth);
    },
  },
  // In this table because `where` and `exists` share how a criterion is read.
  where: {
    least: 1,
    most: 1,
    make: (args, column) => {
      const criteria = argument(args, 0);
      return (run, input) =>
        input.filter((item, index) => truthOf(within(run, item, index, criteria), column) === true);
    },
  },
  iif: {
    least: 2,
    most: 3,
    make: (args, column) => {
      const [criterion, yes, no] = args;
      return (run, input) => {
        if (input.length > 1) throw evaluationFault(column, 'iif() works on one item: use select(iif(…))');
        const { self } = run;
        run.self = input;
        const chosen = criterion && truthOf(criterion(run), column) === true ? yes : no;
        const found = chosen?.(run) ?? none;
        run.self = self;
        return found;
      };
    },
  },
};
