/** Reads the JSON of a resource and splits it into what the server owns and the tail it keeps as text; refuses what is not one JSON object with a resourceType. */
import { malformed } from '../outcome/outcome.ts';

export interface Resource {
  readonly resourceType: string;
  readonly id?: string;
  readonly meta?: Readonly<Record<string, unknown>>;
  readonly [element: string]: unknown;
}

/** A resource both as value and as the text it was sent in, which alone knows the digits of its decimals. */
export interface Body {
  readonly resource: Resource;
  readonly text: string;
}

/** The text of one member of an object, key and value. */
interface Member {
  readonly key: string;
  readonly text: string;
  readonly value: string;
}

const isResource = (value: unknown): value is Resource =>
  typeof value === 'object' && value !== null && 'resourceType' in value && typeof value.resourceType === 'string';

const placeOf = (thrown: unknown): string =>
  (/\(line \d+ column \d+\)/.exec(String(thrown)) ?? [''])[0].replace(/[()]/g, '').replace(/^/, ' ').trimEnd();

export const parseBody = (text: string): Body => {
  let resource: unknown;
  try {
    resource = JSON.parse(text);
  } catch (thrown) {
    // V8's own message quotes the text around the fault, which may be a patient's: only the place is told.
    throw malformed(`the body is not JSON${placeOf(thrown)}`);
  }
  if (!isResource(resource)) throw malformed('the body is not a FHIR resource: a JSON object with a resourceType');
  return { resource, text: compact(text) };
};

/** A body made in process, by a plugin or a job. */
export const bodyOf = (resource: Resource): Body => ({ resource, text: JSON.stringify(resource) });

/** The place of the quotation mark that ends the string which begins at `from`. */
const endOfString = (text: string, from: number): number => {
  for (let at = text.indexOf('"', from + 1); ; at = text.indexOf('"', at + 1)) {
    let before = at;
    while (text[before - 1] === '\\') before--;
    if ((at - before) % 2 === 0) return at;
  }
};

/** Without the blanks between tokens; numbers and strings stay as they were written. No regular expression walks over a string: one of megabytes would end V8's patience. */
const compact = (text: string): string => {
  if (!/[\n\r\t]|[:,[{] |^ | $/.test(text)) return text;
  const pieces: string[] = [];
  for (let at = 0; at < text.length;) {
    const quote = text.indexOf('"', at);
    const between = text.slice(at, quote === -1 ? text.length : quote);
    pieces.push(between.replace(/\s+/g, ''));
    if (quote === -1) break;
    const end = endOfString(text, quote) + 1;
    pieces.push(text.slice(quote, end));
    at = end;
  }
  return pieces.join('');
};

/** Splits the text of a compact JSON object into its members. */
const members = (object: string): Member[] => {
  const found: Member[] = [];
  let depth = 0;
  let start = 1;
  let colon = 0;
  for (let at = 0; at < object.length; at++) {
    const char = object[at];
    if (char === '"') at = endOfString(object, at);
    else if (char === '{' || char === '[') depth++;
    else if (char === ':' && depth === 1 && colon === 0) colon = at;
    if (char === '}' || char === ']') depth--;
    if ((char === ',' && depth === 1) || depth === 0) {
      if (colon > 0)
        found.push({
          key: String(JSON.parse(object.slice(start, colon))),
          text: object.slice(start, at),
          value: object.slice(colon + 1, at),
        });
      start = at + 1;
      colon = 0;
    }
  }
  return found;
};

const without = (object: string, keys: readonly string[]): string =>
  members(object)
    .filter(({ key }) => !keys.includes(key))
    .map(({ text }) => text)
    .join(',');

const led = (text: string): string => (text === '' ? '' : `,${text}`);

/**
 * What is stored of a body: all but resourceType, id, version and time, which stand in columns. The first brace closes
 * `meta`, whose own first members the head writes.
 */
export const tailOf = ({ resource, text }: Body): string => {
  const plainHead = `{"resourceType":"${resource.resourceType}",`;
  if (resource.id === undefined && resource.meta === undefined && text.startsWith(plainHead))
    return `},${text.slice(plainHead.length)}`;
  const all = members(text);
  const meta = all.findLast(({ key }) => key === 'meta')?.value ?? '{}';
  const rest = without(text, ['resourceType', 'id', 'meta']);
  return `${led(without(meta, ['versionId', 'lastUpdated']))}}${led(rest)}}`;
};
