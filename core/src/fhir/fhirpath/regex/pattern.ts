/** Reads a regular expression into a tree; refuses what cannot be matched in linear time: references back and looking around. */
import { anyOf, anything, escaped, inRange, only, type CharacterTest } from './characters.ts';

export type Spot = 'start' | 'end' | 'edge' | 'inside';

export type Pattern =
  | { readonly kind: 'character'; readonly test: CharacterTest }
  | { readonly kind: 'sequence'; readonly parts: readonly Pattern[] }
  | { readonly kind: 'either'; readonly options: readonly Pattern[] }
  | { readonly kind: 'spot'; readonly spot: Spot }
  | { readonly kind: 'group'; readonly inner: Pattern; readonly number: number }
  | {
      readonly kind: 'repeat';
      readonly inner: Pattern;
      readonly least: number;
      readonly most: number;
      readonly lazy: boolean;
    };

export interface ParsedPattern {
  readonly pattern: Pattern;
  readonly groups: number;
  readonly names: ReadonlyMap<string, number>;
}

/** Thrown inside; `parsePattern` answers it. */
interface Fault {
  readonly why: string;
}

interface Reader {
  readonly text: string;
  at: number;
  depth: number;
  groups: number;
  readonly names: Map<string, number>;
}

const longest = 1_000;
const deepest = 50;
const mostRepeats = 1_000;

const refuse = (why: string): never => {
  // oxlint-disable-next-line typescript/only-throw-error
  throw { why } satisfies Fault;
};

const codeAt = (reader: Reader): number => reader.text.codePointAt(reader.at) ?? 0;

const advance = (reader: Reader): number => {
  const code = codeAt(reader);
  reader.at += code > 0xff_ff ? 2 : 1;
  return code;
};

const takes = (reader: Reader, text: string): boolean => {
  if (!reader.text.startsWith(text, reader.at)) return false;
  reader.at += text.length;
  return true;
};

const character = (test: CharacterTest): Pattern => ({ kind: 'character', test });

const escapeIn = (reader: Reader): { test: CharacterTest; code?: number } => {
  const found = escaped(reader.text.slice(reader.at, reader.at + 50));
  if (!found) return refuse('an escape in it is unknown, or refers back, which could take for ever');
  reader.at += found.length;
  return found;
};

/** One character or set inside of brackets. */
const classPart = (reader: Reader): { test: CharacterTest; code?: number } => {
  if (takes(reader, '\\b')) return { test: only(8), code: 8 };
  if (takes(reader, '\\')) return escapeIn(reader);
  const code = advance(reader);
  return { test: only(code), code };
};

const bracketed = (reader: Reader): Pattern => {
  const negated = takes(reader, '^');
  const tests: CharacterTest[] = [];
  while (!takes(reader, ']')) {
    if (reader.at >= reader.text.length) refuse('a [ in it is never closed');
    const first = classPart(reader);
    const isRange = reader.text[reader.at] === '-' && reader.text[reader.at + 1] !== ']' && first.code !== undefined;
    if (!isRange) {
      tests.push(first.test);
      continue;
    }
    reader.at++;
    const last = classPart(reader);
    if (last.code === undefined || last.code < (first.code ?? 0)) refuse('a range in its brackets is out of order');
    tests.push(inRange(first.code ?? 0, last.code ?? 0));
  }
  return character(anyOf(tests, negated));
};

const grouped = (reader: Reader): Pattern => {
  if (++reader.depth > deepest) refuse('its groups nest too deeply');
  let number: number | undefined;
  const named = /^\?<([A-Za-z]\w*)>/.exec(reader.text.slice(reader.at, reader.at + 60));
  if (named) {
    number = ++reader.groups;
    reader.names.set(named[1] ?? '', number);
    reader.at += named[0].length;
  } else if (!takes(reader, '?:')) {
    if (reader.text[reader.at] === '?') refuse('it looks around or sets flags, which is not supported');
    number = ++reader.groups;
  }
  const inner = either(reader);
  if (!takes(reader, ')')) refuse('a ( in it is never closed');
  reader.depth--;
  return number === undefined ? inner : { kind: 'group', inner, number };
};

const atom = (reader: Reader): Pattern => {
  if (takes(reader, '(')) return grouped(reader);
  if (takes(reader, '[')) return bracketed(reader);
  if (takes(reader, '.')) return character(anything);
  if (takes(reader, '^')) return { kind: 'spot', spot: 'start' };
  if (takes(reader, '$')) return { kind: 'spot', spot: 'end' };
  if (takes(reader, '\\b')) return { kind: 'spot', spot: 'edge' };
  if (takes(reader, '\\B')) return { kind: 'spot', spot: 'inside' };
  if (takes(reader, '\\')) return character(escapeIn(reader).test);
  if (/^[*+?]/.test(reader.text.charAt(reader.at))) refuse('a repetition in it has nothing to repeat');
  return character(only(advance(reader)));
};

const counts = (reader: Reader): readonly [number, number] | undefined => {
  if (takes(reader, '*')) return [0, Infinity];
  if (takes(reader, '+')) return [1, Infinity];
  if (takes(reader, '?')) return [0, 1];
  const braces = /^\{(\d{1,6})(,(\d{0,6}))?\}/.exec(reader.text.slice(reader.at, reader.at + 20));
  if (!braces) return undefined;
  reader.at += braces[0].length;
  const least = Number(braces[1]);
  if (braces[2] === undefined) return [least, least];
  return [least, braces[3] === '' ? Infinity : Number(braces[3])];
};

const repeated = (reader: Reader): Pattern => {
  const inner = atom(reader);
  const [least, most] = counts(reader) ?? [1, 1];
  if (least === 1 && most === 1) return inner;
  if (least > most || least > mostRepeats || (most !== Infinity && most > mostRepeats))
    refuse(`its repetitions must be in order and at most ${mostRepeats}`);
  const lazy = takes(reader, '?');
  if (/^[*+?]/.test(reader.text.charAt(reader.at))) refuse('a repetition in it is repeated');
  return { kind: 'repeat', inner, least, most, lazy };
};

const sequence = (reader: Reader): Pattern => {
  const parts: Pattern[] = [];
  while (reader.at < reader.text.length && !/^[|)]/.test(reader.text.charAt(reader.at))) parts.push(repeated(reader));
  return { kind: 'sequence', parts };
};

const either = (reader: Reader): Pattern => {
  const options = [sequence(reader)];
  while (takes(reader, '|')) options.push(sequence(reader));
  return options.length === 1 ? (options[0] as Pattern) : { kind: 'either', options };
};

const isFault = (thrown: unknown): thrown is Fault => typeof thrown === 'object' && thrown !== null && 'why' in thrown;

/** Answers why it is refused, or the tree. */
export const parsePattern = (text: string): ParsedPattern | Fault => {
  if (text.length > longest) return { why: `it is longer than ${longest} characters` };
  const reader: Reader = { text, at: 0, depth: 0, groups: 0, names: new Map() };
  try {
    const pattern = either(reader);
    if (reader.at < text.length) return { why: 'a ) in it was never opened' };
    return { pattern, groups: reader.groups, names: reader.names };
  } catch (thrown) {
    if (isFault(thrown)) return thrown;
    throw thrown;
  }
};
