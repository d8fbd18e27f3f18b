/** Makes sound resources of every type by chance, from R4's definitions alone. */
import type { ElementDefinition, TypeDefinition } from '../../../src/fhir/structure/definition.ts';
import { r4Codes } from '../../../src/platform/structures.ts';
import type { Seeded } from '../../seeded.ts';
import { structures } from './opened.ts';

const sets = new Map(r4Codes().map((set) => [set.name, set]));

const samples: Readonly<Record<string, readonly unknown[]>> = {
  boolean: [true, false],
  string: ['a', 'a "b" <c> & d', ' é\u2028 ', 'line\nline\ttab', '\ud83d\ude00', "it's"],
  markdown: ['# a\n\n* b\r\n* c', '<b>'],
  code: ['a', 'a-b c'],
  uri: ['urn:a', 'http://a.b/c?d=e&f=g', 'urn:oid:1.2.3'],
  url: ['https://a.b/c'],
  canonical: ['http://a.b/c|1.0'],
  id: ['a', 'A-1.b'],
  oid: ['urn:oid:1.2.840'],
  uuid: ['urn:uuid:c757873d-ec9a-4326-a141-556f43239520'],
  base64Binary: ['AAAA', 'QUI='],
  date: ['2024', '2024-05', '2024-02-29'],
  dateTime: ['2024', '2024-05-01', '2024-05-01T10:00:00+05:30', '2016-12-31T23:59:60Z'],
  instant: ['2024-05-01T10:00:00.123Z'],
  time: ['10:00:00', '23:59:59.5'],
  decimal: [0, -1.5, 6.3, 100, 1e-7, 1e21],
  integer: [0, -5, 2147483647],
  unsignedInt: [0, 7],
  positiveInt: [1, 7],
  xhtml: ['<div xmlns="http://www.w3.org/1999/xhtml"><p title="x">a &amp; <b>b</b> &lt;<br/></p></div>'],
};

const byPattern: Readonly<Record<string, readonly string[]>> = {
  mimetypes: ['text/plain', 'application/fhir+json; charset=utf-8'],
  currencies: ['INR', 'EUR'],
  'ucum-units': ['mg', 'mm[Hg]'],
};

type Made = Record<string, unknown>;

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

export const maker = ({ whole, pick }: Seeded) => {
  const definition = (name: string): TypeDefinition => {
    const found = structures.type(name);
    if (!found) throw new RangeError(name);
    return found;
  };

  const coding = (set: string): Made => {
    const [system, codes] = pick(Object.entries(sets.get(set)?.systems ?? {}));
    return { system, code: pick(codes ?? byPattern[set] ?? ['x']) };
  };

  const value = (element: ElementDefinition, type: string, depth: number): unknown => {
    const { codes, targets } = element;
    const { kind } = definition(type);
    if (type === 'CodeableConcept' && codes) return { coding: [coding(codes)], ...(whole(2) ? { text: 'x' } : {}) };
    if (type === 'Reference')
      return { reference: `${pick(targets ?? ['Patient', 'Observation'])}/${pick(['1', 'a-b'])}` };
    if (type === 'Extension') return { url: 'urn:e', valueString: pick(samples['string'] ?? []) };
    if (type === 'Resource') return { resourceType: 'Basic', id: 'b', code: { text: 'x' } };
    if (kind === 'primitive') return codes ? coding(codes)['code'] : pick(samples[type] ?? []);
    return object(definition(type), depth + 1);
  };

  const fill = (made: Made, element: ElementDefinition, depth: number): void => {
    const type = pick(element.types);
    const key = element.choice ? `${element.name}${capital(type)}` : element.name;
    const isHalf = definition(type).kind === 'primitive' && type !== 'xhtml' && element.name !== 'id';
    const half = (): unknown => (whole(2) ? { id: 'h' } : { extension: [value(element, 'Extension', depth)] });
    if (element.max === 1) {
      made[key] = value(element, type, depth);
      if (isHalf && whole(8) === 0) made[`_${key}`] = half();
      return;
    }
    made[key] = Array.from({ length: 1 + whole(2) }, () => value(element, type, depth));
    if (isHalf && whole(8) === 0) made[`_${key}`] = (made[key] as unknown[]).map(() => (whole(2) ? half() : null));
    if (isHalf && whole(16) === 0) {
      made[key] = [null];
      made[`_${key}`] = [{ extension: [value(element, 'Extension', depth)] }];
    }
  };

  const object = ({ name, kind, elements }: TypeDefinition, depth: number): Made => {
    const made: Made = {};
    const usable = elements.filter(
      (element) => element.name !== 'contained' && (name !== 'Extension' || element.name !== 'extension'),
    );
    const plain = usable.filter((element) => !['id', 'extension', 'modifierExtension'].includes(element.name));
    const forced = kind === 'resource' ? undefined : pick(plain);
    for (const element of usable)
      if (element.min > 0 || element === forced || whole(depth > 2 ? 40 : 4) === 0) fill(made, element, depth);
    return made;
  };

  return {
    resource: (type: string): Made & { readonly resourceType: string } => ({
      resourceType: type,
      ...object(definition(type), 0),
    }),
  };
};
