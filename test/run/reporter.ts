/** Shows a mocha run as it goes: a line for each group of tests, each failure in full at once. Records everything, lets no open handle pass. */
import Mocha, { type Runner, type Suite, type Test } from 'mocha';
import { allNotRun } from '../cannot-run.ts';
import { note } from './record.ts';

const msToClose = 5_000;

interface Options {
  readonly reporterOption: { readonly results: string };
}

/** Mocha calls it with `new`. */
export default function reporter(runner: Runner, { reporterOption: { results } }: Options): void {
  const openBefore = process.getActiveResourcesInfo();
  const titleOf = (test: { titlePath: () => string[] }): string => test.titlePath().join(' › ');

  runner.on('test', (test: Test) => note(results, { kind: 'began', title: titleOf(test) }));
  runner.on('pass', (test: Test) => note(results, { kind: 'passed', title: titleOf(test) }));
  runner.on('fail', (test: Test, error: unknown) => {
    note(results, { kind: 'failed', title: titleOf(test) });
    test.err = error as Error;
    Mocha.reporters.Base.list([test]);
  });
  showGroups(runner);
  runner.on('end', () => {
    note(results, { kind: 'ended', notRun: allNotRun() });
    setTimeout(() => {
      const resources = without(process.getActiveResourcesInfo(), openBefore);
      note(results, { kind: 'stayed open', resources });
      process.exit();
    }, msToClose).unref();
  });
  // Mocha hands on a rejection that nobody awaited to whoever listens, and without a listener it is lost.
  process.on('unhandledRejection', (reason) => {
    throw reason;
  });
  // Mocha would die at once and leave open what the hooks close.
  for (const ending of ['SIGINT', 'SIGTERM'] as const) process.once(ending, () => runner.abort());
}

const showGroups = (runner: Runner): void => {
  let start = 0;
  let tests = 0;
  let failed = 0;
  const isGroup = (suite: Suite): boolean => suite.parent?.root === true;
  runner.on('suite', (suite: Suite) => {
    if (isGroup(suite)) [start, tests, failed] = [performance.now(), 0, 0];
  });
  runner.on('test end', () => (tests += 1));
  runner.on('fail', () => (failed += 1));
  runner.on('suite end', (suite: Suite) => {
    if (!isGroup(suite)) return;
    const seconds = ((performance.now() - start) / 1_000).toFixed(1);
    console.log(
      `  ${failed === 0 ? '✔' : '✘'} ${suite.title}: ${tests} ${tests === 1 ? 'test' : 'tests'}, ${seconds} s`,
    );
  });
};

/** The standard streams count as resources too, and are open from the beginning. */
const without = (resources: readonly string[], others: readonly string[]): string[] => {
  const rest = [...others];
  return resources.filter((resource) => {
    const known = rest.indexOf(resource);
    if (known >= 0) rest.splice(known, 1);
    return known < 0;
  });
};
