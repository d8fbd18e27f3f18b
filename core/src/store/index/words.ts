/** Turns values into words, the texts by which they are found; the same functions make the words that are stored and those that are looked for. */
import { createHash } from 'node:crypto';
import { cleared, fold, isPlain } from '../../fhir/search/fold.ts';
import { longestStart, longestWithin } from '../../fhir/search/limits.ts';

/** Parts the halves of a word. Lower than every character that a value can hold, so that all words of one first half lie together. */
export const seam = '\u0001';

/** A B-tree takes no key of more than a third of a page. What is cut still leads to the right place; longer values are told apart by a digest. */
export const longest = longestStart;

export const short = (text: string): string =>
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

/** What stands under the key that says no more than that something is there; of a reference perhaps of which type, which no id can be taken for. */
export const thereWord = (type?: string): string => (type === undefined ? '1' : `#${seam}${type}`);

/** An address outside of this server; of a canonical one perhaps with its version. */
export const outsideWord = (url: string, version = ''): string =>
  `${short(cleared(url))}${seam}${short(cleared(version))}`;

/** Every word of an address, whatever its version. */
export const anyVersion = (url: string): string => `${short(cleared(url))}${seam}`;

export const uriWord = (uri: string): string => `${short(cleared(uri))}${seam}`;

/** The identifier of what a reference leads to, with its type where that is known. */
export const referenceIdentifierWord = (system: string, value: string, type: string): string =>
  `${tokenWord(system, value)}${seam}${type}`;

/** An identifier by its value first: it tells most. */
export const typedIdentifierWord = (system: string, code: string, value: string): string =>
  [value, system, code].map((text) => short(cleared(text))).join(seam);

/** A place on earth, in degrees. */
export const placeWord = (latitude: number, longitude: number): string => `${latitude}${seam}${longitude}`;

/** Of a cut string the first half is only its beginning: searches look into it, and its mark keeps it from being taken for the end. */
const cut = (folded: string): string => (folded.length <= longest ? folded : `${folded.slice(0, longest)}\u0002`);

export const stringWord = (text: string): string => `${cut(fold(text))}${seam}${short(cleared(text))}`;

/** Names of so many words are no names. */
const mostWords = 20;

/** R4 search.html#string: each part of a family name of several is found by itself. One word for each that is not the first, with all that follows it. */
export const partWords = (family: string): string[] => {
  if (family.length > longest || !/[^A-Za-z]/.test(family)) return [];
  const words = fold(family).split(' ').slice(0, mostWords);
  return words.slice(1).map((_, nth) => `${cut(words.slice(nth + 1).join(' '))}${seam}${short(cleared(family))}`);
};

/** Whatever is no longer than this stands whole in one of the pieces of a long string. */
export const overlap = longestWithin;

/** A piece of a long string, and its end. */
export const pieceWord = (piece: string): string => `2${seam}${piece}`;
export const tailWord = (piece: string): string => `3${seam}${piece}`;

/** Nothing of strings that an entry holds whole. */
export const pieceWords = (text: string): string[] => {
  // On the way of every write: most strings are told to be short without being folded once more.
  if (text.length <= longest && isPlain(text)) return [];
  const folded = fold(text);
  if (folded.length <= longest) return [];
  const count = Math.ceil((folded.length - overlap) / (longest - overlap));
  const pieces = Array.from({ length: count }, (_, n) => folded.slice(n * (longest - overlap)).slice(0, longest));
  return [...pieces.map(pieceWord), tailWord(folded.slice(-overlap))];
};

/** The end of the words that begin with `start`. */
export const after = (start: string): string => `${start}\u{10ffff}`;

/** What the word of a reference leads to: a resource of this server, or an address. */
export const referenceOfWord = (
  word: string,
): {
  readonly target?: { readonly type: string; readonly id: string };
  readonly url?: string;
  readonly version: string;
} => {
  const [first = '', second = ''] = word.split(seam, 2);
  return /^[A-Z][A-Za-z]*$/.test(second) && !first.includes('/')
    ? { target: { type: second, id: first }, version: '' }
    : { url: first, version: second };
};
