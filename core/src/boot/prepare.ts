/** What one process does before any serves: the plugins in order, the database running and migrated, the keys at hand. */
import type { Loaded } from '../config/load.ts';
import type { Configuration } from '../config/schema.ts';
import { installQueue } from '../jobs/install.ts';
import type { Log } from '../observe/log.ts';
import { misconfigured } from '../outcome/outcome.ts';
import type { Plugin } from '../plugin/define.ts';
import { connectionsWanted } from '../store/database.ts';
import { prepareHome } from '../store/embedded/home.ts';
import { kernelMigrations } from '../store/kernel-migrations.ts';
import { addressOf, type Address } from '../store/address.ts';
import type { PluginMigrations } from '../store/migration.ts';
import { migrate } from '../store/migrator.ts';
import { judgeConnections, judgeServing } from '../store/roles.ts';
import { prepareServingRole, servingAddress, type Masters } from '../store/serving-role.ts';
import { checkAndOrder } from './order.ts';
import { discover } from './discover.ts';
import type { Effects } from './effects.ts';
import { masterKeys } from './master-key.ts';
import { reachOwner, type Reached } from './reach-owner.ts';
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
  /** A command beside a running Heddle uses what that one holds; a start takes the home for itself. */
  readonly beside?: boolean;
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
  let reached: Reached | undefined;
  const masters = await grow.part('home', async () => {
    await prepareHome(config.home);
    return masterKeys(config, effects.random);
  });

  try {
    const { owner } = await grow.part(
      'database',
      async () => {
        const maxConnections = total + spareConnections;
        reached = await reachOwner({ config, effects, log, maxConnections, beside: needs.beside ?? false });
        await judgeConnections(reached.owner, connectMs, total, sum);
        return reached;
      },
      ({ says }) => says,
    );
    const given =
      database.servingUrl === undefined ? undefined : addressOf(database.servingUrl, 'HEDDLE__DATABASE__SERVING_URL');
    const servingName = given?.user ?? (await prepareServingRole(owner, connectMs));
    await grow.part(
      'migrations',
      () => migrate({ owner, servingName, plugins: migrationsOf(ordered.map(({ plugin }) => plugin)), log }),
      (ran) => (ran.length === 0 ? 'none pending' : ran.join(', ')),
    );
    await grow.part(
      'job queue',
      () => installQueue(owner, servingName, log),
      (revision) => `revision ${revision}`,
    );
    const serving = await grow.part('serving role', async () => {
      const address = given ?? (await servingAddress(owner, servingName, masters, effects.random, connectMs));
      const faults = await judgeServing(address, owner.user, connectMs);
      if (faults.length > 0) throw misconfigured(faults);
      return address;
    });
    return { prepared: { ...masters, serving }, stop: async () => reached?.stop() };
  } catch (thrown) {
    await reached?.stop();
    throw thrown;
  }
};
