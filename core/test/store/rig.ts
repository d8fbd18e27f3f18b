/** The parts that store tests put together: a silent log, metrics, and lanes and pools on a test database. */
import { randomBytes } from 'node:crypto';
import { openLog } from '../../src/observe/log.ts';
import { openMetrics } from '../../src/observe/metrics.ts';
import { loadConfiguration } from '../../src/config/load.ts';
import { join } from 'node:path';
import { openDatabase, type Database } from '../../src/store/database.ts';
import type { Address } from '../../src/store/address.ts';
import { noEntries, type Change, type Indexing, type Written } from '../../src/store/change.ts';
import type { Fence } from '../../src/store/fenced.ts';
import { ridOf } from '../../src/store/rid.ts';
import { writeOnce } from '../../src/store/writer.ts';
import { connect } from '../../src/store/link.ts';

export const silent = openLog('silent', { write: () => {} });
export const root = join(import.meta.dirname, '../../..');
export const testConfig = (environment: Record<string, string> = {}) =>
  loadConfiguration({ root, environment: { HEDDLE_PROFILE: 'test', ...environment } }).config;

export const openTestDatabase = (
  serving: Address,
  settings: Record<string, string> = {},
  random: (bytes: number) => Uint8Array = randomBytes,
): Promise<Database> =>
  openDatabase({
    serving,
    settings: testConfig(settings).database,
    node: 'test',
    random,
    metrics: openMetrics(),
    log: silent,
  });

/** Runs statements on a connection of their own and answers the rows of the last. */
export const sql = async (address: Address, ...statements: readonly string[]): Promise<Record<string, unknown>[]> => {
  const { client } = await connect({ address, name: 'test', connectMs: 5_000, statementMs: 0 });
  try {
    let rows: Record<string, unknown>[] = [];
    for (const statement of statements) ({ rows } = await client.query<Record<string, unknown>>(statement));
    return rows;
  } finally {
    await client.end();
  }
};

/** No tenant of these tests has search parameters of its own. */
export const noFence: Fence = { generation: () => 0, renew: async () => {} };

export const found = (rest: Partial<Omit<Indexing, 'generation'>> = {}): Indexing & Pick<Change, 'again'> => {
  const indexing = { generation: 0, at: 0, adds: noEntries, drops: noEntries, ...rest };
  return { ...indexing, again: () => indexing };
};

let row = 0;

/** A new resource without anything to find it by. */
export const insertResource = async (
  { write }: Database,
  tenant: number,
  type: string,
  id: string,
  tail: string,
): Promise<Written> => {
  const change: Change = {
    ...{ type, id, rid: ridOf(type, ++row), was: 0, method: 'POST', deleted: false, tail },
    ...{ ...found(), needs: [] },
  };
  const [written] = await writeOnce({ lane: write, fence: noFence }, tenant, [change], false);
  return written ?? { outcome: 'stale' };
};
