/** R4's XML beside JSON: a resource's XML as JSON text, which is then read as any body, and the reverse. */
import type { Structures } from '../structure/structures.ts';
import { xmlReader } from './from-xml.ts';
import { xmlMembers } from './members.ts';
import { xmlWriter } from './to-xml.ts';

export interface XmlFormat {
  /** JSON text, whose numbers have the digits they had in XML; a fault is an Outcome 400 with its place. */
  readonly fromXml: (text: string) => string;
  /** Of a resource, or of its JSON text. */
  readonly toXml: (source: unknown) => string;
}

export const openXml = (structures: Pick<Structures, 'type'>): XmlFormat => {
  const members = xmlMembers(structures);
  return { fromXml: xmlReader(members, structures.type), toXml: xmlWriter(members) };
};
