/** `npm run lint`: every check of the sources that needs no run of Heddle; reports all faults of all of them, the quickest check first. */
import { join } from 'node:path';
import { inspect } from 'node:util';
import { survey } from './layers/cruise.ts';
import { houseFaults } from './layers/house.ts';
import { lockFaults } from './layers/lock-file.ts';
import { runNode } from './run/child.ts';

type Faults = (root: string) => Promise<readonly string[]>;

interface Check {
  readonly name: string;
  readonly faults: Faults;
  /** Left out of the quick run. */
  readonly slow?: true;
}

export interface Checked {
  readonly name: string;
  readonly faults: readonly string[];
  readonly seconds: number;
}

/** A program that prints a line for each fault. */
const program =
  (script: string, ...args: string[]): Faults =>
  async (root) => {
    const { code, output } = await runNode({
      args: [join(root, 'node_modules', script), ...args],
      cwd: root,
      shown: false,
    });
    const lines = output.split('\n').filter((line) => line.trim() !== '' && !/^\d+ problems?$/.test(line));
    return code === 0
      ? []
      : [...lines, ...(lines.length === 0 ? [`${script} ended with ${code} and said nothing`] : [])];
  };

const house: Faults = async (root) =>
  houseFaults(root).map(({ path, line, rule, why }) => `${path}:${line} ${rule}: ${why}`);

const walls: Faults = async (root) =>
  (await survey(root)).breaches.map(({ wall, from, to, why }) => `${from} → ${to} ${wall}: ${why}`);

export const checks: readonly Check[] = [
  { name: 'house rules', faults: house },
  { name: 'lock file', faults: lockFaults },
  { name: 'walls', faults: walls },
  { name: 'types', faults: program('typescript/bin/tsc', '-p', 'tsconfig.json', '--pretty', 'false') },
  { name: 'linter', faults: program('oxlint/bin/oxlint', '--format=unix') },
  {
    name: 'formatting',
    faults: program(
      'prettier/bin/prettier.cjs',
      '--list-different',
      '--cache',
      '--cache-location=.cache/prettier',
      '.',
    ),
    slow: true,
  },
];

const root = join(import.meta.dirname, '..');

export const lint = async (quick: boolean): Promise<Checked[]> => {
  const all: Checked[] = [];
  for (const { name, faults: find } of checks.filter(({ slow }) => !(quick && slow))) {
    const start = performance.now();
    const faults = await find(root).catch((thrown: unknown) => [inspect(thrown)]);
    const seconds = (performance.now() - start) / 1_000;
    console.log(`  ${faults.length === 0 ? '✔' : '✘'} ${name}, ${seconds.toFixed(1)} s`);
    for (const fault of faults) console.log(`      ${fault}`);
    all.push({ name, faults, seconds });
  }
  return all;
};

export const main = async (): Promise<number> => {
  const failed = (await lint(false)).filter(({ faults }) => faults.length > 0);
  console.log(failed.length === 0 ? 'no faults' : `faults in: ${failed.map(({ name }) => name).join(', ')}`);
  return failed.length === 0 ? 0 : 1;
};
