/** The types of FHIR as FHIRPath walks them: which members an element has under a name, and which type is a kind of which. */
import type { ElementDefinition, TypeDefinition } from '../structure/definition.ts';

/** One name in JSON under which an element can stand. */
export interface MemberKey {
  readonly key: string;
  /** `_key`, where what stands beside a primitive is. */
  readonly beside: string;
  readonly type: string;
  readonly primitive: boolean;
}

export interface ModelMember {
  readonly name: string;
  /** Of a choice, one for each type. */
  readonly keys: readonly MemberKey[];
  readonly many: boolean;
  readonly choice: boolean;
  /** The name of the code set that a required binding allows. */
  readonly codes?: string;
}

export interface Model {
  readonly member: (type: string, name: string) => ModelMember | undefined;
  readonly members: (type: string) => readonly ModelMember[];
  readonly isA: (type: string, ancestor: string) => boolean;
  readonly has: (type: string) => boolean;
  readonly isPrimitive: (type: string) => boolean;
  readonly baseOf: (type: string) => string | undefined;
}

const capitalised = (type: string): string => type.charAt(0).toUpperCase() + type.slice(1);

const memberOf =
  (isPrimitive: (type: string) => boolean) =>
  ({ name, types, choice, max, codes }: ElementDefinition): ModelMember => ({
    name,
    keys: types.map((type) => {
      const key = choice ? `${name}${capitalised(type)}` : name;
      return { key, beside: `_${key}`, type, primitive: isPrimitive(type) };
    }),
    many: max !== 1,
    choice: choice === true,
    ...(codes === undefined ? {} : { codes }),
  });

export const modelOf = (definitions: readonly TypeDefinition[]): Model => {
  const types = new Map(definitions.map((definition) => [definition.name, definition]));
  const made = new Map<string, Map<string, ModelMember>>();
  const isPrimitive = (type: string): boolean => type === 'xhtml' || types.get(type)?.kind === 'primitive';
  const toMember = memberOf(isPrimitive);

  // Made when a type is first met: most of R4's types never are.
  const membersOf = (type: string): Map<string, ModelMember> => {
    const known = made.get(type);
    if (known) return known;
    const members = (types.get(type)?.elements ?? []).map(toMember);
    const byName = new Map(members.map((member) => [member.name, member]));
    made.set(type, byName);
    return byName;
  };

  const isA = (type: string, ancestor: string): boolean => {
    for (let name: string | undefined = type; name !== undefined; name = types.get(name)?.base)
      if (name === ancestor) return true;
    return false;
  };

  return {
    member: (type, name) => membersOf(type).get(name),
    members: (type) => [...membersOf(type).values()],
    isA,
    has: (type) => types.has(type),
    isPrimitive,
    baseOf: (type) => types.get(type)?.base,
  };
};
