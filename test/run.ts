/** `npm test`: runs the suites one after the other, two of them together, and ends with what passed, what failed and how long it took. Refuses unknown suites. */
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

const runOne = async (suite: Suite, { quick, grep }: Wish, shown: boolean): Promise<Line> => {
  if (suite.files && filesOf(root, suite).length === 0) return { suite };
  return { suite, tally: suite.files ? await runMocha({ root, suite, grep, shown }) : await runLint(quick) };
};

/** What prints at once comes first; the others, which run meanwhile, behind it. */
const runTogether = async ([first, ...others]: readonly Suite[], wish: Wish): Promise<Line[]> => {
  if (!first) return [];
  console.log(`\n${first.name}`);
  const beside = others.map((suite) => runOne(suite, wish, false));
  const lines = [await runOne(first, wish, true)];
  for (const running of beside) {
    const line = await running;
    console.log(`\n${line.suite.name}\n${line.tally?.output?.trimEnd() ?? ''}`);
    lines.push(line);
  }
  return lines;
};

const runAll = async (wish: Wish): Promise<number> => {
  let stopped = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => (stopped = true));

  const { chosen } = wish;
  const leaders = chosen.filter(({ beside }) => !chosen.some(({ name }) => name === beside));
  const lines: Line[] = [];
  for (const leader of leaders) {
    const together = chosen.filter((suite) => suite === leader || suite.beside === leader.name);
    lines.push(...(await runTogether(together, wish)));
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
