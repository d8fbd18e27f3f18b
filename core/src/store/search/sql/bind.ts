/** What every piece of a search's SQL is built with: values are bound, never written; $1 is the tenant. */
import { tooMuch } from '../../../outcome/outcome.ts';

export type Bind = (value: unknown) => string;

export interface Context {
  readonly bind: Bind;
  /** Milliseconds since 1970, for values that are asked for approximately. */
  readonly now: number;
  /** Inside an odd number of negations. */
  readonly negated: boolean;
  /** A name for a table that no other piece has taken. */
  readonly alias: (lead: string) => string;
}

/** Each is a part of the statement that the database plans; lists of exact values are one. */
const mostValues = 3_000;

export const openContext = (now: number): Context & { readonly values: readonly unknown[] } => {
  const values: unknown[] = [];
  let aliases = 0;
  return {
    values,
    ...{ now, negated: false },
    bind: (value) => {
      if (values.length >= mostValues)
        throw tooMuch(
          `the search has more than ${mostValues} parts: ask for fewer values at once, or for whole ones, as tokens with their system and references with their type are`,
        );
      return `$${values.push(value) + 1}`;
    },
    alias: (lead) => `${lead}${++aliases}`,
  };
};

/** Keeps the planner from turning a look-up by row into a join over everything that has the value. */
export const fence = ' offset 0';

/** A disjunction without the word or, which the check of statements refuses. */
export const anyOf = (arms: readonly string[]): string =>
  arms.length === 1 ? (arms[0] ?? '') : `true in (${arms.map((arm) => `(${arm})`).join(', ')})`;

export const allOf = (arms: readonly string[]): string =>
  arms.length === 1 ? (arms[0] ?? '') : `(${arms.map((arm) => `(${arm})`).join(' and ')})`;

export const keysSql = (keys: readonly number[], alias: string, bind: Bind): string =>
  keys.length === 1 ? `${alias}.param = ${bind(keys[0])}::int4` : `${alias}.param = any(${bind(keys)}::int4[])`;
