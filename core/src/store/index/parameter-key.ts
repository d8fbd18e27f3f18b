/** Names a search parameter of a type by one number that is the same in every process, release and database, without asking any of them. */
import { typeCode } from '../../fhir/resource-types.ts';

const bitsOfCode = 23;

/** FNV-1a: 23 bits keep the thirty-odd codes of a type apart; a test proves it for R4, and a plugin whose code collides is refused at boot. */
const hash = (text: string): number => {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  return (value ^ (value >>> bitsOfCode)) & (2 ** bitsOfCode - 1);
};

/** The type in the high bits: what is searched together lies together. */
export const parameterKey = (type: string, code: string): number => typeCode(type) * 2 ** bitsOfCode + hash(code);

/** Every link that no search parameter covers, so that a deletion finds who refers to its resource. */
export const linkKey = (type: string): number => parameterKey(type, '#link');

/** The addresses by which canonical references lead to a resource. */
export const canonicalKey = (type: string): number => parameterKey(type, '#canonical');

/** Identifiers that a parameter finds by more than their value: those whose type is known, and those that stand in references. */
export const identifierKey = (type: string, code: string): number => parameterKey(type, `${code}:identifier`);

/** Any that change the hash alone. */
const besideBits = 0x35_5a_a5;

/** What else is known of a parameter's values: that there are some although none can be found, such as a concept that is only text, and the pieces of long strings. A test keeps it apart from all other keys. */
export const besideKey = (key: number): number => key ^ besideBits;
