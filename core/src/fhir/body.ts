/** Reads the JSON of a resource and splits it into what the server owns and the tail it keeps as text; refuses what is not one strict JSON object with a resourceType. */
import { malformed, type Outcome } from '../outcome/outcome.ts';
import { deepestJson, jsonFault, lineAndColumn } from './json-scan.ts';
import { members, surveyed, withoutBlanks } from './json-text.ts';
import { parseLossless, parseWritten } from './lossless.ts';
import type { Content } from './content.ts';

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
  /** The same value with the digits of its numbers, where JavaScript's numbers lose some: what the structure check looks at. */
  readonly exact?: unknown;
  /** Of a Binary whose data stands beside it. */
  readonly content?: Content;
}

const isResource = (value: unknown): value is Resource =>
  typeof value === 'object' && value !== null && 'resourceType' in value && typeof value.resourceType === 'string';

/** The resource with all digits of its numbers. */
export const exactOf = ({ resource, exact }: Pick<Body, 'resource' | 'exact'>): Resource =>
  isResource(exact) ? exact : resource;

/** How many members all its objects have; more than any text holds when it is too deep to look into. */
const memberCount = (value: object, depth: number): number => {
  if (depth > deepestJson) return Infinity;
  let count = 0;
  if (Array.isArray(value)) {
    for (let place = 0; place < value.length; place++) {
      const one: unknown = value[place];
      if (typeof one === 'object' && one !== null) count += memberCount(one, depth + 1);
    }
    return count;
  }
  const object = value as Readonly<Record<string, unknown>>;
  for (const key in object) {
    const one = object[key];
    count++;
    if (typeof one === 'object' && one !== null) count += memberCount(one, depth + 1);
  }
  return count;
};

/** Whether a text that JSON.parse takes might still hold what FHIR does not: the same member twice, U+0000, what is no character, half a surrogate, too many levels. Sound texts are seldom in doubt. */
const isDoubtful = (value: unknown, text: string, names: number): boolean =>
  !text.isWellFormed() ||
  /[\ufffe\uffff]/.test(text) ||
  (text.includes('\\u') && /\\u(?:0000|[dD][89a-fA-F]|[fF]{3}[eEfF])/.test(text)) ||
  (typeof value === 'object' && value !== null && memberCount(value, 1) !== names);

/** The fault with its place. V8's own message is not told: it quotes the text around the fault, which may be a patient's. */
const faultOf = (text: string, type: string): Outcome | undefined => {
  const fault = jsonFault(text);
  if (!fault) return undefined;
  const path = fault.path === '' || fault.path.startsWith('[') ? type : `${type}.${fault.path}`;
  return malformed(`the body ${fault.says}, at ${lineAndColumn(text, fault.at)}`, path);
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    throw faultOf(text, 'Resource') ?? malformed('the body is not JSON');
  }
};

const typeName = (resource: unknown): string =>
  isResource(resource) && /^[A-Z][A-Za-z]{0,63}$/.test(resource.resourceType) ? resource.resourceType : 'Resource';

export const parseBody = (sent: string): Body => {
  const resource = parsed(sent);
  const { hasBlanks, names, lossy } = surveyed(sent);
  const fault = isDoubtful(resource, sent, names) ? faultOf(sent, typeName(resource)) : undefined;
  if (fault) throw fault;
  if (!isResource(resource)) throw malformed('the body is not a FHIR resource: a JSON object with a resourceType');
  const text = hasBlanks ? withoutBlanks(sent) : sent;
  return lossy.length > 0 ? { resource, text, exact: parseWritten(sent, lossy) } : { resource, text };
};

/** The text of a JSON Patch, as strictly as a resource's; its numbers keep their digits. */
export const parsePatch = (text: string): unknown => {
  const fault = faultOf(text, 'Patch');
  if (fault) throw fault;
  return parseLossless(text);
};

/** A body made in process, by a plugin or a job. */
export const bodyOf = (resource: Resource): Body => ({ resource, text: JSON.stringify(resource) });

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
