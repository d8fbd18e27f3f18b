/** Makes resources at random from R4's definitions: right in their shape, and nothing more. */
import type { ElementDefinition, TypeDefinition } from '../../../src/fhir/structure/definition.ts';
import type { Seeded } from '../../seeded.ts';

const deepest = 5;

/** Texts that the criteria of search parameters ask for, and others. */
const codes = [
  'phone',
  'email',
  'official',
  'usual',
  'composed-of',
  'depends-on',
  'derived-from',
  'predecessor',
  'successor',
  'justification',
  'x',
];

const references = [
  'Patient/1',
  'Practitioner/p',
  'http://example.org/fhir/Organization/o/_history/2',
  'urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0',
  '#inside',
  '#nothing',
  '#',
  'Group/g',
  'Location/l',
  'Device/d?x=1',
  'Patient?identifier=7',
  'Nonsense/1',
];

type Maker = (random: Seeded) => unknown;

const primitives: Readonly<Record<string, Maker>> = {
  boolean: ({ whole }) => whole(2) === 0,
  integer: ({ whole }) => whole(100),
  unsignedInt: ({ whole }) => whole(100),
  positiveInt: ({ whole }) => 1 + whole(100),
  decimal: ({ whole }) => whole(1_000) / 10,
  date: ({ pick }) => pick(['2020', '2020-02', '2020-02-29']),
  dateTime: ({ pick }) => pick(['2020', '2020-02-29T10:00:00Z', '2020-02-29T11:00:00+01:00']),
  instant: ({ pick }) => pick(['2020-02-29T10:00:00Z', '2021-02-28T10:00:00.5Z']),
  time: ({ pick }) => pick(['10:00:00', '23:59:59.9']),
  code: ({ pick }) => pick(codes),
  canonical: ({ pick }) => pick(references),
  uri: ({ pick }) => pick([...references, ...codes]),
};

const text: Maker = ({ pick }) => pick(['a', 'b', 'c d']);

const capitalised = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);

export const randomResources = (definitions: readonly TypeDefinition[], random: Seeded) => {
  const types = new Map(definitions.map((definition) => [definition.name, definition]));
  const { whole, pick } = random;

  const value = (type: string, depth: number): unknown => {
    const definition = types.get(type);
    if (type === 'Resource')
      return { resourceType: pick(['Patient', 'Practitioner', 'Location']), id: pick(['inside', 'y']) };
    if (type === 'Reference') return reference();
    if (!definition || definition.kind === 'primitive') return (primitives[type] ?? text)(random);
    return elements(definition, depth + 1);
  };

  const reference = (): object => ({
    ...(whole(5) === 0 ? {} : { reference: pick(references) }),
    ...(whole(3) === 0 ? { type: pick(['Patient', 'Practitioner', 'nothing']) } : {}),
  });

  /** A few of them have only what stands beside them. */
  const single = (type: string, depth: number): readonly [unknown, unknown] => {
    const primitive = types.get(type)?.kind === 'primitive';
    const beside = primitive && whole(6) === 0 ? { id: 'beside' } : undefined;
    return [beside && whole(2) === 0 ? undefined : value(type, depth), beside];
  };

  const member = ({ name, types: allowed, choice, max }: ElementDefinition, depth: number): [string, unknown][] => {
    const type = pick(allowed);
    const key = choice ? `${name}${capitalised(type)}` : name;
    if (max === 1) {
      const [one, beside] = single(type, depth);
      return [
        ...(one === undefined ? [] : [[key, one] as [string, unknown]]),
        ...(beside ? [[`_${key}`, beside] as [string, unknown]] : []),
      ];
    }
    const list = Array.from({ length: 1 + whole(2) }, () => single(type, depth));
    const besides = list.map(([, beside]) => beside ?? null);
    return [
      [key, list.map(([one]) => one ?? null)],
      ...(besides.some((beside) => beside !== null) ? [[`_${key}`, besides] as [string, unknown]] : []),
    ];
  };

  const elements = ({ elements: all }: TypeDefinition, depth: number): Record<string, unknown> => {
    const odds = depth < 2 ? 2 : 3;
    const chosen = all.filter(({ types: allowed }) => {
      const shallow = depth < deepest || allowed.every((type) => types.get(type)?.kind === 'primitive');
      return shallow && whole(odds) === 0;
    });
    return Object.fromEntries(
      chosen
        .filter(({ name }) => name !== 'extension' && name !== 'modifierExtension')
        .flatMap((element) => member(element, depth)),
    );
  };

  return (type: string): Record<string, unknown> => ({
    resourceType: type,
    ...elements(types.get(type) as TypeDefinition, 0),
  });
};
