/** The door to FHIRPath: compiles an expression once and evaluates it on resources; refuses bad syntax before, and runaway work while it runs. */
import { parseDecimal } from '../decimal.ts';
import { isMembers } from '../members.ts';
import { codeOf } from './compile.ts';
import { truthOf } from './singles.ts';
import { booleanItem, decimalItem, integerItem, none, rootItem, stringItem, type Item, type Items } from './item.ts';
import { looksLike, looseModel } from './loose-model.ts';
import type { Model } from './model.ts';
import { parse } from './parser.ts';
import type { Lent, Run } from './run.ts';
import type { Syntax } from './syntax.ts';

export interface Evaluation extends Lent {
  /** `%name`: text, numbers and booleans as they are, elements as items. */
  readonly environment?: Readonly<Record<string, string | number | boolean | Items>>;
  /** Milliseconds since 1970, for now() and today(). */
  readonly now?: number;
  /** The resource that holds the item, when that is not the item itself. */
  readonly resource?: Item;
  /** The resource that holds `resource`, when that is contained. */
  readonly rootResource?: Item;
  /** How many steps it may take; about one for each item that is touched. */
  readonly steps?: number;
}

export interface Expression {
  readonly text: string;
  readonly evaluate: (resource: unknown, evaluation?: Evaluation) => Items;
  /** On an element of a resource, as an earlier evaluation answered it. */
  readonly evaluateOn: (item: Item, evaluation?: Evaluation) => Items;
  /** As a rule: undefined where it is empty. */
  readonly holds: (resource: unknown, evaluation?: Evaluation) => boolean | undefined;
}

const defaultSteps = 1_000_000;

/** A resource or any JSON as the root of an evaluation. */
export const itemOf = (value: unknown): Item => {
  const named = isMembers(value) ? value['resourceType'] : undefined;
  return rootItem(typeof named === 'string' ? named : looksLike(value), value);
};

const variableItems = (value: string | number | boolean | Items): Items => {
  if (typeof value === 'string') return [stringItem(value)];
  if (typeof value === 'boolean') return [booleanItem(value)];
  if (typeof value !== 'number') return value;
  if (Number.isInteger(value)) return [integerItem(value)];
  const decimal = parseDecimal(String(value));
  return decimal ? [decimalItem(decimal)] : none;
};

const variablesOf = (environment: NonNullable<Evaluation['environment']>): Map<string, Items> =>
  new Map(Object.entries(environment).map(([name, value]) => [name, variableItems(value)]));

const runOn = (model: Model, item: Item, evaluation: Evaluation): Run => {
  const { environment, resource = item, rootResource = resource, now, steps = defaultSteps } = evaluation;
  return {
    model,
    lent: evaluation,
    variables: environment && variablesOf(environment),
    now,
    context: item,
    resource,
    rootResource,
    self: [item],
    index: 0,
    total: none,
    steps,
  };
};

const nothingLent: Evaluation = {};

/** Of an expression that is parsed already, or of a part of one. */
export const compileSyntax = (syntax: Syntax, text: string, model: Model): Expression => {
  const code = codeOf(model, syntax);
  const evaluateOn = (item: Item, evaluation: Evaluation = nothingLent): Items => code(runOn(model, item, evaluation));
  const evaluate = (resource: unknown, evaluation?: Evaluation): Items => evaluateOn(itemOf(resource), evaluation);
  return {
    text,
    evaluate,
    evaluateOn,
    holds: (resource, evaluation) => truthOf(evaluate(resource, evaluation), 1),
  };
};

/** Without a model it walks JSON as it is: dates are strings, and `value` does not find `valueQuantity`. */
export const compile = (text: string, model: Model = looseModel): Expression => compileSyntax(parse(text), text, model);
