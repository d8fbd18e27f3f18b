/** Opens what a command needs to work on the database without serving, and closes it again. */
import { availableParallelism } from 'node:os';
import { loadConfiguration, type Loaded } from '../config/load.ts';
import type { Configuration } from '../config/schema.ts';
import { openLog, type Log } from '../observe/log.ts';
import { openMetrics, type Metrics } from '../observe/metrics.ts';
import { openDatabase, type Database } from '../store/database.ts';
import type { Masters } from '../store/serving-role.ts';
import type { Place } from './command.ts';
import { realEffects, type Effects } from './effects.ts';
import { prepare } from './prepare.ts';
import { growTree } from './tree.ts';

export interface OnDatabase {
  readonly loaded: Loaded;
  readonly config: Configuration;
  readonly database: Database;
  readonly masters: Masters;
  readonly effects: Effects;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** A command asks one thing after another; beside a running Heddle few connections are left. */
const oneEach = { read: 1, write: 1, bulk: 1, transaction: 1, search: 1, jobs: 1 };

/** Some commands look at everything that is stored; nobody waits for them. */
const anHour = 3_600_000;
const timeouts = { laneMs: 60_000, transactionMs: anHour, searchMs: anHour };

export const onDatabase = async <T>({ root, version }: Place, work: (given: OnDatabase) => Promise<T>): Promise<T> => {
  const loaded = loadConfiguration({ root });
  const { config } = loaded;
  const effects = realEffects();
  const log = openLog(config.log.level, { write: (line) => void process.stderr.write(line) });
  const { grow } = growTree(effects.stopwatch);
  const { prepared, stop } = await prepare(
    { loaded, root, version, effects, log, grow, beside: true },
    availableParallelism(),
  );
  try {
    const metrics = openMetrics();
    const settings = { ...config.database, lanes: oneEach, timeouts: { ...config.database.timeouts, ...timeouts } };
    const database = await openDatabase({
      ...{ serving: prepared.serving, settings, random: effects.random, log },
      ...{ node: `command-${process.pid}`, metrics },
    });
    try {
      return await work({ loaded, config, database, masters: prepared, effects, log, metrics });
    } finally {
      await database.close();
    }
  } finally {
    await stop();
  }
};
