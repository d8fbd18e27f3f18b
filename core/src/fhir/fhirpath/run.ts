/** What one evaluation carries: where it stands, what its caller lends it and how many steps it may still take. */
import { overBudget, type Column } from './faults.ts';
import type { Item, Items, Typed } from './item.ts';
import type { Model } from './model.ts';
import type { Convert } from './quantities.ts';

/** What an expression may ask of its caller; what is missing is empty or refused. */
export interface Lent {
  /** What a reference leads to, if it is at hand; called with the text of the reference. */
  readonly resolve?: (reference: string) => unknown;
  readonly convert?: Convert;
  readonly memberOf?: (coded: Typed, valueSet: string) => boolean | undefined;
  readonly conformsTo?: (typed: Typed, profile: string) => boolean | undefined;
  readonly trace?: (name: string, values: readonly Typed[]) => void;
}

export interface Run {
  readonly model: Model;
  readonly lent: Lent;
  /** By name, without those that every evaluation has. */
  readonly variables: ReadonlyMap<string, Items> | undefined;
  readonly now: number | undefined;
  /** `%context`. */
  readonly context: Item;
  /** `%resource`, which `resolve` searches for what is contained. */
  readonly resource: Item;
  /** `%rootResource`. */
  readonly rootResource: Item;
  /** `$this`. */
  self: Items;
  index: number;
  total: Items;
  steps: number;
}

/** A part of an expression, compiled. */
export type Code = (run: Run) => Items;

/** What stands behind a dot: it is given what stands before. */
export type Step = (run: Run, input: Items) => Items;

export const spend = (run: Run, steps: number): void => {
  run.steps -= steps;
  if (run.steps < 0) throw overBudget();
};

/** Strings cost by their length, or doubling one would cost nothing. */
export const spendText = (run: Run, length: number): void => spend(run, 1 + Math.floor(length / 32));

/** Runs `code` with an item as `$this`. */
export const within = (run: Run, item: Item, index: number, code: Code): Items => {
  const { self, index: before } = run;
  run.self = [item];
  run.index = index;
  spend(run, 1);
  const found = code(run);
  run.self = self;
  run.index = before;
  return found;
};

/** How a function is compiled. */
export interface Builtin {
  /** How many arguments it takes. */
  readonly least: number;
  readonly most: number;
  readonly make: (args: readonly Code[], column: Column) => Step;
}

export type Builtins = Readonly<Record<string, Builtin>>;

const noCode: Code = () => [];

/** The argument at a place, which `least` says is there. */
export const argument = (args: readonly Code[], place: number): Code => args[place] ?? noCode;
