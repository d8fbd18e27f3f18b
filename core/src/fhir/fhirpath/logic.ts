/** FHIRPath's operators on booleans and collections, in three-valued logic. */
import { calculate, joined, type Arithmetic } from './arithmetic.ts';
import { compare, type Inequality } from './comparison.ts';
import { union } from './distinct.ts';
import { likeCollections, sameCollections, sameItems, type Truth } from './equality.ts';
import type { Column } from './faults.ts';
import { booleanItem, none, type Items } from './item.ts';
import { spend, type Code, type Run } from './run.ts';
import { oneOf, truthOf } from './singles.ts';
import type { BinaryOperator } from './syntax.ts';

const items = (truth: Truth): Items => (truth === undefined ? none : [booleanItem(truth)]);

/** The right side is not run when the left one decides. */
type Logic = (left: Truth, right: () => Truth) => Truth;

const conjunction: Logic = (left, right) => {
  if (left === false) return false;
  const other = right();
  return other === false ? false : left && other;
};

const disjunction: Logic = (left, right) => {
  if (left === true) return true;
  const other = right();
  if (other === true) return true;
  return left === undefined || other === undefined ? undefined : false;
};

const exclusive: Logic = (left, right) => {
  const other = right();
  return left === undefined || other === undefined ? undefined : left !== other;
};

const implication: Logic = (left, right) => {
  if (left === false) return true;
  const other = right();
  if (left === true || other === true) return other;
  return undefined;
};

const logics: Readonly<Record<'and' | 'or' | 'xor' | 'implies', Logic>> = {
  and: conjunction,
  or: disjunction,
  xor: exclusive,
  implies: implication,
};

const isMember = (run: Run, one: Items, many: Items, column: Column): Items => {
  const item = oneOf(one, column);
  if (!item) return none;
  spend(run, many.length);
  return items(many.some((other) => sameItems(item, other, run) === true));
};

const negation = (truth: Truth): Truth => (truth === undefined ? undefined : !truth);

/** Long strings take long to compare. */
const weight = (operand: Items): number => {
  const value = operand[0]?.value;
  return typeof value === 'string' ? Math.floor(value.length / 32) : 0;
};

const collectionOperator = (
  run: Run,
  operator: Exclude<BinaryOperator, keyof typeof logics>,
  left: Items,
  right: Items,
  column: Column,
): Items => {
  const { convert } = run.lent;
  spend(run, 1 + Math.min(left.length, right.length) + weight(left) + weight(right));
  switch (operator) {
    case '=':
      return items(sameCollections(left, right, run));
    case '!=':
      return items(negation(sameCollections(left, right, run)));
    case '~':
      spend(run, left.length * right.length);
      return items(likeCollections(left, right, run));
    case '!~':
      spend(run, left.length * right.length);
      return items(!likeCollections(left, right, run));
    case '|':
      return union(run, left, right);
    case 'in':
      return isMember(run, left, right, column);
    case 'contains':
      return isMember(run, right, left, column);
    case '&':
      return joined(run, left, right, column);
    case '<':
    case '<=':
    case '>':
    case '>=':
      return compare(operator satisfies Inequality, left, right, convert, column);
    case '+':
    case '-':
    case '*':
    case '/':
    case 'div':
    case 'mod':
      return calculate(run, operator satisfies Arithmetic, left, right, column);
  }
};

const isLogic = (operator: BinaryOperator): operator is keyof typeof logics => Object.hasOwn(logics, operator);

export const binaryCode = (operator: BinaryOperator, left: Code, right: Code, column: Column): Code => {
  if (!isLogic(operator)) return (run) => collectionOperator(run, operator, left(run), right(run), column);
  const logic = logics[operator];
  return (run) => items(logic(truthOf(left(run), column), () => truthOf(right(run), column)));
};
