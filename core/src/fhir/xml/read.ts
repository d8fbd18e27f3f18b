/** Reads XML strictly: UTF-8, namespaces, no document type and so no entities but XML's own five; refuses what is not well-formed with its place. */
import type { XmlAttribute, XmlElement } from './element.ts';
import { xmlFault } from './fault.ts';
import { plainText, whereNoXml } from './characters.ts';

/** Deeper than any resource that the structure check lets through. */
const deepest = 160;
const mostAttributes = 64;

interface Reading {
  readonly text: string;
  at: number;
  readonly open: XmlElement[];
  root: XmlElement | undefined;
}

const pathOf = ({ open }: Reading): string => open.map(({ name }) => name).join('.');

const refuse = (reading: Reading, says: string, at = reading.at): never => {
  throw xmlFault(reading.text, at, says, pathOf(reading));
};

const namePattern = /[A-Za-z_][\w.-]*/y;

const readName = (reading: Reading): string => {
  namePattern.lastIndex = reading.at;
  const name =
    namePattern.exec(reading.text)?.[0] ?? refuse(reading, 'has a tag or an attribute without a name of FHIR');
  reading.at += name.length;
  return name;
};

const readFullName = (reading: Reading): readonly [prefix: string, name: string] => {
  const first = readName(reading);
  if (reading.text[reading.at] !== ':') return ['', first];
  reading.at++;
  return [first, readName(reading)];
};

const isBlank = (code: number): boolean => code === 32 || code === 10 || code === 13 || code === 9;

const skipBlanks = (reading: Reading): boolean => {
  const from = reading.at;
  while (isBlank(reading.text.charCodeAt(reading.at))) reading.at++;
  return reading.at > from;
};

interface RawAttribute {
  readonly prefix: string;
  readonly name: string;
  readonly value: string;
  readonly at: number;
}

const readAttribute = (reading: Reading): RawAttribute => {
  const { text, at } = reading;
  const [prefix, name] = readFullName(reading);
  skipBlanks(reading);
  if (text[reading.at] !== '=') refuse(reading, 'has an attribute without a value');
  reading.at++;
  skipBlanks(reading);
  const mark = text[reading.at] ?? '';
  const from = reading.at + 1;
  const to = mark === '"' || mark === "'" ? text.indexOf(mark, from) : -1;
  if (to === -1) refuse(reading, 'has an attribute whose value is not in quotation marks');
  const raw = text.slice(from, to);
  if (raw.includes('<')) refuse(reading, 'has a < inside an attribute: write &lt;', from + raw.indexOf('<'));
  reading.at = to + 1;
  // XML 1.0, 3.3.3: blanks of an attribute are spaces, unless they are written as character references.
  return { prefix, name, at, value: decoded(reading, raw.replace(/[\t\n\r]/g, ' '), from) };
};

const decoded = (reading: Reading, raw: string, from: number): string => {
  const read = plainText(raw);
  return typeof read === 'string'
    ? read
    : refuse(reading, 'has an & that begins none of &amp; &lt; &gt; &quot; &apos; &#…;', from + read.at);
};

const spaceOf = (reading: Reading, prefix: string, declared: ReadonlyMap<string, string>): string => {
  if (prefix === 'xml') return 'http://www.w3.org/XML/1998/namespace';
  const found =
    declared.get(prefix) ?? reading.open.findLast((element) => element.declared.has(prefix))?.declared.get(prefix);
  return found ?? (prefix === '' ? '' : refuse(reading, 'has a prefix that no xmlns declares'));
};

const declarations = (reading: Reading, raw: readonly RawAttribute[]): ReadonlyMap<string, string> => {
  const declared = new Map<string, string>();
  for (const { prefix, name, value, at } of raw) {
    if (prefix !== 'xmlns' && (prefix !== '' || name !== 'xmlns')) continue;
    if (prefix === 'xmlns' && (value === '' || name === 'xml' || name === 'xmlns'))
      refuse(reading, 'declares a namespace that may not be declared', at);
    declared.set(prefix === '' ? '' : name, value);
  }
  return declared;
};

const attributesOf = (reading: Reading, raw: readonly RawAttribute[], declared: ReadonlyMap<string, string>) => {
  const attributes: XmlAttribute[] = [];
  for (const { prefix, name, value, at } of raw) {
    if (prefix === 'xmlns' || (prefix === '' && name === 'xmlns')) continue;
    const space = prefix === '' ? '' : spaceOf(reading, prefix, declared);
    if (attributes.some((other) => other.name === name && other.space === space))
      refuse(reading, 'has the same attribute twice', at);
    attributes.push({ name, space, value, at });
  }
  return attributes;
};

const readAttributes = (reading: Reading): RawAttribute[] => {
  const raw: RawAttribute[] = [];
  for (;;) {
    const parted = skipBlanks(reading);
    const next = reading.text[reading.at];
    if (next === '>' || next === '/') return raw;
    if (next === undefined) refuse(reading, 'ends inside a tag');
    if (!parted) refuse(reading, 'has a tag that is not well-formed');
    if (raw.length >= mostAttributes) refuse(reading, 'has a tag with too many attributes');
    const attribute = readAttribute(reading);
    if (raw.some(({ prefix, name }) => prefix === attribute.prefix && name === attribute.name))
      refuse(reading, 'has the same attribute twice', attribute.at);
    raw.push(attribute);
  }
};

const openTag = (reading: Reading): void => {
  const { text, at, open } = reading;
  if (open.length === 0 && reading.root) refuse(reading, 'has something behind its last tag');
  if (open.length >= deepest) refuse(reading, `is nested more than ${deepest} deep`);
  reading.at++;
  const [prefix, name] = readFullName(reading);
  const raw = readAttributes(reading);
  const declared = declarations(reading, raw);
  const empty = text.startsWith('/>', reading.at);
  if (!empty && text[reading.at] !== '>') refuse(reading, 'has a tag that is not well-formed');
  const element: XmlElement = {
    name,
    prefix,
    space: spaceOf(reading, prefix, declared),
    attributes: attributesOf(reading, raw, declared),
    children: [],
    at,
    end: 0,
    declared,
  };
  reading.at += empty ? 2 : 1;
  element.end = reading.at;
  open.at(-1)?.children.push(element);
  reading.root ??= element;
  if (!empty) open.push(element);
};

const closeTag = (reading: Reading): void => {
  const { at, open } = reading;
  reading.at += 2;
  const [prefix, name] = readFullName(reading);
  const element = open.at(-1);
  if (!element || element.name !== name || element.prefix !== prefix)
    return refuse(reading, 'has tags that do not close in the order they open', at);
  skipBlanks(reading);
  if (reading.text[reading.at] !== '>') refuse(reading, 'has a tag that is not well-formed');
  reading.at++;
  element.end = reading.at;
  open.pop();
};

/** Goes behind the next `mark`. */
const skipTo = (reading: Reading, from: number, mark: string, what: string): string => {
  const to = reading.text.indexOf(mark, from);
  if (to === -1) refuse(reading, `has ${what} that never ends`);
  reading.at = to + mark.length;
  return reading.text.slice(from, to);
};

const instruction = (reading: Reading): void => {
  const { at } = reading;
  const inside = skipTo(reading, at + 2, '?>', 'a processing instruction');
  if (!/^xml(?:\s|$)/i.test(inside)) return;
  if (at !== 0) refuse(reading, 'has an XML declaration that is not its begin', at);
  const [, encoding = 'utf-8'] =
    /^xml\s+version\s*=\s*["']1\.\d["'](?:\s+encoding\s*=\s*["']([\w.-]+)["'])?(?:\s+standalone\s*=\s*["'](?:yes|no)["'])?\s*$/.exec(
      inside,
    ) ?? [undefined, ''];
  if (!/^(?:utf-?8|us-ascii)$/i.test(encoding)) refuse(reading, 'must be XML 1.0 in UTF-8', at);
};

const comment = (reading: Reading): void => {
  const { at } = reading;
  const inside = skipTo(reading, at + 4, '--', 'a comment');
  if (reading.text[reading.at] !== '>' || inside.endsWith('-')) refuse(reading, 'has a comment with -- inside', at);
  reading.at++;
};

const characterData = (reading: Reading): void => {
  const { text, at } = reading;
  const inside = skipTo(reading, at + 9, ']]>', 'a CDATA section');
  const element = reading.open.at(-1) ?? refuse(reading, 'has text outside its tags', at);
  if (text.length > 0) element.children.push(inside);
};

const characters = (reading: Reading): void => {
  const { text, at, open } = reading;
  const next = text.indexOf('<', at);
  const raw = text.slice(at, next === -1 ? text.length : next);
  const element = open.at(-1);
  if (!element && /\S/.test(raw)) refuse(reading, 'has text outside its tags');
  if (raw.includes(']]>')) refuse(reading, 'has a ]]> in its text', at + raw.indexOf(']]>'));
  element?.children.push(decoded(reading, raw, at));
  reading.at += raw.length;
};

const step = (reading: Reading): void => {
  const { text, at } = reading;
  if (text[at] !== '<') return characters(reading);
  switch (text.charAt(at + 1)) {
    case '/':
      return closeTag(reading);
    case '?':
      return instruction(reading);
    case '!':
      if (text.startsWith('<!--', at)) return comment(reading);
      if (text.startsWith('<![CDATA[', at)) return characterData(reading);
      return refuse(reading, 'has a document type or another declaration, which FHIR does not allow');
    default:
      return openTag(reading);
  }
};

/** Line ends become `\n`, as XML 1.0, 2.11 has them. */
export const unifiedLines = (text: string): string =>
  (text.startsWith('\ufeff') ? text.slice(1) : text).replace(/\r\n?/g, '\n');

/** Of a text whose lines are unified. */
export const readXml = (text: string): XmlElement => {
  const reading: Reading = { text, at: 0, open: [], root: undefined };
  const bad = whereNoXml(text);
  if (bad !== -1) refuse(reading, 'has a character that XML does not have', bad);
  while (reading.at < text.length) step(reading);
  if (reading.open.length > 0) refuse(reading, 'ends too early: a tag never closes');
  return reading.root ?? refuse(reading, 'has no element');
};
