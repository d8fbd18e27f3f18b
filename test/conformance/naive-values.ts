/** How one value of a resource answers one search value, kind by kind, straight from R4 search.html: slow, plain, and sharing nothing with the code that it judges. */
import { at, listAt, type Json } from './asked.ts';

/** Both ends belong to it. */
export interface Span {
  readonly low: bigint;
  readonly high: bigint;
}

const [never, ever] = [-(10n ** 30n), 10n ** 30n];

/** What R4 search.html#date says a date of any precision stands for, in nanoseconds since 1970; without a zone it is UTC here. */
export const spanOf = (text: string): Span => {
  const [, date = '', time = '', zone = 'Z'] = /^([\d-]+)(?:T([\d:.]+)(Z|[+-]\d\d:\d\d)?)?$/.exec(text) ?? [];
  const [year = 0, month, day] = date.split('-').map(Number);
  const ns = (ms: number): bigint => BigInt(ms) * 1_000_000n;
  const days = (from: number, to: number): Span => ({ low: ns(from), high: ns(to) - 1n });
  if (month === undefined) return days(Date.UTC(year, 0), Date.UTC(year + 1, 0));
  if (day === undefined) return days(Date.UTC(year, month - 1), Date.UTC(year, month));
  if (time === '') return days(Date.UTC(year, month - 1, day), Date.UTC(year, month - 1, day + 1));
  const [clock = '', fraction = ''] = time.split('.');
  const hasSeconds = clock.length > 5;
  const from = ns(Date.parse(`${date}T${clock}${hasSeconds ? '' : ':00'}${zone}`)) + BigInt(fraction.padEnd(9, '0'));
  const width = hasSeconds ? 10n ** BigInt(9 - fraction.length) : 60_000_000_000n;
  return { low: from, high: from + width - 1n };
};

/** R4: an instant is a point, however few digits its seconds have. */
export const pointOf = (text: string): Span => ({ low: spanOf(text).low, high: spanOf(text).low });

export const outer = (start: unknown, end: unknown): Span => ({
  low: typeof start === 'string' ? spanOf(start).low : never,
  high: typeof end === 'string' ? spanOf(end).high : ever,
});

/** R4: of a Timing only the outer limits matter. */
export const timingSpan = (timing: unknown): Span => {
  const bounds = at(timing, 'repeat', 'boundsPeriod');
  const spans = listAt(timing, 'event').map((event) => spanOf(String(event)));
  if (bounds !== undefined) spans.push(outer(at(bounds, 'start'), at(bounds, 'end')));
  return spans.reduce((one, other) => ({
    low: one.low < other.low ? one.low : other.low,
    high: one.high > other.high ? one.high : other.high,
  }));
};

const within = (asked: Span, stored: Span): boolean => stored.low >= asked.low && stored.high <= asked.high;

/** R4 search.html#prefix. */
export const dateRules: Readonly<Record<string, (asked: Span, stored: Span, now: bigint) => boolean>> = {
  eq: within,
  ne: (asked, stored) => !within(asked, stored),
  gt: (asked, stored) => stored.high > asked.high,
  lt: (asked, stored) => stored.low < asked.low,
  ge: (asked, stored) => stored.high > asked.high || within(asked, stored),
  le: (asked, stored) => stored.low < asked.low || within(asked, stored),
  sa: (asked, stored) => stored.low > asked.high,
  eb: (asked, stored) => stored.high < asked.low,
  // A tenth of the gap between now and the date, on either side.
  ap: (asked, stored, now) => {
    const gap = now - (asked.low + asked.high) / 2n;
    const slack = (gap < 0n ? -gap : gap) / 10n;
    return stored.low <= asked.high + slack && stored.high >= asked.low - slack;
  },
};

/** R4 search_filter.html: the item's period includes the value; both overlap. */
export const periodRules: typeof dateRules = {
  co: (asked, stored) => stored.low <= asked.low && stored.high >= asked.high,
  po: (asked, stored) => stored.low <= asked.high && stored.high >= asked.low,
};

export const prefixed = (text: string): readonly [prefix: string, rest: string] =>
  Object.hasOwn({ ...dateRules, ...periodRules }, text.slice(0, 2)) ? [text.slice(0, 2), text.slice(2)] : ['eq', text];

const scale = 24;

/** A decimal as a whole number of the twenty-fourth part behind the point. */
export const exact = (text: string): bigint => {
  const [, sign = '', whole = '', fraction = '', power = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/.exec(text) ?? [];
  const digits = BigInt(whole + fraction) * 10n ** BigInt(scale + Number(power) - fraction.length);
  return sign === '-' ? -digits : digits;
};

/** R4 search.html#number: half of what its last digit stands for, to either side; 1e2 are the numbers from 95 to 105. */
const halfOf = (text: string): bigint => {
  const [number = '', power] = text.replace('-', '').split(/e/);
  const single = power !== undefined && number.length === 1 ? 1 : 0;
  const exponent = /e(.*)$/.exec(text)?.[1] ?? '0';
  const places = (number.split('.')[1] ?? '').length - Number(exponent) + single;
  return (5n * 10n ** BigInt(scale - places)) / 10n;
};

/** Open where nothing is said. */
export const numberSpan = (low: unknown, high: unknown): Span => ({
  low: typeof low === 'number' ? exact(String(low)) : -(10n ** 60n),
  high: typeof high === 'number' ? exact(String(high)) : 10n ** 60n,
});

interface AskedNumber extends Span {
  readonly value: bigint;
}

/** `high` does not belong to it, but of `ap` it does. */
const askedNumber = (
  prefix: string,
  text: string,
  convert: (value: bigint) => bigint = (value) => value,
): AskedNumber => {
  const value = exact(text);
  const half = prefix === 'ap' ? (value < 0n ? -value : value) / 10n : halfOf(text);
  return { value: convert(value), low: convert(value - half), high: convert(value + half) };
};

/** R4 search.html#number: prefixes that order take the number as it is, whatever its digits. */
const numberRules: Readonly<Record<string, (asked: AskedNumber, stored: Span) => boolean>> = {
  eq: (asked, stored) => stored.low >= asked.low && stored.high < asked.high,
  ne: (asked, stored) => stored.low < asked.low || stored.high >= asked.high,
  gt: (asked, stored) => stored.high > asked.value,
  lt: (asked, stored) => stored.low < asked.value,
  ge: (asked, stored) => stored.high >= asked.value,
  le: (asked, stored) => stored.low <= asked.value,
  sa: (asked, stored) => stored.low > asked.value,
  eb: (asked, stored) => stored.high < asked.value,
  ap: (asked, stored) => stored.low <= asked.high && stored.high >= asked.low,
};

export const isNumber = (text: string, stored: Span): boolean => {
  const [prefix, rest] = prefixed(text);
  return numberRules[prefix]?.(askedNumber(prefix, rest), stored) ?? false;
};

interface Measure {
  readonly of: string;
  readonly times: bigint;
  readonly by: bigint;
  readonly plus?: bigint;
}

/** UCUM, as far as the tests go. */
const measures: Readonly<Record<string, Measure>> = {
  g: { of: 'mass', times: 1n, by: 1n },
  mg: { of: 'mass', times: 1n, by: 1_000n },
  kg: { of: 'mass', times: 1_000n, by: 1n },
  'mm[Hg]': { of: 'pressure', times: 1n, by: 1n },
  '%': { of: 'ratio', times: 1n, by: 100n },
  Cel: { of: 'temperature', times: 1n, by: 1n, plus: exact('273.15') },
  K: { of: 'temperature', times: 1n, by: 1n },
};

const ucum = 'http://unitsofmeasure.org';

const toBase =
  ({ times, by, plus = 0n }: Measure) =>
  (value: bigint): bigint =>
    (value * times) / by + plus;

/** R4 search.html#quantity: `[prefix][number]|[system]|[code]`. */
export const isQuantity = (text: string, quantity: unknown): boolean => {
  const number = at(quantity, 'value');
  if (typeof number !== 'number') return false;
  const value = exact(String(number));
  const mark = at(quantity, 'comparator');
  // R4 datatypes.html#Quantity.comparator: the true value lies somewhere on one side, perhaps at the end itself.
  const lies = (end: bigint): Span => ({
    low: mark === '<' || mark === '<=' ? -(10n ** 60n) : end + (mark === '>' ? 1n : 0n),
    high: mark === '>' || mark === '>=' ? 10n ** 60n : end - (mark === '<' ? 1n : 0n),
  });
  const [asked = '', system, code = ''] = text.split('|');
  const [prefix, rest] = prefixed(asked);
  const rule = numberRules[prefix];
  const plain = (): boolean => rule?.(askedNumber(prefix, rest), lies(value)) ?? false;
  if (system === undefined) return plain();
  if (system === '') return [at(quantity, 'code'), at(quantity, 'unit')].includes(code) && plain();
  if (at(quantity, 'system') !== system) return false;
  const [mine, theirs] = [measures[code], measures[String(at(quantity, 'code'))]];
  if (system !== ucum || !mine) return at(quantity, 'code') === code && plain();
  if (mine.of !== theirs?.of) return false;
  return rule?.(askedNumber(prefix, rest, toBase(mine)), lies(toBase(theirs)(value))) ?? false;
};

/** The scripts whose marks are accents; in others they are vowels. */
const accented = /^(?:\p{Script=Latin}|\p{Script=Greek}|\p{Script=Cyrillic}|\p{Script=Arabic}|\p{Script=Hebrew})$/u;

const letters = (text: string): string => {
  let last = '';
  return Array.from(text.normalize('NFKD'))
    .filter((character) => {
      if (!/\p{M}/u.test(character)) last = character;
      return last === character || !accented.test(last);
    })
    .join('')
    .normalize('NFC');
};

/** Signs that mean something by themselves, such as 5%. */
const meant = new Set('_%&@#*');

/** R4 search.html#string: neither case nor accents nor punctuation count, nor how many blanks part words. An apostrophe parts none. */
export const plainText = (text: string): string =>
  Array.from(letters(text.replace(/['\u2019\u00b4]/g, '')))
    .map((character) => (/\p{P}/u.test(character) && !meant.has(character) ? ' ' : character))
    .join('')
    // Small sigmas are two, and capital ones are one.
    .toUpperCase()
    .split(/\s+/)
    .filter((word) => word !== '')
    .join(' ');

/** R4 search_filter.html, of character sequences. */
const stringRules: Readonly<Record<string, (there: string, wanted: string) => boolean>> = {
  'filter-sw': (there, wanted) => there.startsWith(wanted),
  'filter-eq': (there, wanted) => there === wanted,
  'filter-ne': (there, wanted) => there !== wanted,
  'filter-gt': (there, wanted) => there > wanted,
  'filter-ge': (there, wanted) => there >= wanted,
  'filter-lt': (there, wanted) => there < wanted,
  'filter-le': (there, wanted) => there <= wanted,
};

/** R4 search.html#string: a family name of several parts is found by each of them. */
export const isString = (modifier: string, asked: string, stored: string, isFamily = false): boolean => {
  if (modifier === 'exact') return stored === asked;
  const [wanted, there] = [plainText(asked), plainText(stored)];
  const inOrder = stringRules[modifier];
  if (inOrder) return inOrder(there.toLowerCase(), wanted.toLowerCase());
  if (modifier === 'contains') return there.includes(wanted);
  return there.startsWith(wanted) || (isFamily && stored.length <= 400 && ` ${there}`.includes(` ${wanted}`));
};

/** `system` is undefined where none is said; `implied` is that of a code's binding. */
export interface Token {
  readonly system?: unknown;
  readonly code?: unknown;
  readonly implied?: string;
  /** R4: what is a string underneath is compared without case. */
  readonly folds?: true;
}

/** R4 search.html#token: `code`, `system|code`, `|code`, `system|`. */
export const isToken = (system: string | undefined, code: string, token: Token): boolean => {
  const same = token.folds ? String(token.code).toLowerCase() === code.toLowerCase() : token.code === code;
  if (code !== '' && !same) return false;
  if (system === undefined) return true;
  if (system === '') return token.system === undefined;
  return token.system === system || token.implied === system;
};

export const wordsIn = (text: string): string[] => plainText(text).match(/[\p{L}\p{N}]+/gu) ?? [];

/** Some run of words begins so. */
export const hasWords = (text: string, asked: string): boolean =>
  ` ${wordsIn(text).join(' ')}`.includes(` ${wordsIn(asked).join(' ')}`);

/** Some run of whole words is this one. */
export const hasPhrase = (text: string, asked: string): boolean =>
  ` ${wordsIn(text).join(' ')} `.includes(` ${wordsIn(asked).join(' ')} `);

export const withoutTags = (div: unknown): string => (typeof div === 'string' ? div.replace(/<[^>]*>/g, ' ') : '');

/** Every text of a resource, each by itself. */
export const textsOf = (value: unknown): string[] => {
  if (typeof value === 'string') return [value.startsWith('<div') ? withoutTags(value) : value];
  return typeof value === 'object' && value !== null ? Object.values(value as Json).flatMap(textsOf) : [];
};
