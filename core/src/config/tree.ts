/** Lays trees of settings over one another and remembers which layer set each key. */
import { z } from 'zod';

export interface Tree {
  readonly [key: string]: unknown;
}

export interface Layer {
  readonly tree: Tree;
  readonly source: (path: string) => string;
}

const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);

const lay = (under: Tree, over: Tree): Tree => {
  const result: Record<string, unknown> = { ...under };
  for (const [key, value] of Object.entries(over)) {
    const below = result[key];
    result[key] = isTree(below) && isTree(value) ? lay(below, value) : value;
  }
  return result;
};

const leaves = (tree: Tree, path = ''): string[] =>
  Object.entries(tree).flatMap(([key, value]) => (isTree(value) ? leaves(value, `${path}${key}.`) : [`${path}${key}`]));

export const merge = (layers: readonly Layer[]): { tree: Tree; sources: ReadonlyMap<string, string> } => {
  const sources = new Map<string, string>();
  let tree: Tree = {};
  for (const layer of layers) {
    tree = lay(tree, layer.tree);
    for (const path of leaves(layer.tree)) sources.set(path, layer.source(path));
  }
  return { tree, sources };
};

/** The tree without the named paths. */
export const prune = (tree: Tree, paths: ReadonlySet<string>, at = ''): Tree =>
  Object.fromEntries(
    Object.entries(tree)
      .filter(([key]) => !paths.has(`${at}${key}`))
      .map(([key, value]) => [key, isTree(value) ? prune(value, paths, `${at}${key}.`) : value]),
  );

const unwrap = (type: unknown): unknown => (type instanceof z.ZodOptional ? unwrap(type.unwrap()) : type);

/** The keys that a schema knows at a path; none where it takes any. */
export const keysAt = (schema: z.ZodObject, path: readonly string[]): readonly string[] => {
  let here: unknown = schema;
  for (const key of path) {
    const inner = unwrap(here);
    if (!(inner instanceof z.ZodObject)) return [];
    here = inner.shape[key];
  }
  const inner = unwrap(here);
  return inner instanceof z.ZodObject ? Object.keys(inner.shape) : [];
};
