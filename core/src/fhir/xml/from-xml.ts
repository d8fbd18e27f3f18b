/** Turns a resource in XML into its JSON text by R4 xml.html; refuses elements, attributes and orders that R4 does not have. What JSON refuses too is left to the structure check. */
import type { Structures } from '../structure/structures.ts';
import { writtenNumber } from '../written-number.ts';
import type { XmlAttribute, XmlElement } from './element.ts';
import { xmlFault } from './fault.ts';
import type { XmlMember, XmlMembers } from './members.ts';
import { narrativeText, xhtmlSpace } from './narrative-text.ts';
import { readXml, unifiedLines } from './read.ts';

const fhirSpace = 'http://hl7.org/fhir';
const schemaSpace = 'http://www.w3.org/2001/XMLSchema-instance';

type Json = Record<string, unknown>;

const numbers = new Set(['decimal', 'integer', 'unsignedInt', 'positiveInt']);
const number = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

const isElement = (child: XmlElement | string): child is XmlElement => typeof child !== 'string';

export const xmlReader =
  (membersOf: XmlMembers, type: Structures['type']) =>
  (sent: string): string => {
    const text = unifiedLines(sent);

    const refuse = (at: number, says: string, path: string): never => {
      throw xmlFault(text, at, says, path);
    };

    /** The elements inside. */
    const elementsOf = (element: XmlElement, path: string): XmlElement[] => {
      if (element.children.some((child) => !isElement(child) && /\S/.test(child)))
        refuse(element.at, 'has text inside an element: FHIR writes values as attributes', path);
      return element.children.filter(isElement);
    };

    const attributesOf = (element: XmlElement, allowed: readonly string[], path: string): readonly XmlAttribute[] => {
      const own = element.attributes.filter(({ space }) => space !== schemaSpace);
      const strange = own.find(({ name, space }) => space !== '' || !allowed.includes(name));
      if (strange) refuse(strange.at, 'has an attribute that this element does not have in R4', path);
      return own;
    };

    const primitiveValue = (typeName: string, { value, at }: XmlAttribute, path: string): unknown => {
      if (typeName === 'boolean')
        return value === 'true' || value === 'false'
          ? value === 'true'
          : refuse(at, 'must have true or false here', path);
      if (!numbers.has(typeName)) return value;
      return number.test(value) ? writtenNumber(value) : refuse(at, 'must have a number here', path);
    };

    /** A primitive's value and its other half, either of which may be missing. */
    const primitive = (typeName: string, element: XmlElement, path: string) => {
      const attributes = attributesOf(element, ['id', 'value'], path);
      const found = attributes.find(({ name }) => name === 'value');
      const id = attributes.find(({ name }) => name === 'id');
      const half: Json = id ? { id: id.value } : {};
      fill(half, element, 'Element', path);
      const hasHalf = Object.keys(half).length > 0;
      if (!found && !hasHalf) refuse(element.at, 'has an element without a value', path);
      return { value: found && primitiveValue(typeName, found, path), half: hasHalf ? half : undefined };
    };

    const complex = (typeName: string, element: XmlElement, path: string): Json => {
      const named = [...membersOf(typeName).values()].filter(({ isAttribute }) => isAttribute).map(({ key }) => key);
      const made: Json = {};
      for (const { name, value } of attributesOf(element, named, path)) made[name] = value;
      fill(made, element, typeName, path);
      return made;
    };

    const wrapped = (element: XmlElement, path: string): Json => {
      attributesOf(element, [], path);
      const [inside, ...more] = elementsOf(element, path);
      if (!inside || more.length > 0) return refuse(element.at, 'must have exactly one resource here', path);
      return resource(inside, path);
    };

    const value = (member: XmlMember, element: XmlElement, path: string): unknown => {
      if (member.kind === 'xhtml') return narrativeText(text, element);
      return member.kind === 'resource' ? wrapped(element, path) : complex(member.typeName, element, path);
    };

    const placed = (made: Json, member: XmlMember): number => {
      const there = made[member.key] ?? made[`_${member.key}`];
      return Array.isArray(there) ? there.length : Number(there !== undefined);
    };

    /** Puts one more value, and its half, at the same place of the two lists. */
    const append = (made: Json, { key }: XmlMember, place: number, one: unknown, half: unknown): void => {
      const values = (made[key] ??= []) as unknown[];
      values.push(one ?? null);
      const halves = made[`_${key}`] as unknown[] | undefined;
      if (half === undefined && halves === undefined) return;
      const all = halves ?? Array.from({ length: place }, () => null);
      all.push(half ?? null);
      made[`_${key}`] = all;
    };

    const put = (made: Json, member: XmlMember, element: XmlElement, owner: string): void => {
      const place = placed(made, member);
      const path = `${owner}.${member.name}${member.list ? `[${place}]` : ''}`;
      if (!member.list && place > 0) refuse(element.at, 'has an element more than once that may stand once', path);
      if (member.kind !== 'primitive') {
        const one = value(member, element, path);
        if (member.list) append(made, member, place, one, undefined);
        else made[member.key] = one;
        return;
      }
      const { value: one, half } = primitive(member.typeName, element, path);
      if (member.list) return append(made, member, place, one, half);
      if (one !== undefined) made[member.key] = one;
      if (half !== undefined) made[`_${member.key}`] = half;
    };

    const memberOf = (child: XmlElement, typeName: string): XmlMember | undefined => {
      const member = membersOf(typeName).get(child.name);
      const space = member?.kind === 'xhtml' ? xhtmlSpace : fhirSpace;
      return child.space === space && member?.isAttribute === false ? member : undefined;
    };

    const fill = (made: Json, element: XmlElement, typeName: string, path: string): void => {
      let order = -1;
      for (const child of elementsOf(element, path)) {
        const member =
          memberOf(child, typeName) ??
          refuse(
            child.at,
            `has an element (or a namespace) that ${typeName} does not have in R4`,
            `${path}.${child.name}`,
          );
        if (member.order < order)
          refuse(child.at, 'has an element that stands behind one it must stand before', `${path}.${member.name}`);
        order = member.order;
        put(made, member, child, path);
      }
      // A list of nothing but nulls says nothing: its halves stand alone.
      for (const key of Object.keys(made)) {
        const all = made[key];
        if (Array.isArray(all) && all.every((one) => one === null)) delete made[key];
      }
    };

    const resource = (element: XmlElement, path: string): Json => {
      const definition = type(element.name);
      if (element.space !== fhirSpace || definition?.kind !== 'resource' || definition.abstract)
        return refuse(
          element.at,
          `must have a resource of R4 here, in the namespace ${fhirSpace}`,
          path || element.name,
        );
      attributesOf(element, [], path || element.name);
      const made: Json = { resourceType: element.name };
      fill(made, element, element.name, path || element.name);
      return made;
    };

    return JSON.stringify(resource(readXml(text), ''));
  };
