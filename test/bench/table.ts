/** Sets the measurements out as a Markdown table. */
import type { Measured } from './drive.ts';

export interface Row {
  readonly name: string;
  /** Resources a request, where one carries many. */
  readonly each: number;
  readonly heddle: Measured;
  readonly bare?: Measured;
}

const fixed = (value: number): string => value.toFixed(value < 10 ? 2 : 0);

const cells = ({ name, each, heddle, bare }: Row): string[] => [
  name,
  fixed(heddle.perSecond * each),
  ...[heddle.p50, heddle.p95, heddle.p99].map(fixed),
  String(heddle.failures),
  (heddle.cpu / each).toFixed(3),
  (heddle.own / each).toFixed(3),
  bare ? (bare.cpu / each).toFixed(3) : '–',
  bare ? (heddle.cpu / bare.cpu).toFixed(1) : '–',
];

const heads = [
  'work',
  'per second',
  'p50 ms',
  'p95 ms',
  'p99 ms',
  'failures',
  'CPU ms each',
  'of it Node',
  'bare CPU ms',
  'ratio',
];

const line = (row: readonly string[]): string => `| ${row.join(' | ')} |`;

export const table = (rows: readonly Row[]): string =>
  [line(heads), line(heads.map(() => '---')), ...rows.map((row) => line(cells(row)))].join('\n');
