/** One throw-away PostgreSQL for all tests of a process, and a database of its own for each who asks; gone when the process is. */
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installQueue } from '../jobs/install.ts';
import { openLog } from '../observe/log.ts';
import { startEmbedded } from '../store/embedded/supervisor.ts';
import { kernelMigrations } from '../store/kernel-migrations.ts';
import type { Address } from '../store/address.ts';
import { connect } from '../store/link.ts';
import { migrate } from '../store/migrator.ts';
import { prepareOwner } from '../store/roles.ts';
import { prepareServingRole, servingAddress } from '../store/serving-role.ts';
import { realEffects } from '../boot/effects.ts';

export interface TestDatabase {
  readonly name: string;
  readonly owner: Address;
  readonly serving: Address;
  readonly servingName: string;
  readonly superuser: Address;
  /** The owner's address in one line, as DATABASE_URL takes it. */
  readonly url: string;
  readonly drop: () => Promise<void>;
}

interface Shared {
  readonly superuser: Address;
  readonly owner: Address;
  readonly serving: Address;
}

const template = 'heddle';
const connectMs = 5_000;

/** Every test database may be in use at once. */
const maxConnections = 400;

export const urlOf = ({ user, password, host, database }: Omit<Address, 'port'>): string =>
  `postgresql://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${encodeURIComponent(host)}/${database}`;

const silent = openLog('silent', { write: () => {} });

/** The master key of every test server: it sealed the serving role's password in the template. */
export const testMaster = Buffer.from('a master key for tests, 32 bytes').toString('base64');

const startShared = async (): Promise<Shared> => {
  const home = await mkdtemp(join(tmpdir(), 'heddle-test-'));
  const { random } = realEffects();
  const embedded = await startEmbedded({ home, fsync: false, maxConnections, random, log: silent });
  const { superuser } = embedded;
  process.once('exit', () => {
    const pid = embedded.pid();
    if (pid > 0) process.kill(pid, 'SIGKILL');
    rmSync(home, { recursive: true, force: true });
    rmSync(superuser.host, { recursive: true, force: true });
  });
  const owner = await prepareOwner(superuser, random, connectMs);
  const servingName = await prepareServingRole(owner, connectMs);
  await migrate({ owner, servingName, plugins: [kernelMigrations], log: silent });
  await installQueue(owner, servingName, silent);
  const masters = { master: Buffer.from(testMaster, 'base64'), previous: undefined };
  return { superuser, owner, serving: await servingAddress(owner, servingName, masters, random, connectMs) };
};

let shared: Promise<Shared> | undefined;
let count = 0;

const asSuperuser = async (address: Address, statement: string): Promise<void> => {
  const { client } = await connect({ address, name: 'test', connectMs, statementMs: 0 });
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
};

/** A migrated, empty database; `bare` has no table yet. */
export const testDatabase = async ({ bare = false }: { readonly bare?: boolean } = {}): Promise<TestDatabase> => {
  shared ??= startShared();
  const { superuser, owner, serving } = await shared;
  const database = `test_${++count}`;
  await asSuperuser(superuser, `create database ${database} owner heddle template ${bare ? 'template0' : template}`);
  return {
    ...{ name: database, servingName: serving.user, url: urlOf({ ...owner, database }) },
    ...{ owner: { ...owner, database }, serving: { ...serving, database }, superuser: { ...superuser, database } },
    drop: () => asSuperuser(superuser, `drop database ${database} with (force)`),
  };
};
