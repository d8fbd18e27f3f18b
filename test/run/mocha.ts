/** Runs one suite in one mocha process and counts; a process that dies, hangs or leaves something behind counts as a failure. */
import { globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NotRun } from '../cannot-run.ts';
import { runNode, type Ended } from './child.ts';
import { readRecord, type Happening } from './record.ts';
import type { Suite } from './suites.ts';

export interface Tally {
  readonly passed: number;
  readonly failures: readonly string[];
  readonly notRun: readonly NotRun[];
  readonly seconds: number;
  readonly wasStopped: boolean;
  /** What the tests printed, where it was kept. */
  readonly output?: string;
}

/** A run that takes this many times its budget hangs. */
const budgetsUntilHung = 4;

export const filesOf = (root: string, { files = [] }: Suite): string[] =>
  globSync([...files], { cwd: root, exclude: ['**/node_modules/**'] }).toSorted();

const mocha = join(import.meta.dirname, '../../node_modules/mocha/bin/mocha.js');
const reporter = join(import.meta.dirname, 'reporter.ts');

interface Orders {
  readonly root: string;
  readonly suite: Suite;
  readonly grep?: string | undefined;
  /** False keeps what the tests print to itself. */
  readonly shown?: boolean;
}

export const runMocha = async ({ root, suite, grep, shown = true }: Orders): Promise<Tally> => {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-results-'));
  const results = join(folder, 'results.jsonl');
  const args = [
    mocha,
    ...['--no-config', '--no-package', '--forbid-only', '--forbid-pending'],
    ...['--timeout', String((suite.timeoutSeconds ?? 10) * 1_000)],
    ...['--reporter', reporter, '--reporter-option', `results=${results}`],
    ...(grep === undefined ? [] : ['--grep', grep]),
    ...filesOf(root, suite),
  ];
  const ended = await runNode({ args, cwd: root, shown, secondsAllowed: suite.budgetSeconds * budgetsUntilHung });
  const happenings = readRecord(results);
  rmSync(folder, { recursive: true });
  return {
    passed: happenings.filter(({ kind }) => kind === 'passed').length,
    failures: [
      ...happenings.flatMap((it) => (it.kind === 'failed' ? [it.title] : [])),
      ...faultsOfRun(ended, happenings),
    ],
    notRun: happenings.flatMap((it) => (it.kind === 'ended' ? it.notRun : [])),
    seconds: ended.seconds,
    wasStopped: ended.wasStopped,
    output: ended.output,
  };
};

const faultsOfRun = (
  { code, signal, wasStopped, leftProcesses }: Ended,
  happenings: readonly Happening[],
): string[] => {
  const cameToEnd = happenings.some(({ kind }) => kind === 'ended');
  const last = happenings.findLast((it) => it.kind === 'began');
  const open = happenings.find((it) => it.kind === 'stayed open');
  const where = last ? `in or after "${last.title}"` : 'before the first test';
  return [
    ...(cameToEnd ? [] : [`the test process ended early (${signal ?? `code ${code}`}) ${where}`]),
    ...(cameToEnd && wasStopped ? [`the test process was stopped ${where}`] : []),
    ...(open ? [`still open 5 s after the last test: ${open.resources.join(', ')}`] : []),
    ...(leftProcesses ? ['the tests left processes behind, which were killed'] : []),
  ];
};
