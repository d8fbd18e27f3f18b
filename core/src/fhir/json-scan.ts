/** Finds the first place where a text is not the JSON that FHIR allows, and says why without quoting it; too slow for every body, so only a body in doubt is scanned. */

export interface JsonFault {
  /** Follows "the body". */
  readonly says: string;
  /** Where in the text. */
  readonly at: number;
  /** Where in the value, such as `name[0].given`; empty at the top. */
  readonly path: string;
}

/** Deeper than any resource that the structure check lets through, lists counted too. */
export const deepestJson = 160;

interface Level {
  readonly close: '}' | ']';
  /** The names met, of an object. */
  readonly names: Set<string>;
  name: string;
  place: number;
}

interface Scan {
  readonly text: string;
  at: number;
  readonly levels: Level[];
}

type Fault = string | undefined;

/** A name that cannot be anybody's. */
const shownName = (name: string): string => (/^_?[A-Za-z][A-Za-z0-9]{0,63}$/.test(name) ? name : '*');

const pathOf = ({ levels }: Scan): string =>
  levels
    .map(({ close, name, place }) => (close === ']' ? `[${place}]` : `.${shownName(name)}`))
    .join('')
    .replace(/^\./, '');

const skipBlanks = (scan: Scan): void => {
  for (;;) {
    const code = scan.text.charCodeAt(scan.at);
    if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return;
    scan.at++;
  }
};

const isHigh = (code: number): boolean => code >= 0xd800 && code <= 0xdbff;
const isLow = (code: number): boolean => code >= 0xdc00 && code <= 0xdfff;

/** The code unit that begins at `at`, escaped or not, and where the next begins. */
const unitAt = (text: string, at: number): { readonly code: number; readonly next: number } => {
  const [, hex] = text[at] === '\\' ? (/^\\u([\dA-Fa-f]{4})$/.exec(text.slice(at, at + 6)) ?? []) : [];
  return hex === undefined
    ? { code: text.charCodeAt(at), next: at + 1 }
    : { code: Number.parseInt(hex, 16), next: at + 6 };
};

const halfSurrogate = 'has half of a character (a surrogate without its other half)';

/** Goes on to the next character of a string. */
const character = (scan: Scan): Fault => {
  const { text, at } = scan;
  const { code, next } = unitAt(text, at);
  const isEscape = text[at] === '\\' && next === at + 1;
  if (Number.isNaN(code)) return 'ends inside a string';
  if (isEscape && !/["\\/bfnrt]/.test(text[at + 1] ?? '')) return 'has a \\ that begins no escape of JSON';
  if (code < 32 && next === at + 1) return 'has a control character inside a string: write it as an escape';
  if (code === 0) return 'has the character U+0000, which FHIR does not allow';
  if (code >= 0xfffe) return 'has U+FFFE or U+FFFF, which are no characters and which XML cannot say';
  if (isLow(code)) return halfSurrogate;
  const pair = isHigh(code) ? unitAt(text, next) : undefined;
  if (pair && !isLow(pair.code)) return halfSurrogate;
  scan.at = pair?.next ?? next + Number(isEscape);
};

/** Walks over a string; the walk stands at its first quotation mark. */
const string = (scan: Scan): Fault => {
  scan.at++;
  while (scan.text[scan.at] !== '"') {
    const fault = character(scan);
    if (fault) return fault;
  }
  scan.at++;
};

const scalar = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

const unexpected = (text: string, at: number): string => {
  if (at >= text.length) return 'ends too early';
  if (text[at] === "'") return 'has a single quotation mark where a value should stand: JSON has double ones only';
  if (text[at] === '}' || text[at] === ']') return 'has a comma or colon with nothing behind it';
  return 'has something that is no JSON value';
};

/** Walks over a value, or into an object or a list. */
const value = (scan: Scan): Fault => {
  const { text, at, levels } = scan;
  const first = text[at];
  if (first === '"') return string(scan);
  if (first === '{' || first === '[') {
    if (levels.length >= deepestJson) return `is nested more than ${deepestJson} deep`;
    levels.push({ close: first === '{' ? '}' : ']', names: new Set(), name: '', place: -1 });
    scan.at++;
    return;
  }
  scalar.lastIndex = at;
  const length = scalar.exec(text)?.[0].length ?? 0;
  scan.at += length;
  return length === 0 ? unexpected(text, at) : undefined;
};

/** Walks over a name and its colon. */
const name = (scan: Scan, level: Level): Fault => {
  const from = scan.at;
  if (scan.text[from] !== '"')
    return scan.at >= scan.text.length ? 'ends too early' : 'has no name in double quotation marks here';
  const fault = string(scan);
  if (fault) return fault;
  level.name = String(JSON.parse(scan.text.slice(from, scan.at)));
  if (level.names.has(level.name)) {
    scan.at = from;
    return 'has the same member twice';
  }
  level.names.add(level.name);
  skipBlanks(scan);
  if (scan.text[scan.at] !== ':') return 'has a name without a colon behind it';
  scan.at++;
  skipBlanks(scan);
};

/** Leaves all levels that end here, and the comma behind. True when another member must follow. */
const leave = (scan: Scan): boolean | string => {
  for (;;) {
    skipBlanks(scan);
    const level = scan.levels.at(-1);
    const next = scan.text[scan.at];
    if (!level) return next === undefined ? false : 'goes on after its end';
    if (next === ',') {
      scan.at++;
      skipBlanks(scan);
      return true;
    }
    if (next !== level.close) return next === undefined ? 'ends too early' : 'lacks a comma or a bracket';
    scan.levels.pop();
    scan.at++;
  }
};

/** The next value, with its name if it stands in an object. */
const member = (scan: Scan): Fault => {
  const level = scan.levels.at(-1);
  if (level) level.place++;
  return (level?.close === '}' ? name(scan, level) : undefined) ?? value(scan);
};

/** Whether the walk went into an object or a list that has something in it. */
const isInside = (scan: Scan, depth: number): boolean => {
  skipBlanks(scan);
  return scan.levels.length > depth && scan.text[scan.at] !== scan.levels.at(-1)?.close;
};

const firstFault = (scan: Scan): Fault => {
  if (scan.text.startsWith('\ufeff')) return 'begins with a byte order mark: send UTF-8 without one';
  skipBlanks(scan);
  for (;;) {
    const depth = scan.levels.length;
    const fault = member(scan);
    if (fault) return fault;
    if (isInside(scan, depth)) continue;
    const more = leave(scan);
    if (more !== true) return more === false ? undefined : more;
  }
};

export const jsonFault = (text: string): JsonFault | undefined => {
  const scan: Scan = { text, at: 0, levels: [] };
  const says = firstFault(scan);
  return says === undefined ? undefined : { says, at: scan.at, path: pathOf(scan) };
};

export const lineAndColumn = (text: string, at: number): string => {
  const before = text.slice(0, at);
  const line = before.split('\n').length;
  return `line ${line} column ${at - before.lastIndexOf('\n')}`;
};
