/** Reaches the database as its owner: the one at DATABASE_URL, the one of a Heddle that runs on this home, or an embedded one started for the purpose; refuses a server that will not do. */
import type { Configuration } from '../config/schema.ts';
import type { Log } from '../observe/log.ts';
import { misconfigured } from '../outcome/outcome.ts';
import { addressOf, type Address } from '../store/address.ts';
import { attachEmbedded } from '../store/embedded/attach.ts';
import { liveOwner, writeOwner } from '../store/embedded/owner.ts';
import { startEmbedded, type Embedded } from '../store/embedded/supervisor.ts';
import { checkOwner, prepareOwner } from '../store/roles.ts';
import type { Effects } from './effects.ts';

export interface ReachNeeds {
  readonly config: Configuration;
  readonly effects: Effects;
  readonly log: Log;
  /** Of an embedded database that is started here. */
  readonly maxConnections: number;
  /** A command beside a running Heddle uses what that one holds; a start takes the home for itself. */
  readonly beside: boolean;
}

export interface Reached {
  readonly owner: Address;
  /** Which one it is, in a few words. */
  readonly says: string;
  /** Stops what was started here. */
  readonly stop: () => Promise<void>;
}

/** Where the database is elsewhere nothing locks the home; two nodes on one would overwrite each other's ports and keys. */
const takeHome = async (home: string): Promise<void> => {
  const owner = await liveOwner(home);
  if (owner !== undefined && owner !== process.pid)
    throw misconfigured([
      `another Heddle (process ${owner}) runs on HEDDLE_HOME ${home}: give each node a home of its own`,
    ]);
  await writeOwner(home, '');
};

export const reachOwner = async ({ config, effects, log, maxConnections, beside }: ReachNeeds): Promise<Reached> => {
  const { home, database } = config;
  const { connectMs } = database.timeouts;
  let embedded: Embedded | undefined;
  try {
    // An address that is given is meant, whatever runs on the home.
    const running = beside && database.url === undefined ? await attachEmbedded(home) : undefined;
    if (database.url !== undefined) {
      if (!beside) await takeHome(home);
    } else if (!running)
      embedded = await startEmbedded({ home, fsync: database.fsync, maxConnections, random: effects.random, log });
    const superuser = running ?? embedded?.superuser;
    const owner = superuser
      ? await prepareOwner(superuser, effects.random, connectMs)
      : addressOf(database.url ?? '', 'DATABASE_URL');
    await checkOwner(owner, connectMs);
    return {
      owner,
      says: embedded
        ? `PostgreSQL ${embedded.version.split('-')[0]}, embedded, as ${embedded.account}`
        : `PostgreSQL ${database.url === undefined ? 'of the Heddle that runs' : 'at DATABASE_URL'}`,
      stop: async () => embedded?.stop(),
    };
  } catch (thrown) {
    await embedded?.stop();
    throw thrown;
  }
};
