/** Works on the text of JSON that JSON.parse takes: what stands outside its strings, its text without blanks, its members. */

/** The text of one member of an object, key and value. */
export interface Member {
  readonly key: string;
  readonly text: string;
  readonly value: string;
}

const quote = 34;
const plus = 43;
const minus = 45;
const dot = 46;
const zero = 48;
const nine = 57;
const colon = 58;
const backslash = 92;

/** The place of the quotation mark that ends the string which begins at `from`; of what is no JSON, the end of the text. */
const endOfString = (text: string, from: number): number => {
  for (let at = text.indexOf('"', from + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let before = at;
    while (text.charCodeAt(before - 1) === backslash) before--;
    if ((at - before) % 2 === 0) return at;
  }
  return text.length;
};

/** Whether a number, as it is written, comes back otherwise from JavaScript. The quick answers first: nearly all numbers are plain. */
const isLossy = (text: string, from: number, to: number): boolean => {
  const token = text.slice(from, to);
  if (token.length <= 15 && /^-?(?:[1-9]\d*|(?:[1-9]\d*|0)\.\d{0,4}[1-9])$/.test(token)) return false;
  return String(Number(token)) !== token;
};

const endOfNumber = (text: string, from: number): number => {
  let at = from + 1;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if ((code < zero || code > nine) && code !== dot && code !== 101 && code !== 69 && code !== plus && code !== minus)
      break;
  }
  return at;
};

/** What stands outside the strings. */
export interface Survey {
  readonly hasBlanks: boolean;
  readonly names: number;
  /** Where numbers stand that lose digits in JavaScript: their begins and ends, in turn. */
  readonly lossy: readonly number[];
}

const none: readonly number[] = [];

export const surveyed = (text: string): Survey => {
  let names = 0;
  let hasBlanks = false;
  let lossy: number[] | undefined;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) at = endOfString(text, at);
    else if (code === colon) names++;
    else if (code <= 32) hasBlanks = true;
    else if (code === minus || (code >= zero && code <= nine)) {
      const end = endOfNumber(text, at);
      if (isLossy(text, at, end)) (lossy ??= []).push(at, end);
      at = end - 1;
    }
  }
  return { hasBlanks, names, lossy: lossy ?? none };
};

/** Without the blanks between tokens; numbers and strings stay as they were written. No regular expression walks over a string: one of megabytes would end V8's patience. */
export const withoutBlanks = (text: string): string => {
  const pieces: string[] = [];
  for (let at = 0; at < text.length;) {
    const next = text.indexOf('"', at);
    const between = text.slice(at, next === -1 ? text.length : next);
    pieces.push(between.replace(/\s+/g, ''));
    if (next === -1) break;
    const end = endOfString(text, next) + 1;
    pieces.push(text.slice(next, end));
    at = end;
  }
  return pieces.join('');
};

/** Splits the text of a compact JSON object into its members. */
export const members = (object: string): Member[] => {
  const found: Member[] = [];
  let depth = 0;
  let start = 1;
  let parted = 0;
  for (let at = 0; at < object.length; at++) {
    const char = object[at];
    if (char === '"') at = endOfString(object, at);
    else if (char === '{' || char === '[') depth++;
    else if (char === ':' && depth === 1 && parted === 0) parted = at;
    if (char === '}' || char === ']') depth--;
    if ((char === ',' && depth === 1) || depth === 0) {
      if (parted > 0)
        found.push({
          key: String(JSON.parse(object.slice(start, parted))),
          text: object.slice(start, at),
          value: object.slice(parted + 1, at),
        });
      start = at + 1;
      parted = 0;
    }
  }
  return found;
};
