/** Looks for words in text: what a `_text` or `_content` asks is read once, with and, or, not, brackets and phrases; one way to part words serves whoever searches and whoever is searched. */
import { invalid } from '../../outcome/outcome.ts';
import { fold } from './fold.ts';

/** The words of a text, folded, in their order. */
export const wordsOf = (text: string): string[] => fold(text).match(/[\p{L}\p{N}]+/gu) ?? [];

export type TextTest = (words: readonly string[]) => boolean;

const token = /\s*(?:([()])|"([^"]*)"|([^\s()"]+))/y;

interface Reader {
  readonly tokens: readonly { readonly kind: 'bracket' | 'phrase' | 'word'; readonly text: string }[];
  place: number;
}

/** In R4's own example the operators stand in capitals and in small letters. */
const operator = (reader: Reader): string => {
  const found = reader.tokens[reader.place];
  return found?.kind === 'word' && /^(?:and|or|not)$/i.test(found.text) ? found.text.toLowerCase() : '';
};

const contains =
  (phrase: readonly string[]): TextTest =>
  (words) =>
    phrase.length > 0 && words.some((_, from) => phrase.every((word, at) => words[from + at] === word));

const isBracket = (reader: Reader, text: string): boolean => {
  const found = reader.tokens[reader.place];
  return found?.kind === 'bracket' && found.text === text;
};

const mostTokens = 100;

const tokensOf = (name: string, text: string): Reader['tokens'] => {
  const tokens: Reader['tokens'][number][] = [];
  token.lastIndex = 0;
  for (let match = token.exec(text.trimEnd()); match; match = token.exec(text.trimEnd())) {
    const [, bracket, phrase, word = ''] = match;
    if (tokens.length === mostTokens) throw invalid(name, `${name} takes at most ${mostTokens} words`);
    if (bracket !== undefined) tokens.push({ kind: 'bracket', text: bracket });
    else tokens.push(phrase === undefined ? { kind: 'word', text: word } : { kind: 'phrase', text: phrase });
  }
  return tokens;
};

const one = (reader: Reader, name: string): TextTest => {
  if (operator(reader) === 'not') {
    reader.place++;
    const test = one(reader, name);
    return (words) => !test(words);
  }
  if (isBracket(reader, '(')) {
    reader.place++;
    const test = any(reader, name);
    if (!isBracket(reader, ')')) throw invalid(name, `${name} has a bracket that does not close`);
    reader.place++;
    return test;
  }
  const found = reader.tokens[reader.place++];
  const words = found && found.kind !== 'bracket' ? wordsOf(found.text) : [];
  if (words.length === 0) throw invalid(name, `${name} needs words to look for`);
  return contains(words);
};

/** Words beside each other must all be there. */
const all = (reader: Reader, name: string): TextTest => {
  const tests = [one(reader, name)];
  while (reader.place < reader.tokens.length && operator(reader) !== 'or' && !isBracket(reader, ')')) {
    if (operator(reader) === 'and') reader.place++;
    tests.push(one(reader, name));
  }
  return (words) => tests.every((test) => test(words));
};

const any = (reader: Reader, name: string): TextTest => {
  const tests = [all(reader, name)];
  while (operator(reader) === 'or') {
    reader.place++;
    tests.push(all(reader, name));
  }
  return (words) => tests.some((test) => test(words));
};

export const textTest = (name: string, text: string): TextTest => {
  const reader: Reader = { tokens: tokensOf(name, text), place: 0 };
  const test = any(reader, name);
  if (reader.place < reader.tokens.length)
    throw invalid(name, `${name} cannot be read from its word ${reader.place + 1} on`);
  return test;
};

/** R4 search.html#modifiers: :text on a token looks for the beginning of words in one text that is shown with it. */
export const shownTest = (text: string): TextTest => {
  const wanted = wordsOf(text);
  const last = wanted.length - 1;
  return (words) =>
    wanted.length > 0 &&
    words.some((_, from) =>
      wanted.every((word, at) => {
        const found = words[from + at];
        return at === last ? (found?.startsWith(word) ?? false) : found === word;
      }),
    );
};

const entities: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
  ['nbsp', ' '],
]);

/** The text of a narrative without its tags. */
export const narrativeText = (div: string): string =>
  div
    .replace(/<!--[\s\S]*?-->/g, ' ')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, (whole: string, decimal?: string, hex?: string, name?: string) => {
      const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
      if (name !== undefined) return entities.get(name) ?? whole;
      return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : ' ';
    });

/** Every text of a resource, its narrative without tags. Deep ones are left to the walk's own stack: bodies are at most 160 levels deep. */
export const contentTexts = (value: unknown, key = ''): string[] => {
  if (typeof value === 'string') return [key === 'div' ? narrativeText(value) : value];
  if (typeof value !== 'object' || value === null) return [];
  return Array.isArray(value)
    ? value.flatMap((each) => contentTexts(each, key))
    : Object.entries(value).flatMap(([name, each]) => contentTexts(each, name));
};
