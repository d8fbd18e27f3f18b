/** Works out once for each type that is met which fields a selection asks of it, fragments and directives read; notes what is wrong with a field for when it is grown. */
import {
  Kind,
  print,
  type DirectiveNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import { asOutcome, invalid, Outcome } from '../../outcome/outcome.ts';
import { fitsCondition } from './elements.ts';
import { directiveNamed, isWanted, readArguments, type Arguments, type Variables } from './values.ts';

/** R4 graphql.html#flattening. */
export interface Shape {
  readonly flatten: boolean;
  readonly first: boolean;
  readonly singleton: boolean;
  /** A FHIRPath whose value is written behind the name. */
  readonly slice: string | undefined;
}

export type Selections = readonly SelectionSetNode[];

export interface Planned {
  /** Its name in the answer. */
  readonly key: string;
  readonly name: string;
  readonly node: FieldNode;
  readonly given: Arguments;
  readonly shape: Shape;
  readonly selections: Selections;
  readonly problem?: Outcome;
}

export type Plan = (selections: Selections, type: string) => readonly Planned[];

const sliceOf = (directive: DirectiveNode | undefined, variables: Variables): string | undefined => {
  if (!directive) return undefined;
  const [path, ...more] = [...readArguments(directive.arguments ?? [], variables).values()].flat();
  if (path === undefined || more.length > 0) throw invalid('slice', '@slice(path:) takes one FHIRPath');
  return path;
};

const shapeOf = ({ directives }: FieldNode, variables: Variables): Shape => {
  const has = (name: string): boolean => directiveNamed(directives, name) !== undefined;
  const shape = {
    ...{ flatten: has('flatten'), first: has('first'), singleton: has('singleton') },
    slice: sliceOf(directiveNamed(directives, 'slice'), variables),
  };
  if (shape.slice !== undefined && shape.first) throw invalid('slice', '@slice and @first do not go together');
  return shape;
};

const plainShape: Shape = { flatten: false, first: false, singleton: false, slice: undefined };

/** Fields of one signature are one field, and what they select is put together. */
const signatureOf = ({ name, arguments: given = [], directives = [] }: FieldNode): string =>
  [name.value, ...given.map((each) => print(each)).sort(), ...directives.map((each) => print(each))].join(' ');

interface Group {
  readonly signature: string;
  readonly nodes: FieldNode[];
}

const reading = (
  nodes: readonly FieldNode[],
  variables: Variables,
): Pick<Planned, 'given' | 'shape'> & { readonly problem?: Outcome } => {
  try {
    const [node] = nodes;
    const given = readArguments(node?.arguments ?? [], variables);
    return { given, shape: node ? shapeOf(node, variables) : plainShape };
  } catch (thrown) {
    if (!(thrown instanceof Outcome)) throw thrown;
    return { given: new Map(), shape: plainShape, problem: asOutcome(thrown) };
  }
};

const plannedOf = (key: string, { nodes }: Group, variables: Variables, clashes: boolean): Planned[] => {
  const [node] = nodes;
  if (!node) return [];
  const read = reading(nodes, variables);
  const selections = nodes.flatMap(({ selectionSet }) => (selectionSet ? [selectionSet] : []));
  const planned: Planned = { key, name: node.name.value, node, selections, ...read };
  // Two types of one reference share a name in R4's own examples, and what is flattened has none.
  if (!clashes || planned.name === 'resource' || planned.shape.flatten) return [planned];
  return [
    { ...planned, problem: invalid(key, `${key} is asked for in two ways: give one of them an alias of its own`) },
  ];
};

export const openPlan = (fragments: ReadonlyMap<string, FragmentDefinitionNode>, variables: Variables): Plan => {
  const known = new WeakMap<Selections, Map<string, readonly Planned[]>>();

  const collect = (set: SelectionSetNode, type: string, seen: Set<string>, found: Map<string, Group[]>): void => {
    for (const selection of set.selections) {
      if (!isWanted(selection.directives, variables)) continue;
      if (selection.kind === Kind.FIELD) {
        const key = selection.alias?.value ?? selection.name.value;
        const groups = found.get(key) ?? [];
        found.set(key, groups);
        const signature = signatureOf(selection);
        const same = groups.find((group) => group.signature === signature);
        if (same) same.nodes.push(selection);
        else groups.push({ signature, nodes: [selection] });
        continue;
      }
      if (selection.kind === Kind.FRAGMENT_SPREAD) {
        if (seen.has(selection.name.value)) continue;
        seen.add(selection.name.value);
      }
      const inner = selection.kind === Kind.FRAGMENT_SPREAD ? fragments.get(selection.name.value) : selection;
      const condition = inner?.typeCondition?.name.value;
      if (inner && (condition === undefined || fitsCondition(type, condition)))
        collect(inner.selectionSet, type, seen, found);
    }
  };

  return (selections, type) => {
    const byType = known.get(selections) ?? new Map<string, readonly Planned[]>();
    known.set(selections, byType);
    const before = byType.get(type);
    if (before) return before;
    const found = new Map<string, Group[]>();
    const seen = new Set<string>();
    for (const set of selections) collect(set, type, seen, found);
    const plan = [...found].flatMap(([key, groups]) =>
      groups.flatMap((group) => plannedOf(key, group, variables, groups.length > 1)),
    );
    byType.set(type, plan);
    return plan;
  };
};
