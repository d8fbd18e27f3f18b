/** What a mocha run leaves behind for whoever counts: one line of JSON for each thing that happened, so that a crash loses nothing. */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import type { NotRun } from '../cannot-run.ts';

export type Happening =
  | { readonly kind: 'began'; readonly title: string }
  | { readonly kind: 'passed' | 'failed'; readonly title: string }
  | { readonly kind: 'ended'; readonly notRun: readonly NotRun[] }
  | { readonly kind: 'stayed open'; readonly resources: readonly string[] };

export const note = (file: string, happening: Happening): void =>
  appendFileSync(file, `${JSON.stringify(happening)}\n`);

export const readRecord = (file: string): Happening[] =>
  existsSync(file)
    ? readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Happening)
    : [];
