/** One throw-away PostgreSQL for all tests of a process, and a database of its own for each who asks; gone when the process is. */
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLog } from '../observe/log.ts';
import { startEmbedded, type Embedded } from '../store/embedded/supervisor.ts';
import { kernelMigrations } from '../store/kernel-migrations.ts';
import { connect, type Address } from '../store/link.ts';
import { migrate } from '../store/migrator.ts';
import { prepareOwner, prepareRoles, type Roles } from '../store/roles.ts';
import { realEffects } from '../boot/effects.ts';

export interface TestDatabase extends Roles {
  readonly name: string;
  readonly superuser: Address;
  /** The owner's address in one line, as DATABASE_URL takes it. */
  readonly url: string;
  readonly drop: () => Promise<void>;
}

interface Shared {
  readonly embedded: Embedded;
  readonly roles: Roles;
  readonly secret: Uint8Array;
}

const template = 'heddle';
const connectMs = 5_000;

/** Every test database may be in use at once. */
const maxConnections = 400;

export const urlOf = ({ user = '', password = '', host = '', database = '' }: Address): string =>
  `postgresql://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${encodeURIComponent(host)}/${database}`;

const silent = openLog('silent', { write: () => {} });

/** `secret` is what a server started on these databases derives the serving role's password from. */
const startShared = async (secret: Uint8Array): Promise<Shared> => {
  const home = await mkdtemp(join(tmpdir(), 'heddle-test-'));
  const { random } = realEffects();
  const embedded = await startEmbedded({ home, fsync: false, maxConnections, random, log: silent });
  process.once('exit', () => {
    const pid = embedded.pid();
    if (pid > 0) process.kill(pid, 'SIGKILL');
    rmSync(home, { recursive: true, force: true });
    rmSync(embedded.superuser.host, { recursive: true, force: true });
  });
  const owner = await prepareOwner(embedded.superuser, secret, connectMs);
  const roles = await prepareRoles({ owner, servingUrl: undefined, secret, connectMs });
  await migrate({ ...roles, plugins: [kernelMigrations], log: silent });
  return { embedded, roles, secret };
};

/** The master key of every test server: the databases' serving role has its password from it. */
export const testMaster = Buffer.from('a master key for tests, 32 bytes').toString('base64');

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
  shared ??= startShared(Buffer.from(testMaster, 'base64'));
  const { embedded, roles } = await shared;
  const name = `test_${++count}`;
  await asSuperuser(
    embedded.superuser,
    `create database ${name} owner heddle template ${bare ? 'template0' : template}`,
  );
  const owner = { ...roles.owner, database: name };
  return {
    ...{ name, owner, superuser: { ...embedded.superuser, database: name }, url: urlOf(owner) },
    serving: { ...roles.serving, database: name },
    servingName: roles.servingName,
    drop: () => asSuperuser(embedded.superuser, `drop database ${name} with (force)`),
  };
};
