/** Reads JSON so that every number can be written again with the digits it came with; a text whose numbers JavaScript keeps anyway costs nothing more. */
import { surveyed } from './json-text.ts';
import { writtenNumber } from './written-number.ts';

export const hasLossyNumbers = (text: string): boolean => surveyed(text).lossy.length > 0;

/** U+0000, which no text that was let in holds: a string that begins so is a number of ours. */
const mark = '\\u0000';

const withMarks = (text: string, lossy: readonly number[]): string => {
  const pieces: string[] = [];
  let done = 0;
  for (let at = 0; at + 1 < lossy.length; at += 2) {
    const [from = 0, to = 0] = lossy.slice(at, at + 2);
    pieces.push(text.slice(done, from), `"${mark}`, text.slice(from, to), '"');
    done = to;
  }
  pieces.push(text.slice(done));
  return pieces.join('');
};

const isMarked = (value: unknown): value is string => typeof value === 'string' && value.charCodeAt(0) === 0;

/** Puts the numbers in place of the marked strings, in the value itself. */
const restore = (value: unknown): unknown => {
  if (isMarked(value)) return writtenNumber(value.slice(1));
  if (typeof value !== 'object' || value === null) return value;
  const members = value as Record<string, unknown>;
  for (const key in members) {
    const one = members[key];
    if (isMarked(one))
      // Not an assignment: that of `__proto__` would change what the object is.
      Object.defineProperty(members, key, { ...whole, value: restore(one) });
    else if (typeof one === 'object' && one !== null) restore(one);
  }
  return value;
};

const whole = { writable: true, enumerable: true, configurable: true };

// TypeScript's library does not know the third argument yet; Node 24 has it.
type Reviver = (this: unknown, key: string, value: unknown, context?: { readonly source?: string }) => unknown;

const kept: Reviver = (_key, value, context) =>
  typeof value === 'number' && context?.source !== undefined && context.source !== String(value)
    ? writtenNumber(context.source)
    : value;

/** A reviver is five times as slow as marks, which a text with U+0000 could forge. */
export const parseWritten = (text: string, lossy: readonly number[]): unknown =>
  text.includes(mark) ? JSON.parse(text, kept) : restore(JSON.parse(withMarks(text, lossy)));

/** The text must be JSON. What it answers is written by JSON.stringify with the digits it came with. */
export const parseLossless = (text: string): unknown => {
  const { lossy } = surveyed(text);
  return lossy.length > 0 ? parseWritten(text, lossy) : (JSON.parse(text) as unknown);
};
