/** Takes a backup of a database in use: one moment of all its tables, put out record by record; changes nothing there. */
import type pg from 'pg';
import { misconfigured } from '../../outcome/outcome.ts';
import type { Address } from '../address.ts';
import { copyOut } from '../copy.ts';
import { endSoon } from '../link.ts';
import { ledgerOf, placeOf, quotedColumns, quotedPlace, schemasOf, sequencesOf, tablesOf } from './describe.ts';
import { databaseFault, openSession, serverOf } from './session.ts';
import {
  endRecord,
  manifestRecord,
  rowsRecord,
  tableEndRecord,
  type BackupTable,
  type Counts,
  type Manifest,
} from './records.ts';

export interface TakeNeeds {
  readonly owner: Address;
  readonly connectMs: number;
  readonly version: string;
  readonly now: () => number;
  readonly put: (bytes: Uint8Array) => Promise<void>;
  /** Told of each table that is done. */
  readonly told: (table: string, rows: number, bytes: number) => void;
}

/**
 * What means something in this cluster alone. A transaction's number is one: in another cluster it may be far ahead, and
 * whoever follows the changes would wait for it. 0 is older than everything. A new table that keeps such numbers, or
 * snapshots of them, needs a row here.
 */
const elsewhere: Readonly<Record<string, Readonly<Record<string, string>>>> = { 'heddle.change': { xid: '0' } };

/** The serving role and its password are the installation's own: a restored database has one already, or makes it. */
const only: Readonly<Record<string, string>> = { 'heddle.key': `where purpose <> 'database'` };

const columnsOf = (table: BackupTable): string => {
  const replaced = elsewhere[placeOf(table)] ?? {};
  return table.columns
    .map((column) => replaced[column.name] ?? quotedColumns({ ...table, columns: [column] }))
    .join(', ');
};

const copyText = (table: BackupTable): string =>
  `copy (select ${columnsOf(table)} from ${quotedPlace(table)} ${only[placeOf(table)] ?? ''}) to stdout`;

interface Seen {
  readonly ledger: Manifest['ledger'];
  readonly tables: readonly BackupTable[];
}

const look = async (client: pg.Client): Promise<Seen> => {
  const ledger = await ledgerOf(client);
  if (!ledger) throw misconfigured(['there is nothing to back up: no Heddle was ever installed in this database']);
  return { ledger, tables: await tablesOf(client, schemasOf(ledger)) };
};

const mostTries = 5;

/**
 * Opens the one moment that all is read at. The tables are locked against a change of their columns first, for the moment
 * is only chosen by the first question behind the locks; a migration that came in between is seen, and it begins again.
 */
const openMoment = async (client: pg.Client): Promise<Seen> => {
  for (let tries = 1; ; tries++) {
    const before = await look(client);
    await client.query('begin isolation level repeatable read read only');
    for (const table of before.tables) await client.query(`lock table ${quotedPlace(table)} in access share mode`);
    const seen = await look(client);
    if (JSON.stringify(seen) === JSON.stringify(before)) return seen;
    await client.query('rollback');
    if (tries === mostTries)
      throw misconfigured([
        'the tables changed again and again while the backup began: wait until the migrations are done',
      ]);
  }
};

const describe = async (client: pg.Client, { ledger, tables }: Seen, needs: TakeNeeds): Promise<Manifest> => {
  const { rows: masters } = await client.query<{ master: string }>(
    `select distinct master from heddle.key where purpose <> 'database' order by 1`,
  );
  return {
    heddle: needs.version,
    postgres: await serverOf(client),
    taken: new Date(needs.now()).toISOString(),
    ledger,
    tables,
    sequences: await sequencesOf(client, schemasOf(ledger)),
    masters: masters.map(({ master }) => master),
  };
};

export const takeBackup = async (needs: TakeNeeds): Promise<Counts> => {
  const { owner, connectMs, put, told } = needs;
  const session = await openSession(owner, 'backup', connectMs);
  const { client } = session;
  try {
    const seen = await openMoment(client);
    const manifest = await describe(client, seen, needs);
    await put(manifestRecord(manifest));
    const counts: number[] = [];
    for (const table of manifest.tables) {
      let bytes = 0;
      const rows = await copyOut(client, copyText(table), async (block) => {
        bytes += block.length;
        if (block.length > 0) await put(rowsRecord(block));
      });
      await put(tableEndRecord(rows));
      counts.push(rows);
      told(placeOf(table), rows, bytes);
    }
    await put(endRecord(counts));
    await client.query('commit');
    await endSoon(session);
    return counts;
  } catch (thrown) {
    throw databaseFault(thrown, 'the database could not be read');
  } finally {
    session.cut();
  }
};
