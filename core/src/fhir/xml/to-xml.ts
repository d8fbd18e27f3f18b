/** Writes a sound resource as XML by R4 xml.html; leaves out what no definition knows. */
import { parseLossless } from '../lossless.ts';
import { isWrittenNumber } from '../written-number.ts';
import { attributeText } from './characters.ts';
import type { XmlMember, XmlMembers } from './members.ts';

type Members = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !isWrittenNumber(value);

const plain = (value: unknown): string => (isWrittenNumber(value) ? value.rawJSON : String(value));

const attribute = (name: string, value: unknown): string =>
  value === undefined || value === null ? '' : ` ${name}="${attributeText(plain(value))}"`;

const listed = (value: unknown): readonly unknown[] => {
  if (value === undefined) return [];
  return Array.isArray(value) ? (value as readonly unknown[]) : [value];
};

const tag = (name: string, attributes: string, content: string): string =>
  content === '' ? `<${name}${attributes}/>` : `<${name}${attributes}>${content}</${name}>`;

/** The members in the order of the specification, each once: `birthDate` stands for `_birthDate` too. */
const inOrder = (object: Members, known: ReadonlyMap<string, XmlMember>): XmlMember[] => {
  const met = new Set<XmlMember>();
  for (const key of Object.keys(object)) {
    const member = known.get(key.startsWith('_') ? key.slice(1) : key);
    if (member) met.add(member);
  }
  return [...met].sort((a, b) => a.order - b.order);
};

export const xmlWriter = (membersOf: XmlMembers) => {
  const attributes = (object: Members, known: readonly XmlMember[]): string =>
    known
      .filter(({ isAttribute }) => isAttribute)
      .map(({ key }) => attribute(key, object[key]))
      .join('');

  const primitive = ({ key }: XmlMember, value: unknown, half: unknown): string => {
    const beside = isObject(half) ? half : {};
    const parts = content(beside, inOrder(beside, membersOf('Element')));
    return tag(key, attribute('id', beside['id']) + attribute('value', value), parts);
  };

  const one = (member: XmlMember, value: unknown): string => {
    if (member.kind === 'xhtml') return typeof value === 'string' ? value.replaceAll('\r', '&#13;') : '';
    if (!isObject(value)) return '';
    if (member.kind === 'resource') return tag(member.key, '', resource(value, ''));
    const parts = inOrder(value, membersOf(member.typeName));
    return tag(member.key, attributes(value, parts), content(value, parts));
  };

  const member = (object: Members, part: XmlMember): string => {
    const values = listed(object[part.key]);
    if (part.kind !== 'primitive') return values.map((value) => one(part, value)).join('');
    const halves = listed(object[`_${part.key}`]);
    return Array.from({ length: Math.max(values.length, halves.length) }, (_, place) =>
      primitive(part, values[place], halves[place]),
    ).join('');
  };

  const content = (object: Members, parts: readonly XmlMember[]): string =>
    parts
      .filter(({ isAttribute }) => !isAttribute)
      .map((part) => member(object, part))
      .join('');

  const resource = (object: Members, declaration: string): string => {
    const name = String(object['resourceType']);
    return tag(name, declaration, content(object, inOrder(object, membersOf(name))));
  };

  /** Of a resource, or of its JSON, whose decimals keep their digits. */
  return (source: unknown): string => {
    const value = typeof source === 'string' ? parseLossless(source) : source;
    if (!isObject(value)) throw new RangeError('only a resource is written as XML');
    return `<?xml version="1.0" encoding="UTF-8"?>${resource(value, ' xmlns="http://hl7.org/fhir"')}`;
  };
};
