/** Puts what the suites counted into words: a table of time against budget, what could not run here, and the last line that others read. */
import type { Tally } from './mocha.ts';
import type { Suite } from './suites.ts';

export interface Line {
  readonly suite: Suite;
  /** None when the suite has no tests yet. */
  readonly tally?: Tally;
}

export interface Summary {
  readonly text: string;
  readonly passed: number;
  readonly failed: number;
}

/** Machines differ; past this they do not differ that much. */
const budgetsAllowed = 2;

const overdue = ({ suite, tally }: Line): string[] =>
  tally && !tally.wasStopped && tally.seconds > budgetsAllowed * suite.budgetSeconds
    ? [`took ${tally.seconds.toFixed(0)} s, more than ${budgetsAllowed} times its budget`]
    : [];

const failuresOf = (line: Line): string[] => [...(line.tally?.failures ?? []), ...overdue(line)];

const row = (cells: readonly (string | number)[]): string =>
  cells.map((cell, index) => (index === 0 ? String(cell).padEnd(14) : String(cell).padStart(8))).join('');

const rowOf = (line: Line): string => {
  const { suite, tally } = line;
  if (!tally) return `${suite.name.padEnd(14)}  no tests yet`;
  const isOver = tally.seconds > suite.budgetSeconds;
  const time = [`${tally.seconds.toFixed(1)} s`, `${suite.budgetSeconds} s`];
  return row([suite.name, tally.passed, failuresOf(line).length, ...time]) + (isOver ? '  over its budget' : '');
};

export const summary = (lines: readonly Line[], stopped: boolean): Summary => {
  const failures = lines.flatMap((line) => failuresOf(line).map((failure) => `failed: ${line.suite.name}: ${failure}`));
  const notRun = lines.flatMap(({ tally }) => tally?.notRun ?? []);
  const passed = lines.reduce((sum, { tally }) => sum + (tally?.passed ?? 0), 0);
  const text = [
    '',
    ...failures,
    ...notRun.map(({ what, why }) => `not run: ${what} – ${why}`),
    ...(stopped ? ['stopped before the end'] : []),
    ...(passed + failures.length === 0 ? ['nothing ran'] : []),
    '',
    row(['suite', 'passed', 'failed', 'time', 'budget']),
    ...lines.map(rowOf),
    '',
    `${passed} passed, ${failures.length} failed`,
  ];
  return { text: text.join('\n'), passed, failed: failures.length };
};
