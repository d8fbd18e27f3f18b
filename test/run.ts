/** `npm test`: runs the suites one after the other and ends with what passed, what failed and how long it took. Refuses unknown suites. */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { lint } from './lint.ts';
import { filesOf, runMocha, type Tally } from './run/mocha.ts';
import { suites, type Suite } from './run/suites.ts';
import { summary, type Line } from './run/summary.ts';

const root = join(import.meta.dirname, '..');

interface Wish {
  readonly chosen: readonly Suite[];
  readonly quick: boolean;
  readonly grep: string | undefined;
}

/** Throws in words when nobody can run what is asked for. */
const wishFrom = (argv: readonly string[]): Wish => {
  const { positionals, values } = parseArgs({
    args: [...argv],
    options: { grep: { type: 'string' } },
    allowPositionals: true,
  });
  const quick = positionals.includes('quick');
  const names = positionals.filter((name) => name !== 'quick');
  const strangers = names.filter((name) => !suites.some((suite) => suite.name === name));
  const known = suites.map(({ name }) => name).join(', ');
  if (strangers.length > 0)
    throw new Error(`no suite is called ${strangers.join(', ')}; there are ${known}, and quick`);
  const chosen = suites.filter(
    (suite) => (names.length === 0 || names.includes(suite.name)) && (!quick || suite.quick),
  );
  // A text to look for is one to look for in tests.
  return { chosen: values.grep === undefined ? chosen : chosen.filter(({ files }) => files), quick, grep: values.grep };
};

const runLint = async (quick: boolean): Promise<Tally> => {
  const start = performance.now();
  const checked = await lint(quick);
  const failures = checked.filter(({ faults }) => faults.length > 0).map(({ name }) => name);
  const seconds = (performance.now() - start) / 1_000;
  return { passed: checked.length - failures.length, failures, notRun: [], seconds, wasStopped: false };
};

const run = async (suite: Suite, { quick, grep }: Wish): Promise<Line> => {
  console.log(`\n${suite.name}`);
  if (suite.files && filesOf(root, suite).length === 0) return { suite };
  return { suite, tally: suite.files ? await runMocha({ root, suite, grep }) : await runLint(quick) };
};

const runAll = async (wish: Wish): Promise<number> => {
  let stopped = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => (stopped = true));

  const lines: Line[] = [];
  for (const suite of wish.chosen) {
    lines.push(await run(suite, wish));
    if (stopped) break;
  }
  const { text, passed, failed } = summary(lines, stopped);
  console.log(text);
  return failed === 0 && passed > 0 && !stopped ? 0 : 1;
};

const told = (thrown: unknown): number => {
  console.error(thrown instanceof Error ? thrown.message : thrown);
  return 2;
};

export const main = (argv: readonly string[]): Promise<number> =>
  Promise.resolve(argv).then(wishFrom).then(runAll, told);
