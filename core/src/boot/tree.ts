/** The boot tree: each part with its milliseconds and a word on what it found; a part that fails is named in the error. */
import { Outcome, misconfigured } from '../outcome/outcome.ts';

export interface Part {
  readonly name: string;
  readonly ms: number;
  readonly note: string;
  readonly parts: readonly Part[];
}

export interface Grow {
  /** Runs a part; `note` says in a few words what came of it. */
  readonly part: <T>(name: string, work: (grow: Grow) => T | Promise<T>, note?: (result: T) => string) => Promise<T>;
}

const prefix = "part '";

/** The innermost part that failed is the one that is named. */
const naming = (name: string, thrown: unknown): Outcome => {
  const faults =
    thrown instanceof Outcome
      ? thrown.issues.map(({ diagnostics }) => diagnostics)
      : [thrown instanceof Error ? thrown.message : String(thrown)];
  return misconfigured(
    faults.map((fault) => (fault.startsWith(prefix) ? fault : `${prefix}${name}': ${fault}`)),
    thrown,
  );
};

export const growTree = (stopwatch: () => number): { readonly grow: Grow; readonly parts: readonly Part[] } => {
  const level = (parts: Part[]): Grow => ({
    part: async (name, work, note) => {
      const from = stopwatch();
      const inner: Part[] = [];
      try {
        const result = await work(level(inner));
        parts.push({ name, ms: Math.round((stopwatch() - from) * 1_000), note: note?.(result) ?? '', parts: inner });
        return result;
      } catch (thrown) {
        throw naming(name, thrown);
      }
    },
  });
  const parts: Part[] = [];
  return { grow: level(parts), parts };
};

const lines = (parts: readonly Part[], indent: string): string[] =>
  parts.flatMap(({ name, ms, note, parts: inner }, place) => {
    const last = place === parts.length - 1;
    const head = `${indent}${last ? '└ ' : '├ '}${name}`;
    return [
      `${head.padEnd(28)}${String(ms).padStart(6)} ms  ${note}`.trimEnd(),
      ...lines(inner, `${indent}${last ? '  ' : '│ '}`),
    ];
  });

export const drawTree = (title: string, parts: readonly Part[]): string => [title, ...lines(parts, '')].join('\n');
