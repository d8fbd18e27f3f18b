/** Cuts a FHIRPath expression into tokens; refuses characters, escapes and comments that the grammar does not know. */
import { syntaxFault, type Column } from './faults.ts';

export type TokenKind = 'name' | 'delimited' | 'string' | 'number' | 'date' | 'dateTime' | 'time' | 'symbol' | 'end';

export interface Token {
  readonly kind: TokenKind;
  /** Without quotation marks and with its escapes read; of a date without the `@`. */
  readonly text: string;
  readonly column: Column;
}

export const longestExpression = 20_000;

const blank = /(?:[ \t\r\n]+|\/\/[^\r\n]*|\/\*[^]*?\*\/)+/y;
const time = String.raw`\d\d(?::\d\d(?::\d\d(?:\.\d+)?)?)?`;
const zone = String.raw`(?:Z|[+-]\d\d:\d\d)?`;
const day = String.raw`\d{4}(?:-\d\d(?:-\d\d)?)?`;

const forms: readonly (readonly [TokenKind, RegExp])[] = [
  ['time', new RegExp(`@T${time}`, 'y')],
  ['dateTime', new RegExp(`@${day}T(?:${time}${zone})?`, 'y')],
  ['date', new RegExp(`@${day}`, 'y')],
  ['number', /\d+(?:\.\d+)?/y],
  ['name', /[A-Za-z_]\w*|\$(?:this|index|total)\b/y],
  ['string', /'(?:[^'\\]|\\[^])*'/y],
  ['delimited', /`(?:[^`\\]|\\[^])*`/y],
  ['symbol', /!=|!~|<=|>=|[.,()[\]{}+\-*/&|<>=~%]/y],
];

const escapes: Readonly<Record<string, string>> = {
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  '\\': '\\',
  '/': '/',
  "'": "'",
  '"': '"',
  '`': '`',
};

const unescaped = (quoted: string, column: Column): string =>
  quoted.slice(1, -1).replace(/\\(u[\da-fA-F]{4}|[^])/g, (_, escape: string, place: number) => {
    if (escape.length === 5) return String.fromCharCode(Number.parseInt(escape.slice(1), 16));
    const character = Object.hasOwn(escapes, escape) ? escapes[escape] : undefined;
    if (character !== undefined) return character;
    throw syntaxFault(column + 1 + place, 'there is no such escape: write \\\\ for a backslash');
  });

const tokenText = (kind: TokenKind, text: string, column: Column): string => {
  if (kind === 'string' || kind === 'delimited') return unescaped(text, column);
  return text.startsWith('@') ? text.slice(1) : text;
};

const tokenAt = (text: string, at: number): { token: Token; end: number } => {
  for (const [kind, form] of forms) {
    form.lastIndex = at;
    const found = form.exec(text)?.[0];
    if (found !== undefined)
      return { token: { kind, text: tokenText(kind, found, at + 1), column: at + 1 }, end: at + found.length };
  }
  const unclosed = /^(?:['`]|\/\*)/.exec(text.slice(at, at + 2));
  throw syntaxFault(at + 1, unclosed ? `this ${unclosed[0]} is never closed` : 'this character has no meaning here');
};

const afterBlanks = (text: string, at: number): number => {
  blank.lastIndex = at;
  return at + (blank.exec(text)?.[0].length ?? 0);
};

/** Ends with a token of kind `end`. */
export const tokens = (text: string): Token[] => {
  if (text.length > longestExpression)
    throw syntaxFault(1, `an expression has at most ${longestExpression} characters`);
  const found: Token[] = [];
  for (let at = afterBlanks(text, 0); at < text.length;) {
    if (text.startsWith('/*', at)) throw syntaxFault(at + 1, 'this /* is never closed');
    const { token, end } = tokenAt(text, at);
    found.push(token);
    at = afterBlanks(text, end);
  }
  found.push({ kind: 'end', text: '', column: text.length + 1 });
  return found;
};
