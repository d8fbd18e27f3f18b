/** Decides whether a backup may be restored into a database: nobody works on it, and it holds nothing that would be lost. */
import type pg from 'pg';
import { misconfigured } from '../../outcome/outcome.ts';
import { ledgerOf, madeAnew, placeOf, quotedPlace, schemasOf, tablesOf } from './describe.ts';

/** A Heddle that starts waits behind this lock until the restore is done; one that runs already is seen by its connections. */
export const holdAlone = async (client: pg.Client): Promise<void> => {
  const { rows: locks } = await client.query<{ mine: boolean }>(
    `select pg_try_advisory_lock(hashtext('heddle migrations')) as mine`,
  );
  if (!locks[0]?.mine)
    throw misconfigured(['a Heddle starts, migrates or restores on this database: wait until it is done']);
  const { rows } = await client.query<{ name: string }>(
    `select distinct application_name as name from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid() and application_name like 'heddle %' order by 1`,
  );
  if (rows.length > 0)
    throw misconfigured([
      `a Heddle works on this database (connections ${rows.map(({ name }) => `'${name}'`).join(', ')}): stop every node of it first`,
    ]);
};

export const letGo = async (client: pg.Client): Promise<void> => {
  await client.query(`select pg_advisory_unlock(hashtext('heddle migrations'))`);
};

/** What the first start of a Heddle with demo accounts writes, and nobody's work. */
const ofFirstStart: Readonly<Record<string, string>> = {
  'heddle.key': 'true',
  'heddle.account': 'demo',
  'heddle.client': `demo or id = 'heddle-cli'`,
  // A name alone: with accounts or resources of its own, those stand in the way.
  'heddle.tenant': 'true',
};

/** What migrations write. */
const ofMigrations: Readonly<Record<string, string>> = { 'heddle.key': `purpose = 'database'` };

const filledBeside = async (
  client: pg.Client,
  places: readonly { readonly schema: string; readonly name: string }[],
  harmless: Readonly<Record<string, string>>,
): Promise<string[]> => {
  const filled: string[] = [];
  for (const place of places) {
    const { rows } = await client.query<{ there: boolean }>(
      `select exists (select 1 from ${quotedPlace(place)} where not (${harmless[placeOf(place)] ?? 'false'})) as there`,
    );
    if (rows[0]?.there) filled.push(placeOf(place));
  }
  return filled;
};

/** Answers the schemas that a restore makes anew. */
export const checkVacant = async (client: pg.Client, intoUsed: boolean): Promise<string[]> => {
  const ledger = await ledgerOf(client);
  if (!ledger) {
    const { rows } = await client.query<{ name: string }>(
      `select nspname as name from pg_namespace where nspname = 'heddle' or nspname like 'plugin\\_%'`,
    );
    if (rows.length > 0)
      throw misconfigured([
        `the database has a schema ${rows.map(({ name }) => name).join(', ')} that no Heddle made: restore into another database`,
      ]);
    return [];
  }
  const schemas = schemasOf(ledger);
  const places = (await tablesOf(client, schemas)).filter((table) => !madeAnew.has(placeOf(table)));
  const filled = await filledBeside(client, places, ofFirstStart);
  if (filled.length > 0)
    throw misconfigured([
      `the database is not empty (${filled.join(', ')}): restore into a new database or a new HEDDLE_HOME, so that nothing is lost`,
    ]);
  const started = await filledBeside(client, places, ofMigrations);
  if (started.length > 0 && !intoUsed)
    throw misconfigured([
      `the database holds what a first start makes (${started.join(', ')}: demo accounts, keys) and nothing else: ` +
        'add --into-empty to replace that with what the backup holds',
    ]);
  return schemas;
};
