/** Which element of a type stands under which name in XML, and in which order; a type is looked up when it is first met. */
import type { TypeDefinition } from '../structure/definition.ts';
import type { Structures } from '../structure/structures.ts';

export type MemberKind = 'primitive' | 'complex' | 'resource' | 'xhtml';

export interface XmlMember {
  /** The element's name in XML, which is its name in JSON. */
  readonly key: string;
  /** Its place in the specification's order. */
  readonly order: number;
  readonly typeName: string;
  readonly kind: MemberKind;
  readonly list: boolean;
  /** Written as an attribute: ids of elements and the url of an extension. */
  readonly isAttribute: boolean;
  /** The element's name in paths. */
  readonly name: string;
}

export type XmlMembers = (typeName: string) => ReadonlyMap<string, XmlMember>;

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const kindOf = ({ name, kind }: TypeDefinition): MemberKind => {
  if (name === 'xhtml') return 'xhtml';
  if (kind === 'primitive') return 'primitive';
  return kind === 'resource' ? 'resource' : 'complex';
};

export const xmlMembers = ({ type }: Pick<Structures, 'type'>): XmlMembers => {
  const known = new Map<string, ReadonlyMap<string, XmlMember>>();
  const definition = (name: string): TypeDefinition => {
    const found = type(name);
    if (!found) throw new RangeError(`${name} is not a type of R4`);
    return found;
  };
  const make = (owner: TypeDefinition): ReadonlyMap<string, XmlMember> =>
    new Map(
      owner.elements.flatMap((element, order) =>
        element.types.map((typeName): [string, XmlMember] => {
          const key = element.choice ? `${element.name}${capital(typeName)}` : element.name;
          const isAttribute =
            (key === 'id' && owner.kind !== 'resource') || (key === 'url' && owner.name === 'Extension');
          const kind = kindOf(definition(typeName));
          return [key, { key, order, typeName, kind, list: element.max !== 1, isAttribute, name: element.name }];
        }),
      ),
    );
  return (typeName) => {
    const found = known.get(typeName) ?? make(definition(typeName));
    known.set(typeName, found);
    return found;
  };
};
