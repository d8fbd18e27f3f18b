/** Turns R4's definitions into tables that a walk reads without searching; a type is compiled when it is first met. */
import type { CodeSet, ElementDefinition, TypeDefinition } from './definition.ts';
import { primitives, type Primitive } from './primitives.ts';

/** How the value under a member's name is judged. */
export type Shape = 'primitive' | 'sibling' | 'complex' | 'resource' | 'xhtml' | 'type';

export type LinkKind = 'reference' | 'uri' | 'canonical' | 'narrative';

const linkKinds: Readonly<Record<string, LinkKind>> = {
  uri: 'uri',
  url: 'uri',
  oid: 'uri',
  uuid: 'uri',
  canonical: 'canonical',
  xhtml: 'narrative',
};

/** What a member of a JSON object may hold. */
export interface Slot {
  readonly key: string;
  /** The element's name, as paths write it: `value` for `valueQuantity`. */
  readonly name: string;
  readonly shape: Shape;
  readonly typeName: string;
  readonly list: boolean;
  /** Set where the walk must know that the element was met: a choice or a required one. 0 elsewhere. */
  readonly bit: number;
  readonly choice: boolean;
  readonly primitive: Primitive;
  /** The other half of a primitive: `_birthDate` of `birthDate`, and the reverse. */
  readonly twin: string;
  readonly type: Table;
  /** The codes of a required binding, where the element is a code. */
  readonly allowed: ReadonlySet<string> | undefined;
  /** Their syntax, where no list holds them. */
  readonly pattern: RegExp | undefined;
  readonly binding: Binding | undefined;
  readonly targets: readonly string[] | undefined;
  /** R4's rules that look at the whole element. */
  readonly rule: 'reference' | 'binding' | undefined;
  /** What kind of link its text is. */
  readonly link: LinkKind | undefined;
}

export interface Binding {
  readonly name: string;
  readonly systems: ReadonlyMap<string, ReadonlySet<string> | null>;
  readonly pattern: RegExp | undefined;
}

export interface Required {
  readonly bit: number;
  /** As paths write it, `[x]` included. */
  readonly name: string;
}

export interface Table {
  readonly name: string;
  readonly definition: TypeDefinition;
  readonly isResource: boolean;
  slots: ReadonlyMap<string, Slot>;
  required: number;
  demands: readonly Required[];
  /** The bits of the two halves of Extension, for ext-1. */
  halves: { readonly value: number; readonly extension: number } | undefined;
}

export interface Tables {
  /** Compiled. */
  readonly table: (name: string) => Table | undefined;
  readonly ready: (table: Table) => Table;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const noPrimitive: Primitive = { is: () => false, says: '' };
const noSlots: ReadonlyMap<string, Slot> = new Map();

const bindingOf = ({ name, systems, pattern }: CodeSet): Binding => ({
  name,
  systems: new Map(Object.entries(systems).map(([system, codes]) => [system, codes && new Set(codes)])),
  pattern: pattern === undefined ? undefined : new RegExp(`^(?:${pattern})$`),
});

/** The codes alone: an element of type code names no system. */
const codesOf = ({ systems }: Binding): ReadonlySet<string> =>
  new Set([...systems.values()].flatMap((codes) => [...(codes ?? [])]));

const shapeOf = ({ name, kind }: TypeDefinition): Shape => {
  if (name === 'xhtml') return 'xhtml';
  if (kind === 'primitive') return 'primitive';
  return kind === 'resource' ? 'resource' : 'complex';
};

const concepts = new Set(['CodeableConcept', 'Coding']);

export const compileTables = (definitions: readonly TypeDefinition[], codes: readonly CodeSet[]): Tables => {
  const sets = new Map(codes.map((set) => [set.name, set]));
  const tables = new Map<string, Table>(
    definitions.map((definition) => [
      definition.name,
      {
        name: definition.name,
        definition,
        isResource: definition.kind === 'resource',
        slots: noSlots,
        required: 0,
        demands: [],
        halves: undefined,
      },
    ]),
  );
  const table = (name: string): Table => {
    const found = tables.get(name);
    if (!found) throw new RangeError(`${name} is not a type of R4`);
    return found;
  };
  const elementType = table('Element');

  const slotsOf = (owner: string, element: ElementDefinition, typeName: string, bit: number): Slot[] => {
    const type = table(typeName);
    const shape = shapeOf(type.definition);
    const set = element.codes === undefined ? undefined : sets.get(element.codes);
    const key = element.choice ? `${element.name}${capital(typeName)}` : element.name;
    const isConcept = set !== undefined && concepts.has(typeName);
    const targets = typeName === 'Reference' ? element.targets : undefined;
    const rule = typeName === 'Reference' ? 'reference' : undefined;
    const binding = set && bindingOf(set);
    const isCode = shape === 'primitive' && binding !== undefined;
    const slot: Slot = {
      key,
      name: element.name,
      shape,
      typeName,
      list: element.max !== 1,
      bit,
      choice: element.choice === true,
      primitive: primitives[typeName] ?? noPrimitive,
      twin: `_${key}`,
      type,
      allowed: isCode && binding.pattern === undefined ? codesOf(binding) : undefined,
      pattern: isCode ? binding.pattern : undefined,
      binding,
      targets,
      rule: isConcept ? 'binding' : rule,
      link: owner === 'Reference' && key === 'reference' ? 'reference' : linkKinds[typeName],
    };
    if (shape !== 'primitive' && shape !== 'xhtml') return [slot];
    return [slot, { ...slot, key: slot.twin, shape: 'sibling', twin: key, type: elementType, link: undefined }];
  };

  const typeSlot: Slot = {
    ...{ key: 'resourceType', name: 'resourceType', shape: 'type', typeName: 'code', list: false, bit: 0 },
    ...{ choice: false, primitive: noPrimitive, twin: '', type: elementType },
    ...{
      allowed: undefined,
      pattern: undefined,
      binding: undefined,
      targets: undefined,
      rule: undefined,
      link: undefined,
    },
  };

  const ready = (one: Table): Table => {
    if (one.slots !== noSlots) return one;
    const found = one;
    const slots = new Map<string, Slot>();
    if (found.isResource) slots.set('resourceType', typeSlot);
    const demands: Required[] = [];
    let next = 1;
    const halves = { value: 0, extension: 0 };
    for (const element of found.definition.elements) {
      const isHalf = found.name === 'Extension' && (element.name === 'extension' || element.name === 'value');
      const bit = element.min > 0 || element.choice || isHalf ? next : 0;
      if (bit !== 0) next *= 2;
      if (element.name === 'extension') halves.extension = bit;
      if (element.name === 'value') halves.value = bit;
      if (element.min > 0) demands.push({ bit, name: element.choice ? `${element.name}[x]` : element.name });
      for (const typeName of element.types)
        for (const slot of slotsOf(found.name, element, typeName, bit)) slots.set(slot.key, slot);
    }
    if (next > 2 ** 30) throw new RangeError(`${found.name} has more elements to count than a bit field holds`);
    found.slots = slots;
    found.demands = demands;
    found.required = demands.reduce((all, { bit }) => all | bit, 0);
    found.halves = found.name === 'Extension' ? halves : undefined;
    return found;
  };

  return { table: (name) => tables.get(name), ready };
};
