/** FHIRPath's functions on strings; regular expressions run in linear time and within the evaluation's steps. */
import { evaluationFault, type Column } from '../faults.ts';
import { booleanItem, integerItem, none, stringItem, type Items } from '../item.ts';
import { firstMatch, type Slots } from '../regex/match.ts';
import { compilePattern, type Program } from '../regex/program.ts';
import { argument, spend, spendText, type Builtin, type Builtins, type Code, type Run, type Step } from '../run.ts';
import { integerOf, stringOf } from '../singles.ts';

type Answer = string | number | boolean | undefined;

const items = (run: Run, value: Answer): Items => {
  if (value === undefined) return none;
  if (typeof value === 'boolean') return [booleanItem(value)];
  if (typeof value === 'number') return [integerItem(value)];
  spendText(run, value.length);
  return [stringItem(value)];
};

const alone = (read: (text: string) => Answer): Builtin => ({
  least: 0,
  most: 0,
  make: (_, column) => (run, input) => {
    const text = stringOf(input, column);
    return text === undefined ? none : items(run, read(text));
  },
});

/** With strings as arguments, none of them empty. */
const withStrings = (
  count: number,
  read: (text: string, first: string, second: string, run: Run, column: Column) => Answer,
): Builtin => ({
  least: count,
  most: count,
  make: (args, column) => (run, input) => {
    const text = stringOf(input, column);
    const given = args.map((code) => stringOf(code(run), column));
    if (text === undefined || given.includes(undefined)) return none;
    spendText(run, text.length);
    return items(run, read(text, given[0] ?? '', given[1] ?? '', run, column));
  },
});

const substring =
  (args: readonly Code[], column: Column): Step =>
  (run, input) => {
    const text = stringOf(input, column);
    const start = integerOf(argument(args, 0)(run), column);
    const length = args[1] && integerOf(args[1](run), column);
    if (text === undefined || start === undefined || start < 0 || start >= text.length) return none;
    if (args[1] && length === undefined) return none;
    return items(run, text.slice(start, length === undefined ? undefined : start + Math.max(length, 0)));
  };

const replaced = (text: string, pattern: string, substitution: string, run: Run): string => {
  const growth = pattern === '' ? text.length + 1 : text.length / pattern.length;
  spendText(run, text.length + growth * substitution.length);
  return pattern === ''
    ? ['', ...Array.from(text), ''].join(substitution)
    : text.replaceAll(pattern, () => substitution);
};

/** Compiled once for each pattern that is met in a row. */
const programs = (): ((text: string, column: Column) => Program) => {
  let last: string | undefined;
  let program: Program | undefined;
  return (text, column) => {
    if (program && text === last) return program;
    const compiled = compilePattern(text);
    if ('why' in compiled) throw evaluationFault(column, `the regular expression is refused: ${compiled.why}`);
    last = text;
    program = compiled;
    return compiled;
  };
};

const withPattern = (
  count: 1 | 2,
  read: (run: Run, program: Program, text: string, other: string) => Answer,
  around: (pattern: string) => string = (pattern) => pattern,
): Builtin => ({
  least: count,
  most: count,
  make: (args, column) => {
    const programFor = programs();
    return withStrings(count, (text, pattern, other, run) =>
      read(run, programFor(around(pattern), column), text, other),
    ).make(args, column);
  },
});

const matchFrom = (run: Run, program: Program, text: string, from: number): Slots | undefined =>
  firstMatch(program, text, from, (steps) => spend(run, steps));

const substituted = (run: Run, program: Program, text: string, slots: Slots, substitution: string): string =>
  substitution.replace(/\$(?:\$|(\d{1,2})|\{(\w+)\})/g, (whole, digits?: string, name?: string) => {
    if (digits === undefined && name === undefined) return '$';
    const number = digits === undefined ? program.names.get(name ?? '') : Number(digits);
    if (number === undefined || number > program.groups) return whole;
    const from = slots[number * 2];
    const group = from === undefined ? '' : text.slice(from, slots[number * 2 + 1]);
    spendText(run, group.length);
    return group;
  });

const replacedMatches = (run: Run, program: Program, text: string, substitution: string): string => {
  const pieces: string[] = [];
  let done = 0;
  for (let from = 0; from <= text.length;) {
    const slots = matchFrom(run, program, text, from);
    const start = slots?.[0];
    const end = slots?.[1];
    if (!slots || start === undefined || end === undefined) break;
    if (end === start) {
      // An empty match replaces nothing, as HL7's own tests want it.
      from = end + 1;
      continue;
    }
    const piece = substituted(run, program, text, slots, substitution);
    spendText(run, piece.length);
    pieces.push(text.slice(done, start), piece);
    done = end;
    from = end;
  }
  pieces.push(text.slice(done));
  return pieces.join('');
};

const parts = (read: (text: string, separator: string) => readonly string[], most: number): Builtin => ({
  least: most,
  most,
  make: (args, column) => (run, input) => {
    const text = stringOf(input, column);
    const separator = args[0] ? stringOf(args[0](run), column) : '';
    if (text === undefined || separator === undefined) return none;
    spend(run, text.length);
    return read(text, separator).map(stringItem);
  },
});

const joinedStrings =
  (args: readonly Code[], column: Column): Step =>
  (run, input) => {
    const separator = args[0] ? stringOf(args[0](run), column) : '';
    if (separator === undefined || input.length === 0) return none;
    const texts = input.map((item) => stringOf([item], column) ?? '');
    spendText(run, texts.length * separator.length);
    return items(run, texts.join(separator));
  };

export const strings: Builtins = {
  indexOf: withStrings(1, (text, part) => text.indexOf(part)),
  substring: { least: 1, most: 2, make: substring },
  startsWith: withStrings(1, (text, part) => text.startsWith(part)),
  endsWith: withStrings(1, (text, part) => text.endsWith(part)),
  contains: withStrings(1, (text, part) => text.includes(part)),
  upper: alone((text) => text.toUpperCase()),
  lower: alone((text) => text.toLowerCase()),
  length: alone((text) => text.length),
  trim: alone((text) => text.trim()),
  toChars: parts((text) => Array.from(text), 0),
  split: parts((text, separator) => text.split(separator), 1),
  join: { least: 0, most: 1, make: joinedStrings },
  replace: withStrings(2, replaced),
  matches: withPattern(1, (run, program, text) => matchFrom(run, program, text, 0) !== undefined),
  matchesFull: withPattern(
    1,
    (run, program, text) => matchFrom(run, program, text, 0) !== undefined,
    (pattern) => `^(?:${pattern})$`,
  ),
  replaceMatches: withPattern(2, replacedMatches),
};
