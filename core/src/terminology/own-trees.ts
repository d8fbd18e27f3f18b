/** R4's own code systems and value sets, read when somebody asks for one first; each row stays text until it is asked for. */
import { codeTree, hierarchyTree, type Below, type CodeTree } from './code-tree.ts';

/** The slim files, a row of JSON on each line. */
export interface OwnFiles {
  readonly hierarchies: () => string;
  readonly codeSystems: () => string;
  readonly valueSets: () => string;
}

interface SlimInclude {
  readonly system?: string;
  readonly codes?: readonly string[];
}

export interface OwnTerms {
  /** What stands in a code system, and what below what; undefined where R4 does not have it. */
  readonly tree: (system: string) => CodeTree | undefined;
  /** The definition of a value set. */
  readonly valueSet: (url: string) => Readonly<Record<string, unknown>> | undefined;
  /** The code systems that have a code. */
  readonly systemsOf: (code: string) => readonly string[];
}

type Rows = ReadonlyMap<string, string>;

const rowsIn = (text: string): Rows =>
  new Map(
    text.split('\n').flatMap((line): [string, string][] => {
      const [, url] = /^\{"url":"([^"]+)"/.exec(line) ?? [];
      return url === undefined ? [] : [[url, line.replace(/,$/, '')]];
    }),
  );

const lazily = (read: () => string): (() => Rows) => {
  let rows: Rows | undefined;
  return () => (rows ??= rowsIn(read()));
};

const withConcepts = ({ codes, ...include }: SlimInclude) =>
  codes ? { ...include, concept: codes.map((code) => ({ code })) } : include;

export const openOwnTerms = (files: OwnFiles): OwnTerms => {
  const [hierarchies, flat, sets] = [lazily(files.hierarchies), lazily(files.codeSystems), lazily(files.valueSets)];
  const trees = new Map<string, CodeTree>();
  const made = (system: string): CodeTree | undefined => {
    const ordered = hierarchies().get(system);
    if (ordered !== undefined) return hierarchyTree((JSON.parse(ordered) as { below: Below }).below);
    const listed = flat().get(system);
    if (listed === undefined) return undefined;
    const { codes } = JSON.parse(listed) as { codes: readonly string[] };
    return codeTree(codes.map((code) => ({ code })));
  };
  const tree = (system: string): CodeTree | undefined => {
    const found = trees.get(system) ?? made(system);
    if (found) trees.set(system, found);
    return found;
  };
  return {
    tree,
    valueSet: (url) => {
      const row = sets().get(url);
      if (row === undefined) return undefined;
      const { include, exclude = [] } = JSON.parse(row) as { include: SlimInclude[]; exclude?: SlimInclude[] };
      return { url, compose: { include: include.map(withConcepts), exclude: exclude.map(withConcepts) } };
    },
    systemsOf: (code) => {
      const quoted = JSON.stringify(code);
      return [hierarchies(), flat()]
        .flatMap((rows) => [...rows].filter(([, row]) => row.includes(quoted)).map(([url]) => url))
        .filter((url) => tree(url)?.codes.includes(code));
    },
  };
};
