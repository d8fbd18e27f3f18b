/** What R4 lets stand in each primitive, and how to say so; knows nothing of the element that it stands in. */
import { isDate, isDateTime, isInstant, isTime } from './moments.ts';

export interface Primitive {
  readonly is: (value: unknown) => boolean;
  /** Of a number kept as its text, because a JavaScript number would lose digits: may it stand here? */
  readonly isWritten?: (text: string) => boolean;
  /** Follows "must be". */
  readonly says: string;
}

/** R4 datatypes.html#string. */
const longestString = 1024 * 1024;

// oxlint-disable no-control-regex
const hasControls = (text: string): boolean => /[\0-\x08\x0b\x0c\x0e-\x1f]/.test(text);
const isSuspect = (text: string): boolean => /[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]/.test(text);
// oxlint-enable no-control-regex

/** Anything but C0 controls other than tab, line feed and carriage return. Surrogates must come in pairs. */
export const isClean = (text: string): boolean => !isSuspect(text) || (text.isWellFormed() && !hasControls(text));

const isText = (value: unknown): boolean =>
  typeof value === 'string' && value.length > 0 && value.length <= longestString && isClean(value);

/** Not empty, without blanks and controls. A regular expression with one class is the quickest way over a short string. */
const isSolid = (text: string): boolean =>
  text.length > 0 && (!/[^!-~]/.test(text) || (!/\s/.test(text) && !hasControls(text) && text.isWellFormed()));

const isUri = (value: unknown): boolean => typeof value === 'string' && isSolid(value);

/** Single blanks only, and none at either end. */
const isCode = (value: unknown): boolean => {
  if (typeof value !== 'string' || value.length > longestString) return false;
  return isSolid(value) || (value.length > 0 && !/^\s|\s$|\s\s/.test(value) && isClean(value));
};

const isBase64Digit = (code: number): boolean =>
  (code >= 65 && code <= 90) || (code >= 97 && code <= 122) || (code >= 47 && code <= 57) || code === 43;

/** Groups of four, blanks between them; `=` only fills the last group. */
const isBase64 = (value: unknown): boolean => {
  if (typeof value !== 'string') return false;
  let digits = 0;
  let filling = 0;
  for (let at = 0; at < value.length; at++) {
    const code = value.charCodeAt(at);
    if (code === 32 || (code >= 9 && code <= 13)) {
      if ((digits + filling) % 4 !== 0) return false;
      continue;
    }
    if (code === 61) filling++;
    else if (filling > 0 || !isBase64Digit(code)) return false;
    else digits++;
  }
  return digits > 0 && filling <= 2 && (digits + filling) % 4 === 0;
};

const mostDigits = 1000;
const decimal = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d{1,4})?$/;
const integer = /^-?(?:0|[1-9]\d*)$/;

const wholeFrom =
  (least: number, most: number) =>
  (value: unknown): boolean =>
    typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;

const whole = (least: number, most: number, says: string): Primitive => {
  const is = wholeFrom(least, most);
  return { is, isWritten: (text) => integer.test(text) && is(Number(text)), says };
};

/** A string that `passes`. */
const text = (passes: (value: string) => boolean, says: string): Primitive => ({
  is: (value) => typeof value === 'string' && passes(value),
  says,
});

const id = /^[A-Za-z0-9.-]{1,64}$/;
const oid = /^urn:oid:[0-2](?:\.(?:0|[1-9]\d*))+$/;
const uuid = /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

const anyText = 'text that is not empty, has no control characters and is no longer than 1 MB';
const anyUri = 'a URI: not empty and without blanks';
const zoned = 'YYYY-MM-DDThh:mm:ss with a time zone';

/** By name. Narrative is not here: `narrative` judges it. */
export const primitives: Readonly<Record<string, Primitive>> = {
  boolean: { is: (value) => typeof value === 'boolean', says: 'true or false, without quotation marks' },
  string: { is: isText, says: anyText },
  markdown: { is: isText, says: anyText },
  code: { is: isCode, says: 'a code: not empty, single blanks inside and none around it' },
  uri: { is: isUri, says: anyUri },
  url: { is: isUri, says: anyUri },
  canonical: { is: isUri, says: anyUri },
  id: text((value) => id.test(value), 'an id: 1 to 64 of A-Z, a-z, 0-9, - and .'),
  // The bound keeps V8's patience: its expressions climb a stack over what repeats.
  oid: text((value) => value.length <= 4096 && oid.test(value), 'an OID such as urn:oid:1.2.3'),
  uuid: text((value) => uuid.test(value), 'a UUID in lower case, after urn:uuid:'),
  base64Binary: { is: isBase64, says: 'base64: groups of four, not empty' },
  date: text(isDate, 'a day, month or year of the calendar: YYYY-MM-DD, YYYY-MM or YYYY'),
  dateTime: text(isDateTime, `a day, month or year of the calendar, or ${zoned}`),
  instant: text(isInstant, `a moment of the calendar: ${zoned}`),
  time: text(isTime, 'a time of day: hh:mm:ss'),
  decimal: {
    is: (value) => typeof value === 'number' && Number.isFinite(value),
    isWritten: (written) => written.length <= mostDigits && decimal.test(written),
    says: `a number without quotation marks, of at most ${mostDigits} digits`,
  },
  integer: whole(-2147483648, 2147483647, 'a whole number of 32 bits, without a decimal point or quotation marks'),
  unsignedInt: whole(0, 2147483647, 'a whole number from 0 to 2147483647, without a decimal point or quotation marks'),
  positiveInt: whole(1, 2147483647, 'a whole number from 1 to 2147483647, without a decimal point or quotation marks'),
};
