/** What a backup says, as records: a manifest, each table's rows as COPY text, and the counts at the end; refuses an order or a count that does not hold. */
import { misconfigured, type Outcome } from '../../outcome/outcome.ts';
import type { LedgerRow } from '../migrator.ts';

export interface BackupColumn {
  readonly name: string;
  readonly type: string;
}

export interface BackupTable {
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly BackupColumn[];
}

export interface BackupSequence {
  readonly schema: string;
  readonly name: string;
  /** As text: a sequence may count further than a number can. */
  readonly last: string;
  readonly called: boolean;
}

export interface Manifest {
  readonly heddle: string;
  readonly postgres: string;
  readonly taken: string;
  readonly ledger: readonly LedgerRow[];
  /** In the order of the file: what others refer to comes before them. */
  readonly tables: readonly BackupTable[];
  readonly sequences: readonly BackupSequence[];
  /** The names, not the values, of the master keys that sealed the rows of `key`. */
  readonly masters: readonly string[];
}

/** Rows of each table, in the manifest's order. */
export type Counts = readonly number[];

type Kind = 'manifest' | 'rows' | 'table-end' | 'end';

/** The kinds by their codes; a later release may add some at the end. */
const kinds: readonly Kind[] = ['manifest', 'rows', 'table-end', 'end'];

const headBytes = 5;

const record = (kind: Kind, payload: Uint8Array): Buffer => {
  const head = Buffer.alloc(headBytes);
  head[0] = kinds.indexOf(kind);
  head.writeUInt32BE(payload.length, 1);
  return Buffer.concat([head, payload]);
};

const said = (kind: Kind, value: unknown): Buffer => record(kind, Buffer.from(JSON.stringify(value)));

export const manifestRecord = (manifest: Manifest): Buffer => said('manifest', manifest);
export const rowsRecord = (rows: Uint8Array): Buffer => record('rows', rows);
export const tableEndRecord = (rows: number): Buffer => said('table-end', { rows });
export const endRecord = (counts: Counts): Buffer => said('end', { counts });

interface Read {
  readonly kind: Kind;
  readonly payload: Buffer;
}

const inconsistent = (says: string): Outcome =>
  misconfigured([`the backup contradicts itself: ${says}. Nothing was changed; this is a fault of Heddle, report it`]);

async function* readRecords(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Read, void> {
  let held: Buffer = Buffer.alloc(0);
  const parts: Uint8Array[] = [];
  let wanted = headBytes;
  let waiting = 0;
  for await (const part of bytes) {
    parts.push(part);
    waiting += part.length;
    if (waiting < wanted) continue;
    held = Buffer.concat(parts.splice(0));
    for (;;) {
      wanted = held.length < headBytes ? headBytes : headBytes + held.readUInt32BE(1);
      if (held.length < wanted) break;
      const kind = kinds[held[0] ?? kinds.length];
      if (!kind) throw inconsistent(`there is no record of kind ${held[0]}`);
      yield { kind, payload: held.subarray(headBytes, wanted) };
      held = held.subarray(wanted);
    }
    parts.push(held);
    waiting = held.length;
  }
  if (waiting > 0) throw inconsistent('it ends within a record');
}

const lineEnd = 10;

/** COPY text writes a line for each row and escapes every line end within one. */
const linesIn = (bytes: Buffer): number => {
  let count = 0;
  for (let at = bytes.indexOf(lineEnd); at !== -1; at = bytes.indexOf(lineEnd, at + 1)) count++;
  return count;
};

const countIn = (payload: Buffer): number => (JSON.parse(payload.toString('utf8')) as { rows: number }).rows;

/** What a reader leaves over is still read and counted. */
const drained = async (rows: AsyncGenerator<Uint8Array, void>): Promise<void> => {
  while (!(await rows.next()).done);
};

/** What is done with a backup's content, in its order. */
export interface Reader {
  readonly manifest: (manifest: Manifest) => Promise<void>;
  readonly table: (table: BackupTable, rows: AsyncIterable<Uint8Array>) => Promise<void>;
}

/** Reads all of it; every row is counted, whatever the reader does with it. */
export const readBackup = async (bytes: AsyncIterable<Uint8Array>, reader: Reader): Promise<Counts> => {
  const records = readRecords(bytes);
  const next = async (): Promise<Read> => {
    const { value, done } = await records.next();
    if (done) throw inconsistent('it ends before its last record');
    return value;
  };
  const first = await next();
  if (first.kind !== 'manifest') throw inconsistent('it does not begin with its manifest');
  const manifest = JSON.parse(first.payload.toString('utf8')) as Manifest;
  await reader.manifest(manifest);

  const counts: number[] = [];
  for (const table of manifest.tables) {
    const place = `${table.schema}.${table.name}`;
    let lines = 0;
    let ended = false;
    const rows = async function* (): AsyncGenerator<Uint8Array, void> {
      while (!ended) {
        const { kind, payload } = await next();
        if (kind === 'rows') {
          lines += linesIn(payload);
          yield payload;
        } else if (kind !== 'table-end') throw inconsistent(`${place} has no end`);
        else if (countIn(payload) !== lines)
          throw inconsistent(`${place} says ${countIn(payload)} rows and has ${lines}`);
        else ended = true;
      }
    };
    await reader.table(table, rows());
    await drained(rows());
    counts.push(lines);
  }
  const last = await next();
  const { counts: told } = JSON.parse(last.payload.toString('utf8')) as { counts: Counts };
  if (last.kind !== 'end' || JSON.stringify(told) !== JSON.stringify(counts))
    throw inconsistent('its counts at the end are not those of its tables');
  if (!(await records.next()).done) throw inconsistent('it goes on behind its end');
  return counts;
};
