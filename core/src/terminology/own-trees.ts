/** The hierarchies of R4's own code systems, read when somebody asks for one first. */
import { hierarchyTree, type Below, type CodeTree } from './code-tree.ts';

interface Hierarchy {
  readonly url: string;
  readonly below: Below;
}

export const openOwnTrees = (read: () => readonly Hierarchy[]): ((system: string) => CodeTree | undefined) => {
  let known: ReadonlyMap<string, Below> | undefined;
  const trees = new Map<string, CodeTree>();
  return (system) => {
    known ??= new Map(read().map(({ url, below }) => [url, below]));
    const below = known.get(system);
    const tree = trees.get(system) ?? (below && hierarchyTree(below));
    if (tree) trees.set(system, tree);
    return tree;
  };
};
