/** Takes from the text of an answer what `_summary` and `_elements` leave out; of a bundle, from each resource in it. */
import type { Resource } from './body.ts';
import { parseLossless } from './lossless.ts';
import type { Structures } from './structure/structures.ts';
import { partOf, type Part } from './subset.ts';

type TypeOf = Structures['type'];

/** Bundles that this server makes of an answer; without an entry too they are the answer. */
const answers: ReadonlySet<unknown> = new Set(['searchset', 'history', 'batch-response', 'transaction-response']);

/** Of a bundle in a bundle, the same. */
const partialTree = (tree: Resource, part: Part, typeOf: TypeOf): Resource => {
  if (tree.resourceType === 'Bundle' && tree.entry === undefined && answers.has(tree.type)) return tree;
  if (tree.resourceType !== 'Bundle' || !Array.isArray(tree.entry)) return partOf(tree, part, typeOf);
  const entry = tree.entry.map((each: { resource?: Resource; search?: { mode?: string } }) =>
    each.resource && each.search?.mode !== 'outcome'
      ? { ...each, resource: partialTree(each.resource, part, typeOf) }
      : each,
  );
  return { ...tree, entry };
};

export const partialText = (text: string, part: Part, typeOf: TypeOf): string =>
  JSON.stringify(partialTree(parseLossless(text) as Resource, part, typeOf));
