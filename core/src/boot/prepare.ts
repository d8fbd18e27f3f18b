/** What one process does before any serves: the plugins in order, the database running and migrated, the keys at hand. */
import type { Loaded } from '../config/load.ts';
import type { Configuration } from '../config/schema.ts';
import type { Log } from '../observe/log.ts';
import { misconfigured } from '../outcome/outcome.ts';
import type { Plugin } from '../plugin/define.ts';
import { connectionsWanted } from '../store/database.ts';
import { startEmbedded, type Embedded } from '../store/embedded/supervisor.ts';
import { prepareHome } from '../store/embedded/home.ts';
import { kernelMigrations } from '../store/kernel-migrations.ts';
import type { Address } from '../store/link.ts';
import type { PluginMigrations } from '../store/migration.ts';
import { migrate } from '../store/migrator.ts';
import { judgeConnections, prepareOwner, prepareRoles } from '../store/roles.ts';
import { checkAndOrder } from './order.ts';
import { discover } from './discover.ts';
import type { Effects } from './effects.ts';
import { masterKeys, type Masters } from './master-key.ts';
import type { Grow } from './tree.ts';

/** All that a serving process needs besides the configuration; plain data, so that it can be sent to a worker. */
export interface Prepared extends Masters {
  readonly serving: Address;
}

export interface PrepareNeeds {
  readonly loaded: Loaded;
  readonly root: string;
  readonly version: string;
  readonly effects: Effects;
  readonly log: Log;
  readonly grow: Grow;
  /** Plugins beside the configured ones, for tests. */
  readonly plugins?: readonly Plugin[];
}

export const migrationsOf = (plugins: readonly Plugin[]): readonly PluginMigrations[] => [
  kernelMigrations,
  ...plugins.filter(({ migrations }) => migrations).map(({ name, migrations = [] }) => ({ plugin: name, migrations })),
];

/** A stand-in with the core's name and version: its contributions are made where it serves. */
const coreOf = (version: string): Plugin => ({ name: 'core', version, setup: () => {} });

export const orderedPlugins = async ({
  loaded,
  root,
  version,
  plugins = [],
}: Pick<PrepareNeeds, 'loaded' | 'root' | 'version' | 'plugins'>) => {
  const settings = Object.fromEntries(
    Object.entries(loaded.config.plugins).filter(([name]) => !plugins.some((plugin) => plugin.name === name)),
  );
  const found = await discover(root, settings);
  const { checked, faults } = checkAndOrder(coreOf(version), [...found.plugins, ...plugins], loaded.config.plugins);
  const all = [...found.faults, ...faults];
  if (all.length > 0) throw misconfigured(all);
  return checked.slice(1);
};

/** Some to spare for people and for the installation's own moments. */
const spareConnections = 10;

const workersOf = ({ workers }: Configuration, cores: number): number => (workers === 0 ? cores : workers);

export interface Ground {
  readonly prepared: Prepared;
  readonly owner: Address;
  readonly stop: () => Promise<void>;
}

export const prepare = async (needs: PrepareNeeds, cores: number): Promise<Ground> => {
  const { loaded, effects, log, grow } = needs;
  const { config } = loaded;
  const { database } = config;
  const connectMs = database.timeouts.connectMs;
  const { total, sum } = connectionsWanted(database, workersOf(config, cores));

  const ordered = await grow.part(
    'plugins',
    () => orderedPlugins(needs),
    (found) => found.map(({ plugin }) => plugin.name).join(', ') || 'none',
  );
  let embedded: Embedded | undefined;
  const masters = await grow.part('home', async () => {
    await prepareHome(config.home);
    return masterKeys(config, effects.random);
  });

  try {
    const roles = await grow.part(
      'database',
      async () => {
        if (database.url === undefined)
          embedded = await startEmbedded({
            home: config.home,
            fsync: database.fsync,
            maxConnections: total + spareConnections,
            random: effects.random,
            log,
          });
        const own = embedded?.superuser;
        const secret = own ? Buffer.from(own.password) : masters.master;
        const owner = own ? await prepareOwner(own, secret, connectMs) : { connectionString: database.url ?? '' };
        const prepared = await prepareRoles({ owner, servingUrl: database.servingUrl, secret, connectMs });
        await judgeConnections(owner, connectMs, total, sum);
        return prepared;
      },
      () =>
        embedded
          ? `PostgreSQL ${embedded.version.split('-')[0]}, embedded, as ${embedded.account}`
          : 'PostgreSQL at DATABASE_URL',
    );
    await grow.part(
      'migrations',
      () => migrate({ ...roles, plugins: migrationsOf(ordered.map(({ plugin }) => plugin)), log }),
      (ran) => (ran.length === 0 ? 'none pending' : ran.join(', ')),
    );
    return { prepared: { ...masters, serving: roles.serving }, owner: roles.owner, stop: async () => embedded?.stop() };
  } catch (thrown) {
    await embedded?.stop();
    throw thrown;
  }
};
