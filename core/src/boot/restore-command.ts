/** `heddle restore`: puts a backup into an empty database, whole or not at all, and brings it forward to this release; refuses while a Heddle works on it. */
import { misconfigured } from '../outcome/outcome.ts';
import { addressOf } from '../store/address.ts';
import type { Manifest } from '../store/backup/records.ts';
import { judgeManifest, restoreBackup, verifyBackup } from '../store/backup/restore.ts';
import { migrate } from '../store/migrator.ts';
import { masterName } from '../store/seal.ts';
import { prepareServingRole, servingAddress, type Masters } from '../store/serving-role.ts';
import { loadConfiguration } from '../config/load.ts';
import type { Configuration } from '../config/schema.ts';
import { readArguments } from './arguments.ts';
import { asOwner, type AsOwner } from './as-owner.ts';
import type { Command, Place } from './command.ts';
import { secretIn } from './key-file.ts';
import { masterKeys } from './master-key.ts';
import { migrationsOf, orderedPlugins } from './prepare.ts';
import { whole } from './say.ts';

const usage = `usage: npx heddle restore <file> [--key-file <file>] [--into-empty] [--without-keys]
--into-empty    also into a database in which Heddle was started once and nobody has worked: its demo accounts and keys go
--without-keys  without the keys of the backup, where the master key that sealed them is lost`;

const mastersOf = ({ master, previous }: Masters): string[] =>
  [master, ...(previous ? [previous] : [])].map(masterName);

const whereFrom =
  'it is HEDDLE__KEYS__MASTER of the installation that was backed up, or the file keys/master.key in its HEDDLE_HOME where none was set';

/** A master key that somebody has set is meant: what it does not open is a mistake, until it is said to be none. */
const checkMasters = (missing: readonly string[], { keys }: Configuration, withoutKeys: boolean): void => {
  if (missing.length === 0 || withoutKeys || keys.master === undefined) return;
  throw misconfigured([
    `the keys in the backup are sealed under another master key (${missing.join(', ')}) than HEDDLE__KEYS__MASTER: ` +
      `set HEDDLE__KEYS__PREVIOUS to it, restore, and run \`npx heddle keys reseal\` (${whereFrom}); or add --without-keys if it is lost`,
  ]);
};

const tellMasters = (missing: readonly string[]): void => {
  if (missing.length === 0) return;
  process.stderr.write(
    `the keys of the backup were left out: they are sealed under another master key (${missing.join(', ')}). Everybody signs in ` +
      'again, and what the audit keys signed cannot be checked here. To have them, restore once more into an empty database ' +
      `with HEDDLE__KEYS__PREVIOUS set to that key, and run \`npx heddle keys reseal\`; ${whereFrom}.\n`,
  );
};

interface Asked {
  readonly path: string;
  readonly secret: Uint8Array | undefined;
  readonly intoUsed: boolean;
  readonly withoutKeys: boolean;
}

/** Answers the number of rows. */
const carryOut = async (place: Place, asked: Asked, manifest: Manifest, given: AsOwner): Promise<number> => {
  const { loaded, owner, connectMs, effects, log } = given;
  const { config } = loaded;
  const ordered = await orderedPlugins({ loaded, ...place });
  const plugins = migrationsOf(ordered.map(({ plugin }) => plugin));
  const faults = judgeManifest(manifest, plugins, place.version);
  if (faults.length > 0) throw misconfigured(faults);
  const masters = await masterKeys(config, effects.random);
  const missing = manifest.masters.filter((name) => !mastersOf(masters).includes(name));
  checkMasters(missing, config, asked.withoutKeys);

  const { servingUrl } = config.database;
  const servingName =
    servingUrl === undefined
      ? await prepareServingRole(owner, connectMs)
      : addressOf(servingUrl, 'HEDDLE__DATABASE__SERVING_URL').user;
  let rows = 0;
  await restoreBackup(manifest, {
    ...{ ...asked, owner, connectMs, servingName, plugins, masters: mastersOf(masters) },
    told: (table, count) => {
      rows += count;
      process.stderr.write(`${table.padEnd(24)}${whole(count).padStart(14)} rows\n`);
    },
  });
  const later = await migrate({ owner, servingName, plugins, log });
  if (later.length > 0) process.stderr.write(`brought forward: ${later.join(', ')}\n`);
  if (servingUrl === undefined) await servingAddress(owner, servingName, masters, effects.random, connectMs);
  tellMasters(missing);
  return rows;
};

export const restoreCommand: Command['run'] = async (place, args) => {
  const given = readArguments(args, { texts: ['key-file'], flags: ['into-empty', 'without-keys'] });
  const [path, ...more] = given?.rest ?? [];
  if (!given || path === undefined || more.length > 0) {
    process.stdout.write(`${usage}\n`);
    return 64;
  }
  // A fault of the settings is told before the file is read, which may take long.
  loadConfiguration(place);
  const secret = await secretIn(given.text('key-file'));
  process.stderr.write('looking at the whole file first\n');
  const manifest = await verifyBackup(path, secret);
  const asked = { path, secret, intoUsed: given.flag('into-empty'), withoutKeys: given.flag('without-keys') };
  return asOwner(place, { beside: false }, async (opened) => {
    const from = opened.effects.stopwatch();
    const rows = await carryOut(place, asked, manifest, opened);
    const seconds = (opened.effects.stopwatch() - from).toFixed(1);
    process.stdout.write(
      `restored ${path}, taken ${manifest.taken} by Heddle ${manifest.heddle} on PostgreSQL ${manifest.postgres}: ${whole(rows)} rows, ${seconds} s\n`,
    );
    return 0;
  });
};
