/** A prepared statement by name, in a grammar small enough to see by machine that it binds its tenant; refuses whatever is outside of it. */

export interface Statement {
  readonly name: string;
  readonly text: string;
  /** Said by its author: whether a lost answer leaves it unknown if something was changed. */
  readonly writes: boolean;
}

const count = (text: string, pattern: RegExp): number => (text.match(pattern) ?? []).length;

/** What could hide a table, a condition or a change of tenant from the count below. */
const forbidden: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/--|\/\*/, 'a comment'],
  [/"/, 'a quoted name'],
  [/'/, 'a literal: bind it'],
  [/\bset_config\b|\bset\s+(?:local|session)\b/i, 'a change of settings'],
  [/\b(?:from|using|update)\s+[\w.]+(?:\s+(?:as\s+)?\w+)?\s*,/i, 'a join by comma: write join'],
  [/\bor\b/i, 'an or, which may undo the tenant: write a union or in (…)'],
];

/** Tables that the text reads or changes: not its own common table expressions, not functions. */
const tableUses = (whole: string): number => {
  const text = whole.replace(/\bextract\s*\(\s*\w+\s+from\b/gi, '(');
  const own = new Set([...text.matchAll(/(\w+)\s+as\s+(?:not\s+)?(?:materialized\s*)?\(/gi)].map(([, name]) => name));
  const uses = text.matchAll(
    /\b(?:from|join|into|using|(?<!\bfor\s)(?<!\bdo\s)update)\s+(?:only\s+)?([a-z_][\w.]*)(?!\w|\s*\()/gi,
  );
  const inserts = text.matchAll(/\binto\s+([a-z_][\w.]*)\s*\(/gi);
  return [...uses, ...inserts].filter(
    ([, name]) => !own.has(name ?? '') && !/^(?:lateral|select|unnest)$/i.test(name ?? ''),
  ).length;
};

/**
 * With `tenant = $1` beside the policy the planner makes the policy a test that runs once a statement, and a setting left
 * over from another tenant finds nothing. A statement without it would read the other tenant's rows.
 */
const bindsTenant = (text: string): boolean => {
  const inserted = /\binto\s+[\w.]+\s*\(\s*tenant\b[^)]*\)\s*(?:values\s*\(\s*\$1\b|select\s+\$1\b)/gi;
  const bound = count(text, /\btenant\s*=\s*\$1\b/g) + count(text, inserted);
  const uses = tableUses(text);
  return uses > 0 && bound >= uses;
};

const checked = (name: string, text: string, writes: boolean): Statement => {
  // A plain word is a unit or a mode: 'milliseconds'. Anything else in quotation marks is data.
  const bare = text.replace(/'\w*'/g, '0');
  const hidden = forbidden.find(([pattern]) => pattern.test(bare));
  if (hidden) throw new TypeError(`statement ${name} has ${hidden[1]}`);
  if (!bindsTenant(text)) throw new TypeError(`statement ${name} uses a table without binding its tenant to $1`);
  return Object.freeze({ name, text, writes });
};

/** A function may write too: only those known to read may stand in a statement that is said to. */
const readingFunctions = new Set([
  'extract',
  'count',
  'coalesce',
  'pg_sleep',
  'max',
  'min',
  'sum',
  'any',
  'right',
  'lower',
  'split_part',
  'substr',
  'now',
  'pg_current_snapshot',
  'pg_visible_in_snapshot',
  'chr',
  'to_timestamp',
  'unnest',
  'string_to_array',
  't',
  ...['sin', 'cos', 'asin', 'sqrt', 'least', 'radians'],
]);

export const reads = (name: string, text: string): Statement => {
  const functions = [...text.matchAll(/\b([a-z_][\w.]*)\s*\(/gi)].map(([, called = '']) => called.toLowerCase());
  const words = new Set([
    'as',
    'in',
    'exists',
    'values',
    'materialized',
    'and',
    'where',
    'on',
    'from',
    'select',
    'not',
    'all',
    'join',
    'lateral',
    'by',
    'type',
    ...['when', 'then', 'else', 'like'],
  ]);
  const stranger = functions.find((called) => !readingFunctions.has(called) && !words.has(called));
  if (stranger) throw new TypeError(`statement ${name} is said to read and calls ${stranger}`);
  if (/\b(?:insert|update|delete|merge)\b/i.test(text))
    throw new TypeError(`statement ${name} is said to read and writes`);
  return checked(name, text, false);
};

export const writes = (name: string, text: string): Statement => checked(name, text, true);

/** Asks for something that belongs to no tenant and stands in no table, such as the next number of a sequence. */
export const asks = (name: string, text: string): Statement => {
  if (tableUses(text) > 0) throw new TypeError(`statement ${name} is said to use no table`);
  return Object.freeze({ name, text, writes: false });
};

/** Asks a statement whose tenant is bound already. */
export type Run = <Row extends object>(statement: Statement, values: readonly unknown[]) => Promise<Row[]>;
