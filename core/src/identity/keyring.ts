/** The keys that all nodes share, sealed in the database under the master key; each purpose has one current key and keeps older ones for what they signed. */
import { exportJWK, generateKeyPair } from 'jose';
import type { Log } from '../observe/log.ts';
import { misconfigured } from '../outcome/outcome.ts';
import type { Database } from '../store/database.ts';
import type { Transaction } from '../store/pool.ts';
import { noTenant } from './accounts.ts';
import { masterName, seal, unseal, wrongMaster } from '../store/seal.ts';

export type Purpose = 'token' | 'cursor' | 'cookie' | 'audit' | 'account';

export interface Key {
  readonly id: string;
  readonly purpose: Purpose;
  readonly created: Date;
  readonly secret: Uint8Array;
}

export interface KeyRing {
  readonly current: (purpose: Purpose) => Key;
  /** Newest first. */
  readonly all: (purpose: Purpose) => readonly Key[];
  readonly find: (purpose: Purpose, id: string) => Key | undefined;
  /** Puts a new key in front; what the older ones signed stays good until they are dropped. */
  readonly rotate: (purpose: Purpose) => Promise<Key>;
  /** Seals everything again under the present master key; afterwards the previous one may be forgotten. */
  readonly reseal: () => Promise<number>;
  readonly reload: () => Promise<void>;
  readonly onChange: (hear: () => void) => void;
  /** For one that was stolen: what it signed is refused at once, everywhere. */
  readonly drop: (id: string) => Promise<boolean>;
  readonly close: () => Promise<void>;
}

export interface KeyRingNeeds {
  readonly database: Database;
  readonly master: Uint8Array;
  readonly previous: Uint8Array | undefined;
  readonly rotateDays: number;
  readonly random: (bytes: number) => Uint8Array;
  readonly log: Log;
}

export const purposes: readonly Purpose[] = ['token', 'cursor', 'cookie', 'audit', 'account'];

/** Days that a key stays after a newer one took its place. What audit keys signed must stay provable, what account keys sealed readable. */
const keptDays: Readonly<Record<Purpose, number>> = {
  token: 7,
  cursor: 7,
  cookie: 30,
  audit: Number.POSITIVE_INFINITY,
  account: Number.POSITIVE_INFINITY,
};

const tendMs = 3_600_000;

export const tokenAlgorithm = 'ES256';

const newSecret = async (purpose: Purpose, random: (bytes: number) => Uint8Array): Promise<Uint8Array> => {
  if (purpose !== 'token') return random(32);
  const { privateKey } = await generateKeyPair(tokenAlgorithm, { extractable: true });
  return Buffer.from(JSON.stringify(await exportJWK(privateKey)));
};

interface Row {
  readonly id: string;
  readonly purpose: string;
  readonly created: Date;
  readonly sealed: Buffer;
  readonly master: string;
  readonly age: number;
}

const label = ({ id, purpose }: { readonly id: string; readonly purpose: string }): string => `${purpose} ${id}`;

export const openKeyRing = async ({
  database,
  master,
  previous,
  rotateDays,
  random,
  log,
}: KeyRingNeeds): Promise<KeyRing> => {
  const masters = new Map([master, ...(previous ? [previous] : [])].map((key) => [masterName(key), key]));
  const listeners: (() => void)[] = [];
  let keys = new Map<Purpose, readonly Key[]>();

  const unsealed = (row: Row): Uint8Array => {
    const by = masters.get(row.master);
    if (!by) throw wrongMaster(row.master, master);
    return unseal(by, label(row), row.sealed);
  };
  const open = (purpose: Purpose, row: Row): Key => ({
    id: row.id,
    purpose,
    created: row.created,
    secret: unsealed(row),
  });

  const rows = ({ query }: Transaction): Promise<Row[]> =>
    query<Row>(`select id, purpose, created, sealed, master, (extract(epoch from now() - created) / 86400)::float8 as age
                  from key order by created desc, id desc`);

  /** One node at a time decides about keys, or two would each make the first. */
  const alone = <T>(work: (transaction: Transaction) => Promise<T>): Promise<T> =>
    database.transactions.transaction(noTenant, async (transaction) => {
      await transaction.query(`select pg_advisory_xact_lock(hashtext('heddle keys'))`);
      return work(transaction);
    });

  const add = async ({ query }: Transaction, purpose: Purpose): Promise<string> => {
    const id = Buffer.from(random(9)).toString('base64url');
    const sealed = seal(master, label({ id, purpose }), await newSecret(purpose, random), random);
    await query('insert into key (id, purpose, created, sealed, master) values ($1, $2, clock_timestamp(), $3, $4)', [
      id,
      purpose,
      sealed,
      masterName(master),
    ]);
    return id;
  };

  const take = (found: readonly Row[]): void => {
    keys = new Map(
      purposes.map((purpose) => [
        purpose,
        found.filter((row) => row.purpose === purpose).map((row) => open(purpose, row)),
      ]),
    );
    for (const hear of listeners) hear();
  };

  /** Makes what is missing or too old, drops what nothing can need any more. */
  const tend = async (): Promise<boolean> =>
    alone(async (transaction) => {
      let changed = false;
      const found = await rows(transaction);
      for (const purpose of purposes) {
        const [newest, ...older] = found.filter((row) => row.purpose === purpose);
        if (!newest || newest.age > rotateDays) {
          const id = await add(transaction, purpose);
          log.info({ purpose, key: id }, 'a new key was made');
          changed = true;
        }
        for (const { id } of older.filter(() => (newest?.age ?? 0) > keptDays[purpose])) {
          await transaction.query('delete from key where id = $1', [id]);
          changed = true;
        }
      }
      take(changed ? await rows(transaction) : found);
      return changed;
    });

  const reload = async (): Promise<void> => take(await database.transactions.transaction(noTenant, rows));

  const all = (purpose: Purpose): readonly Key[] => keys.get(purpose) ?? [];

  const current = (purpose: Purpose): Key => {
    const [key] = all(purpose);
    if (!key) throw misconfigured([`there is no ${purpose} key`]);
    return key;
  };

  database.listening.on('keys', () => {
    reload().catch((error: unknown) => log.error({ err: error }, 'the keys could not be read again'));
  });
  const look = async (): Promise<void> => {
    if (await tend()) await database.listening.announce('keys');
  };
  await look();
  const timer = setInterval(() => {
    look().catch((error: unknown) => log.error({ err: error }, 'the keys could not be looked after'));
  }, tendMs);
  timer.unref();

  return {
    all,
    current,
    find: (purpose, id) => all(purpose).find((key) => key.id === id),
    reload,
    onChange: (hear) => void listeners.push(hear),
    drop: async (id) => {
      const dropped = await alone(({ query }) =>
        query('delete from key where id = $1 and purpose = any($2) returning 1', [id, purposes]),
      );
      await look();
      await reload();
      await database.listening.announce('keys');
      return dropped.length === 1;
    },
    close: async () => clearInterval(timer),
    rotate: async (purpose) => {
      await alone((transaction) => add(transaction, purpose));
      await reload();
      await database.listening.announce('keys');
      return current(purpose);
    },
    reseal: async () => {
      const count = await alone(async (transaction) => {
        const others = (await rows(transaction)).filter((row) => row.master !== masterName(master));
        for (const row of others)
          await transaction.query('update key set sealed = $2, master = $3 where id = $1', [
            row.id,
            seal(master, label(row), unsealed(row), random),
            masterName(master),
          ]);
        return others.length;
      });
      await database.listening.announce('keys');
      return count;
    },
  };
};
