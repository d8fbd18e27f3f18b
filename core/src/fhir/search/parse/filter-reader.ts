/** Takes the text of a _filter apart, piece by piece and always from its left; says at which character it stops to understand. */
import { invalid } from '../../../outcome/outcome.ts';
import { checkText } from './text.ts';

export interface FilterReader {
  readonly text: string;
  /** Where the next piece begins, or blanks before it. */
  at: number;
}

const mostPieces = 500;

const piece = /[()[\]]|"(?:[^"\\]|\\.)*"|[^\s()[\]"]+/g;

export const filterReader = (text: string): FilterReader => {
  if ((text.match(piece)?.length ?? 0) > mostPieces)
    throw invalid('_filter', `_filter takes at most ${mostPieces} words, brackets and values`);
  return { text, at: 0 };
};

/** What a pattern finds behind blanks. */
const next = (
  { text, at }: FilterReader,
  pattern: RegExp,
): { readonly found: string; readonly to: number } | undefined => {
  const blanks = /\s*/y;
  blanks.lastIndex = at;
  blanks.exec(text);
  const sticky = new RegExp(pattern, 'y');
  sticky.lastIndex = blanks.lastIndex;
  const [found] = sticky.exec(text) ?? [];
  return found === undefined ? undefined : { found, to: sticky.lastIndex };
};

const anything = /[()[\]"]|[^\s()[\]"]+/;

export const isAtEnd = (reader: FilterReader): boolean => next(reader, anything) === undefined;

export const expected = (reader: FilterReader, what: string): Error => {
  const there = next(reader, anything);
  const where = there ? `character ${there.to - there.found.length + 1}, '${there.found.slice(0, 40)}'` : 'its end';
  return invalid('_filter', `_filter needs ${what} at ${where}`);
};

const word = /[^\s()[\]"]+/;

/** The name of a parameter, an operator, or a word between filters. */
export const takeWord = (reader: FilterReader, what: string): string => {
  const there = next(reader, word);
  if (!there) throw expected(reader, what);
  reader.at = there.to;
  return there.found;
};

/** Whether it is there; then it is taken. */
export const takesWord = (reader: FilterReader, text: string): boolean => {
  const there = next(reader, word);
  if (there?.found !== text) return false;
  reader.at = there.to;
  return true;
};

/** Behind a bracket, what goes on from what was in it. */
export const takesOnward = (reader: FilterReader): string | undefined => {
  const there = next(reader, /\.[^\s()[\]"]+/);
  if (there) reader.at = there.to;
  return there?.found.slice(1);
};

export const takesSign = (reader: FilterReader, sign: '(' | ')' | '[' | ']'): boolean => {
  const there = next(reader, /[()[\]]/);
  if (there?.found !== sign) return false;
  reader.at = there.to;
  return true;
};

export const takeSign = (reader: FilterReader, sign: '(' | ')' | '[' | ']', what: string): void => {
  if (!takesSign(reader, sign)) throw expected(reader, what);
};

const unquoted = (reader: FilterReader, text: string): string => {
  try {
    return String(JSON.parse(text));
  } catch {
    throw expected(reader, 'a string of JSON');
  }
};

/** R4 search_filter.html: a string of JSON, or whatever stands up to a blank, `)` or `]`. */
export const takeValue = (reader: FilterReader): string => {
  const quoted = next(reader, /"(?:[^"\\]|\\.)*"/);
  const there = quoted ?? next(reader, /[^\s)\]"][^\s)\]]*/);
  if (!there) throw expected(reader, 'a value');
  const value = quoted ? unquoted(reader, quoted.found) : there.found;
  checkText('_filter', value.replaceAll('\\', ''));
  reader.at = there.to;
  return value;
};
