/** `npm run bench:large`: every class of search at 10,000 resources and again at a million, with pages far into an answer; prints a table. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { attachEmbedded } from '../../core/src/store/embedded/attach.ts';
import { connect } from '../../core/src/store/link.ts';
import { patientBundle } from './data.ts';
import { drive, openClient, type Measured, type Server } from './drive.ts';
import { openHeddle } from './open.ts';
import { largeSearches, searches, type Search } from './searches.ts';

const small = 10_000;
/** 20,000 patients make a million. */
const aPatient = 50;
const pagesDeep = 200;

const load = async (server: Server, from: number, to: number, patients: string[]): Promise<void> => {
  const begun = performance.now();
  await drive({
    ...{ server, seconds: 24 * 3600 },
    next: (n) => {
      const seed = from / aPatient + n + 1;
      if (seed * aPatient > to) return undefined;
      return { method: 'POST', path: '/fhir', body: patientBundle(seed, aPatient).text };
    },
    onAnswer: ({ text }) => void patients.push(/"location":"Patient\/([^/]+)/.exec(text)?.[1] ?? ''),
  });
  const each = ((to - from) / (performance.now() - begun)) * 1_000;
  process.stdout.write(`loaded up to ${to} resources, ${each.toFixed(0)} a second\n`);
};

/** What a database does by itself in the hours behind an import. */
const settle = async (home: string): Promise<void> => {
  const address = await attachEmbedded(home);
  if (!address) throw new Error('there is no database');
  const { client } = await connect({
    address: { ...address, database: 'heddle' },
    ...{ name: 'bench', connectMs: 5_000, statementMs: 0 },
  });
  await client.query('vacuum analyze');
  await client.end();
};

const linkOf = (text: string): string | undefined => {
  const { link = [] } = JSON.parse(text) as { link?: { relation: string; url: string }[] };
  const url = link.find(({ relation }) => relation === 'next')?.url;
  return url?.slice(url.indexOf('/fhir/'));
};

/** The mean of the first and of the last ten of many pages, in milliseconds. */
const deep = async (server: Server, { path }: Search): Promise<string> => {
  const { send, close } = openClient(server);
  const times: number[] = [];
  let next: string | undefined = `/fhir/${path(0)}`;
  while (next && times.length < pagesDeep) {
    const begun = performance.now();
    const { text } = await send({ method: 'GET', path: next });
    times.push(performance.now() - begun);
    next = linkOf(text);
  }
  close();
  const mean = (some: readonly number[]): string =>
    (some.reduce((sum, each) => sum + each, 0) / some.length).toFixed(1);
  return times.length < 20 ? '–' : `${mean(times.slice(0, 10))} / ${mean(times.slice(-10))} (${times.length})`;
};

interface Row {
  readonly name: string;
  readonly at: Measured[];
  pages: string;
}

const measure = async (server: Server, rows: Row[], all: readonly Search[], seconds: number): Promise<void> => {
  for (const search of all) {
    const run = (time: number): Promise<Measured> =>
      drive({ server, seconds: time, next: (n) => ({ method: 'GET', path: `/fhir/${search.path(n)}` }) });
    await run(1);
    const measured = await run(seconds);
    const row = rows.find(({ name }) => name === search.name) ?? { name: search.name, at: [], pages: '–' };
    if (row.at.length === 0) rows.push(row);
    row.at.push(measured);
    row.pages = await deep(server, search);
    process.stdout.write(`${search.name}: p50 ${measured.p50.toFixed(1)}, p95 ${measured.p95.toFixed(1)} ms\n`);
  }
};

const fixed = (value: number | undefined): string => (value === undefined ? '–' : value.toFixed(value < 10 ? 2 : 0));

const table = (rows: readonly Row[], count: number): string =>
  [
    `| search | p50 ms at ${small} | p95 | CPU ms | p50 ms at ${count} | p95 | CPU ms | failures | first / last ten pages ms |`,
    '|---|---|---|---|---|---|---|---|---|',
    ...rows.map(({ name, at: [before, after], pages }) => {
      const cells = [before, after].flatMap((each) => [each?.p50, each?.p95, each?.cpu].map(fixed));
      return `| ${[name, ...cells, String((before?.failures ?? 0) + (after?.failures ?? 0)), pages].join(' | ')} |`;
    }),
  ].join('\n');

/** `npm run bench:large -- 1000000 5`: how many resources, and seconds for each search. */
export const main = async ([count = '1000000', seconds = '5']: readonly string[]): Promise<number> => {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-large-'));
  const home = join(folder, 'home');
  const { server, close } = await openHeddle(home);
  try {
    const patients: string[] = [];
    const all = [...searches((n) => patients[(n * 7919) % patients.length] ?? ''), ...largeSearches];
    const rows: Row[] = [];
    for (const [from, to] of [
      [0, small],
      [small, Number(count)],
    ] as const) {
      await load(server, from, to, patients);
      await settle(home);
      await measure(server, rows, all, Number(seconds));
    }
    process.stdout.write(`\n${table(rows, Number(count))}\n`);
    return 0;
  } finally {
    await close();
    rmSync(folder, { recursive: true, force: true });
  }
};
