/** A code system's hierarchy, read from its concepts and their parent properties: what stands below a code and what above. */

export interface Concept {
  readonly code: string;
  readonly concept?: readonly Concept[];
  readonly property?: readonly { readonly code: string; readonly valueCode?: string }[];
}

export interface CodeTree {
  readonly codes: readonly string[];
  /** The code itself and all below it, or above it; of a code that is not there, that alone. */
  readonly below: (code: string) => readonly string[];
  readonly above: (code: string) => readonly string[];
}

/** The codes below each; below no name, those that are below none. */
export type Below = Readonly<Record<string, readonly string[]>>;

const reached = (from: string, links: ReadonlyMap<string, ReadonlySet<string>>): string[] => {
  const found = new Set([from]);
  for (const code of found) for (const next of links.get(code) ?? []) found.add(next);
  return [...found];
};

const link = (links: Map<string, Set<string>>, from: string, to: string): void => {
  const known = links.get(from);
  if (known) known.add(to);
  else links.set(from, new Set([to]));
};

/** Of a hierarchy that is no subsumption each code is above and below itself alone. */
export const codeTree = (concepts: readonly Concept[], isSubsuming = true): CodeTree => {
  const children = new Map<string, Set<string>>();
  const parents = new Map<string, Set<string>>();
  const codes = new Set<string>();
  const tie = (parent: string, child: string): void => {
    link(children, parent, child);
    link(parents, child, parent);
  };
  const open: { readonly concept: Concept; readonly parent: string | undefined }[] = concepts.map((concept) => ({
    concept,
    parent: undefined,
  }));
  for (let next = open.pop(); next; next = open.pop()) {
    const { concept, parent } = next;
    codes.add(concept.code);
    if (parent !== undefined && isSubsuming) tie(parent, concept.code);
    // R4 codesystem.html#hierarchy: a polyhierarchy is said by properties.
    for (const { code, valueCode } of concept.property ?? []) {
      if (valueCode === undefined) continue;
      if (code === 'parent' || code === 'subsumedBy') tie(valueCode, concept.code);
      if (code === 'child') tie(concept.code, valueCode);
    }
    for (const child of concept.concept ?? []) open.push({ concept: child, parent: concept.code });
  }
  return {
    codes: [...codes],
    below: (code) => reached(code, children),
    above: (code) => reached(code, parents),
  };
};

export const hierarchyTree = (below: Below): CodeTree =>
  codeTree(
    Object.entries(below).flatMap(([parent, codes]) =>
      codes.map((code) => ({ code, property: parent === '' ? [] : [{ code: 'parent', valueCode: parent }] })),
    ),
  );
