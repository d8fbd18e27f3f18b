/** Turns values into words, the texts by which they are found; the same functions make the words that are stored and those that are looked for. */
import { createHash } from 'node:crypto';
import { cleared, fold } from './fold.ts';

/** Parts the halves of a word. Lower than every character that a value can hold, so that all words of one first half lie together. */
const seam = '\u0001';

/** A B-tree takes no key of more than a third of a page. What is cut still leads to the right place; longer values are told apart by a digest. */
const longest = 400;

const short = (text: string): string =>
  text.length <= longest
    ? text
    : `${text.slice(0, longest)}${createHash('sha256').update(text).digest('base64url').slice(0, 22)}`;

/** The code first: a code without its system is then a leading value. */
export const tokenWord = (system: string, code: string): string =>
  `${short(cleared(code))}${seam}${short(cleared(system))}`;

/** Every word of a code, whatever its system. */
export const anySystem = (code: string): string => `${short(cleared(code))}${seam}`;

export const referenceWord = (type: string, id: string): string => `${id}${seam}${type}`;

export const anyType = (id: string): string => `${id}${seam}`;

/** An address outside of this server. */
export const outsideWord = (url: string): string => `${short(cleared(url))}${seam}`;

export const stringWord = (text: string): string => `${short(fold(text))}${seam}${short(cleared(text))}`;

/** The end of the words that begin with `start`. */
export const after = (start: string): string => `${start}\u{10ffff}`;
