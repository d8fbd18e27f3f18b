/** Brings the database forward, once, however many nodes start together; refuses a database that a later breaking release has changed. */
import type { DataSource, QueryRunner } from 'typeorm';
import type { Log } from '../observe/log.ts';
import { misconfigured } from '../outcome/outcome.ts';
import { openFrame } from './frame.ts';
import type { Address } from './address.ts';
import { digestOf, type Migration, type PluginMigrations } from './migration.ts';

export interface MigrateNeeds {
  readonly owner: Address;
  readonly servingName: string;
  readonly plugins: readonly PluginMigrations[];
  readonly log: Log;
}

export interface LedgerRow {
  readonly plugin: string;
  readonly id: string;
  readonly digest: string;
  readonly breaking: boolean;
}

/** One statement of a migration waits this long for a lock, so that a table in use is not blocked for everybody behind it. */
const lockTimeout = '2s';
const lockTries = 30;

const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** The core's tables stand in `heddle`; a plugin's in a schema of its own. */
export const schemaOf = (plugin: string): string =>
  plugin === 'core' ? 'heddle' : `plugin_${plugin.replaceAll('-', '_')}`;

/** What the ledger holds that this code must not live with. */
export const judgeLedger = (rows: readonly LedgerRow[], plugins: readonly PluginMigrations[]): string[] => {
  const known = new Map(
    plugins.flatMap(({ plugin, migrations }) => migrations.map((each) => [`${plugin} ${each.id}`, digestOf(each)])),
  );
  return rows.flatMap(({ plugin, id, digest, breaking }) => {
    const expected = known.get(`${plugin} ${id}`);
    if (expected === undefined)
      return breaking
        ? [
            `the database was changed by a later release (${plugin} ${id}) that this one must not run beside: upgrade this node`,
          ]
        : [];
    return expected === digest
      ? []
      : [`migration ${plugin} ${id} was changed after it ran here: restore it, and add a new one instead`];
  });
};

const ledgerSteps = [
  'create schema if not exists heddle',
  `create table if not exists heddle.migration (
    plugin text not null, id text not null, digest text not null, breaking boolean not null,
    finished timestamptz not null default now(), primary key (plugin, id))`,
];

const readLedger = (runner: QueryRunner): Promise<LedgerRow[]> =>
  runner.query('select plugin, id, digest, breaking from heddle.migration') as Promise<LedgerRow[]>;

const isLockTimeout = (thrown: unknown): boolean =>
  thrown instanceof Error && 'code' in thrown && thrown.code === '55P03';

type Ask = (text: string, values?: unknown[]) => Promise<unknown>;

/** The ledger's row comes first: if another node is in the middle of the same migration, this waits and then finds it done. */
const takeSteps = async (ask: Ask, plugin: string, migration: Migration, serving: string): Promise<void> => {
  await ask('insert into heddle.migration (plugin, id, digest, breaking) values ($1, $2, $3, $4)', [
    plugin,
    migration.id,
    digestOf(migration),
    migration.breaking ?? false,
  ]);
  const schema = quoteName(schemaOf(plugin));
  if (plugin !== 'core') {
    await ask(`create schema if not exists ${schema}`);
    await ask(`grant usage on schema ${schema} to ${serving}`);
  }
  await ask(`set local search_path = ${schema}, public`);
  for (const statement of migration.up({ serving })) await ask(statement);
};

/** Makes the tables of these migrations in an empty database, inside the caller's transaction. */
export const migrateWithin = async (
  ask: Ask,
  { servingName, plugins }: Pick<MigrateNeeds, 'servingName' | 'plugins'>,
): Promise<void> => {
  for (const step of ledgerSteps) await ask(step);
  for (const { plugin, migrations } of plugins)
    for (const migration of migrations) await takeSteps(ask, plugin, migration, quoteName(servingName));
};

const apply = async (runner: QueryRunner, plugin: string, migration: Migration, serving: string): Promise<void> => {
  await runner.startTransaction();
  try {
    await runner.query(`set local lock_timeout = '${lockTimeout}'`);
    await takeSteps((text, values) => runner.query(text, values), plugin, migration, serving);
    await runner.commitTransaction();
  } catch (thrown) {
    await runner.rollbackTransaction();
    throw thrown;
  }
};

const applyPatiently = async (
  runner: QueryRunner,
  plugin: string,
  migration: Migration,
  serving: string,
  log: Log,
): Promise<void> => {
  for (let tries = 1; ; tries++) {
    try {
      return await apply(runner, plugin, migration, serving);
    } catch (thrown) {
      if (!isLockTimeout(thrown) || tries === lockTries) throw thrown;
      log.warn(
        { plugin, migration: migration.id, tries },
        'a table is in use; the migration lets others pass and tries again',
      );
    }
  }
};

const bringForward = async (frame: DataSource, { servingName, plugins, log }: MigrateNeeds): Promise<string[]> => {
  const runner = frame.createQueryRunner();
  const done: string[] = [];
  try {
    // Held by the session: a node that dies lets go of it.
    await runner.query(`select pg_advisory_lock(hashtext('heddle migrations'))`);
    for (const step of ledgerSteps) await runner.query(step);
    const rows = await readLedger(runner);
    const faults = judgeLedger(rows, plugins);
    if (faults.length > 0) throw misconfigured(faults);
    const ran = new Set(rows.map(({ plugin, id }) => `${plugin} ${id}`));
    for (const { plugin, migrations } of plugins) {
      for (const migration of migrations.filter(({ id }) => !ran.has(`${plugin} ${id}`))) {
        try {
          await applyPatiently(runner, plugin, migration, quoteName(servingName), log);
        } catch (thrown) {
          const reason = thrown instanceof Error ? thrown.message : String(thrown);
          throw misconfigured([`migration ${plugin} ${migration.id} failed and was undone: ${reason}`]);
        }
        done.push(`${plugin} ${migration.id}`);
      }
    }
    if (done.length > 0) await runner.query(`select pg_notify('heddle', 'migrated')`);
    await runner.query(`select pg_advisory_unlock(hashtext('heddle migrations'))`);
    return done;
  } finally {
    await runner.release();
  }
};

/** The names of the migrations that ran now. */
export const migrate = async (needs: MigrateNeeds): Promise<string[]> => {
  const frame = await openFrame(needs.owner);
  try {
    return await bringForward(frame, needs);
  } finally {
    await frame.destroy();
  }
};
