/** Sets of characters as regular expressions write them; refuses escapes without a meaning of their own. */

export type CharacterTest = (code: number) => boolean;

const isDigit: CharacterTest = (code) => code >= 48 && code <= 57;
export const isWord: CharacterTest = (code) =>
  isDigit(code) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122) || code === 95;
const isBlank: CharacterTest = (code) => /^\s$/u.test(String.fromCodePoint(code));

const not =
  (test: CharacterTest): CharacterTest =>
  (code) =>
    !test(code);

const classes: Readonly<Record<string, CharacterTest>> = {
  d: isDigit,
  D: not(isDigit),
  w: isWord,
  W: not(isWord),
  s: isBlank,
  S: not(isBlank),
};

const controls: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, f: 12, v: 11, '0': 0 };

export const only =
  (wanted: number): CharacterTest =>
  (code) =>
    code === wanted;

export const anything: CharacterTest = () => true;

/** What an escape stands for: one character or a set of them. */
export interface Escaped {
  readonly test: CharacterTest;
  /** Of a single character, which can begin or end a range. */
  readonly code?: number;
  readonly length: number;
}

const single = (code: number, length: number): Escaped => ({ test: only(code), code, length });

const property = (text: string): Escaped | undefined => {
  const found = /^[pP]\{[\w=]{1,40}\}/.exec(text)?.[0];
  if (found === undefined) return undefined;
  try {
    const native = new RegExp(`^\\${found}$`, 'u');
    return { test: (code) => native.test(String.fromCodePoint(code)), length: found.length };
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return undefined;
    throw thrown;
  }
};

/** Of the text behind a backslash; undefined when it means nothing, or what cannot be matched in linear time. */
export const escaped = (text: string): Escaped | undefined => {
  const first = text.charAt(0);
  if (Object.hasOwn(classes, first)) return { test: classes[first] as CharacterTest, length: 1 };
  const control = Object.hasOwn(controls, first) && !/^0\d/.test(text) ? controls[first] : undefined;
  if (control !== undefined) return single(control, 1);
  const hex = /^(?:u([\da-fA-F]{4})|x([\da-fA-F]{2})|u\{([\da-fA-F]{1,5})\})/.exec(text);
  if (hex) return single(Number.parseInt(hex[1] ?? hex[2] ?? hex[3] ?? '', 16), hex[0].length);
  if (first === 'p' || first === 'P') return property(text);
  return /^[^A-Za-z0-9]/.test(first) ? single(first.charCodeAt(0), 1) : undefined;
};

export const inRange =
  (from: number, to: number): CharacterTest =>
  (code) =>
    code >= from && code <= to;

export const anyOf = (tests: readonly CharacterTest[], negated: boolean): CharacterTest => {
  const some: CharacterTest = (code) => tests.some((test) => test(code));
  return negated ? not(some) : some;
};
