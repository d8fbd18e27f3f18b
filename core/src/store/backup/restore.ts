/** Puts a backup into an empty database, in one transaction: its tables as its own migrations make them, its rows, its sequences; refuses a backup that this release does not know whole. */
import type pg from 'pg';
import { misconfigured } from '../../outcome/outcome.ts';
import type { Address } from '../address.ts';
import { copyIn } from '../copy.ts';
import { endSoon } from '../link.ts';
import { digestOf, type PluginMigrations } from '../migration.ts';
import { migrateWithin } from '../migrator.ts';
import { placeOf, quotedColumns, quotedPlace, schemasOf, tablesOf } from './describe.ts';
import { readBackupFile } from './file.ts';
import { readBackup, type BackupTable, type Manifest } from './records.ts';
import { databaseFault, openSession } from './session.ts';
import { checkVacant, holdAlone, letGo } from './vacancy.ts';

export interface RestoreNeeds {
  readonly path: string;
  readonly secret: Uint8Array | undefined;
  readonly owner: Address;
  readonly connectMs: number;
  readonly servingName: string;
  readonly plugins: readonly PluginMigrations[];
  /** Also into a database in which a first start has written its demo accounts and keys. */
  readonly intoUsed: boolean;
  /** The names of the master keys that are at hand: what others sealed cannot be used here and is left out. */
  readonly masters: readonly string[];
  readonly told: (table: string, rows: number) => void;
}

/** Reads the whole file and proves every byte and count of it, before anything else is touched. */
export const verifyBackup = async (path: string, secret: Uint8Array | undefined): Promise<Manifest> => {
  const found: Manifest[] = [];
  await readBackupFile(path, secret, async (bytes) => {
    await readBackup(bytes, { manifest: async (manifest) => void found.push(manifest), table: async () => {} });
  });
  const [manifest] = found;
  if (!manifest) throw misconfigured(['the backup has no manifest']);
  return manifest;
};

/** Every reason why this release cannot take the backup, told at once. */
export const judgeManifest = (
  { heddle, ledger }: Manifest,
  plugins: readonly PluginMigrations[],
  version: string,
): string[] => {
  const faults = ledger.map(({ plugin, id, digest }) => {
    const mine = plugins.find((each) => each.plugin === plugin);
    if (!mine)
      return `the backup holds tables of the plugin '${plugin}', which is not switched on here: name it in the configuration (plugins.${plugin})`;
    const known = mine.migrations.find((migration) => migration.id === id);
    if (!known)
      return `the backup was made by Heddle ${heddle}, which has the migration ${plugin} ${id}; this is ${version} and does not: restore it with ${heddle} or a later release`;
    return digestOf(known) === digest
      ? undefined
      : `the migration ${plugin} ${id} of this release is not the one that the backup was made with`;
  });
  return [...new Set(faults.filter((fault) => fault !== undefined))];
};

/** Of what this release knows, only what the backup's database had seen: its rows fit those tables and no later ones. */
const upTo = ({ ledger }: Manifest, plugins: readonly PluginMigrations[]): PluginMigrations[] => {
  const seen = new Set(ledger.map(({ plugin, id }) => `${plugin} ${id}`));
  return plugins.map(({ plugin, migrations }) => ({
    plugin,
    migrations: migrations.filter(({ id }) => seen.has(`${plugin} ${id}`)),
  }));
};

interface KeptKey {
  readonly id: string;
  readonly sealed: Buffer;
  readonly master: string;
}

/** The serving role's password belongs to the installation that is restored into, and outlives its tables. */
const keptKeys = async (client: pg.Client, schemas: readonly string[]): Promise<KeptKey[]> => {
  if (schemas.length === 0) return [];
  return (await client.query<KeptKey>(`select id, sealed, master from heddle.key where purpose = 'database'`)).rows;
};

const makeTables = async (
  client: pg.Client,
  manifest: Manifest,
  schemas: readonly string[],
  { servingName, plugins }: RestoreNeeds,
): Promise<void> => {
  const kept = await keptKeys(client, schemas);
  for (const schema of schemas) await client.query(`drop schema "${schema}" cascade`);
  const ask = (text: string, values?: unknown[]): Promise<unknown> => client.query(text, values);
  await migrateWithin(ask, { servingName, plugins: upTo(manifest, plugins) });
  for (const { id, sealed, master } of kept)
    await client.query(`insert into heddle.key (id, purpose, sealed, master) values ($1, 'database', $2, $3)`, [
      id,
      sealed,
      master,
    ]);
};

const checkTables = async (client: pg.Client, { tables, ledger }: Manifest): Promise<void> => {
  const made = new Map((await tablesOf(client, schemasOf(ledger))).map((table) => [placeOf(table), table]));
  const unlike = tables.filter(
    (table) => JSON.stringify(made.get(placeOf(table))?.columns) !== JSON.stringify(table.columns),
  );
  if (unlike.length > 0)
    throw misconfigured([
      `the backup's tables ${unlike.map(placeOf).join(', ')} are not as the migrations make them: somebody changed them by hand where it was made`,
    ]);
};

const copyText = (table: BackupTable): string => `copy ${quotedPlace(table)} (${quotedColumns(table)}) from stdin`;

const load = async (
  client: pg.Client,
  manifest: Manifest,
  { path, secret, masters, told }: RestoreNeeds,
): Promise<void> => {
  await readBackupFile(path, secret, async (bytes) => {
    await readBackup(bytes, {
      manifest: async (again) => {
        if (JSON.stringify(again) !== JSON.stringify(manifest))
          throw misconfigured(['the backup is another file than a moment ago: nothing was changed']);
      },
      table: async (table, rows) => told(placeOf(table), await copyIn(client, copyText(table), rows)),
    });
  });
  for (const { last, called, ...sequence } of manifest.sequences)
    await client.query('select setval($1::regclass, $2, $3)', [quotedPlace(sequence), last, called]);
  await client.query(`delete from heddle.key where purpose <> 'database' and not (master = any($1))`, [masters]);
};

/** All but the commit, whose failure says something else. */
const inOneTransaction = async (client: pg.Client, manifest: Manifest, needs: RestoreNeeds): Promise<void> => {
  await holdAlone(client);
  const schemas = await checkVacant(client, needs.intoUsed);
  await client.query('begin');
  await makeTables(client, manifest, schemas, needs);
  await checkTables(client, manifest);
  await load(client, manifest, needs);
};

/** A restore that fails or dies leaves the database as it was. */
export const restoreBackup = async (manifest: Manifest, needs: RestoreNeeds): Promise<void> => {
  const session = await openSession(needs.owner, 'restore', needs.connectMs);
  const { client } = session;
  try {
    await inOneTransaction(client, manifest, needs).catch((thrown: unknown) => {
      throw databaseFault(thrown, 'the backup could not be restored, and nothing was changed');
    });
    await client.query('commit').catch((thrown: unknown) => {
      throw databaseFault(thrown, 'it is not known whether the backup was restored; look at the database');
    });
    // Without it the planner knows nothing of these tables until the server looks by itself.
    for (const table of manifest.tables) await client.query(`analyze ${quotedPlace(table)}`);
    await letGo(client);
    await endSoon(session);
  } finally {
    session.cut();
  }
};
