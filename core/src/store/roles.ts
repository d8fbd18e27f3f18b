/** Makes and judges the two database roles: an owner that migrates, and a serving role that owns nothing and cannot pass row-level security. */
import { createHmac } from 'node:crypto';
import type pg from 'pg';
import { misconfigured } from '../outcome/outcome.ts';
import { connect, type Address } from './link.ts';

export const oldest = 15;
export const newest = 18;

/** What search and import stand on; PostgreSQL calls all of them trusted, so a database's owner may add them. */
export const extensions = ['btree_gin', 'pg_trgm', 'unaccent'];

export interface Roles {
  readonly owner: Address;
  readonly serving: Address;
  readonly servingName: string;
}

const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`;
const quoteText = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** The same on every node that has the secret, so that none need be written down. */
const passwordFor = (secret: Uint8Array, role: string): string =>
  createHmac('sha256', secret).update(`database role ${role}`).digest('base64url');

const exists = async (client: pg.Client, text: string, name: string): Promise<boolean> =>
  (await client.query(text, [name])).rowCount === 1;

const ownerName = 'heddle';
const databaseName = 'heddle';

/** The owner and its database in a server that is ours alone. */
export const prepareOwner = async (superuser: Address, secret: Uint8Array, connectMs: number): Promise<Address> => {
  const password = passwordFor(secret, ownerName);
  const { client } = await connect({ address: superuser, name: 'installation', connectMs, statementMs: 0 });
  try {
    const verb = (await exists(client, 'select 1 from pg_roles where rolname = $1', ownerName)) ? 'alter' : 'create';
    await client.query(
      `${verb} role ${ownerName} login createrole nosuperuser nobypassrls password ${quoteText(password)}`,
    );
    if (!(await exists(client, 'select 1 from pg_database where datname = $1', databaseName)))
      await client.query(`create database ${databaseName} owner ${ownerName}`);
    return { ...superuser, user: ownerName, password, database: databaseName };
  } finally {
    await client.end();
  }
};

/** Every reason why this server or this owner will not do, told at once. */
const judgeOwner = async (client: pg.Client): Promise<string[]> => {
  const { rows } = await client.query<{
    version: number;
    role: string;
    base: string;
    may_create: boolean;
    lacking: string[];
  }>(
    `select current_setting('server_version_num')::int / 10000 as version, current_user as role, current_database() as base,
            has_database_privilege(current_database(), 'create') as may_create,
            array(select name from unnest($1::text[]) name where name not in (select name from pg_available_extensions)) as lacking`,
    [extensions],
  );
  const found = rows[0];
  if (!found) return ['the database does not say what it is'];
  const faults: string[] = [];
  if (found.version < oldest || found.version > newest)
    faults.push(`the database is PostgreSQL ${found.version}; Heddle runs on ${oldest} to ${newest}`);
  if (!found.may_create)
    faults.push(
      `role ${found.role} may not create schemas in database ${found.base}: grant create on database ${quoteName(found.base)} to ${quoteName(found.role)}`,
    );
  if (found.lacking.length > 0)
    faults.push(
      `the server lacks the extensions ${found.lacking.join(', ')}: install PostgreSQL's contrib package on it`,
    );
  return faults;
};

const judgeServing = async (client: pg.Client, serving: string): Promise<string[]> => {
  const { rows } = await client.query<{ super: boolean; bypass: boolean; member: boolean; owns: string }>(
    `select rolsuper as super, rolbypassrls as bypass, pg_has_role(rolname, current_user, 'member') as member,
            (select count(*) from pg_class where relowner = r.oid)::text as owns
       from pg_roles r where rolname = $1`,
    [serving],
  );
  const found = rows[0];
  if (!found) return [`the serving role ${serving} does not exist`];
  const faults: string[] = [];
  const name = quoteName(serving);
  if (found.super)
    faults.push(
      `the serving role ${serving} is a superuser, whom row-level security does not bind: alter role ${name} nosuperuser`,
    );
  if (found.bypass)
    faults.push(`the serving role ${serving} bypasses row-level security: alter role ${name} nobypassrls`);
  if (found.member && !found.super)
    faults.push(`the serving role ${serving} is a member of the owner's role: use a role of its own`);
  if (found.owns !== '0')
    faults.push(
      `the serving role ${serving} owns tables, and row-level security does not bind an owner: use a role that owns nothing`,
    );
  return faults;
};

/** What doctor asks: every fault of the server, the owner and a serving role that is named; changes nothing. */
export const inspectDatabase = async (
  address: Address,
  servingUrl: string | undefined,
  connectMs: number,
): Promise<{ readonly version: string; readonly faults: readonly string[] }> => {
  const { client } = await connect({ address, name: 'doctor', connectMs, statementMs: connectMs });
  try {
    const { rows } = await client.query<{ version: string }>(`select current_setting('server_version') as version`);
    const serving =
      servingUrl === undefined ? [] : await judgeServing(client, decodeURIComponent(new URL(servingUrl).username));
    return { version: rows[0]?.version ?? '', faults: [...(await judgeOwner(client)), ...serving] };
  } finally {
    await client.end();
  }
};

const makeServing = async (client: pg.Client, secret: Uint8Array): Promise<{ name: string; password: string }> => {
  const { rows } = await client.query<{ role: string; may: boolean }>(
    'select current_user as role, rolcreaterole or rolsuper as may from pg_roles where rolname = current_user',
  );
  const name = `${rows[0]?.role}_serving`;
  const password = passwordFor(secret, name);
  if (!rows[0]?.may)
    throw misconfigured([
      `role ${rows[0]?.role} may not create the serving role: alter role ${quoteName(rows[0]?.role ?? '')} createrole, or make a role ` +
        `that owns nothing (create role heddle_serving login password '…') and set HEDDLE__DATABASE__SERVING_URL to its address`,
    ]);
  // Two nodes that start at once must not both create it.
  await client.query('begin');
  await client.query(`select pg_advisory_xact_lock(hashtext('heddle serving role'))`);
  const verb = (await exists(client, 'select 1 from pg_roles where rolname = $1', name)) ? 'alter' : 'create';
  await client.query(`${verb} role ${quoteName(name)} login password ${quoteText(password)}`);
  await client.query('commit');
  return { name, password };
};

const withUser = (address: Address, user: string, password: string): Address => {
  if (address.connectionString === undefined) return { ...address, user, password };
  const url = new URL(address.connectionString);
  url.username = encodeURIComponent(user);
  url.password = encodeURIComponent(password);
  return { connectionString: url.href };
};

export interface RoleNeeds {
  readonly owner: Address;
  readonly servingUrl: string | undefined;
  readonly secret: Uint8Array;
  readonly connectMs: number;
}

export const prepareRoles = async ({ owner: address, servingUrl, secret, connectMs }: RoleNeeds): Promise<Roles> => {
  const { client } = await connect({ address, name: 'installation', connectMs, statementMs: 0 });
  try {
    const faults = await judgeOwner(client);
    if (faults.length > 0) throw misconfigured(faults);
    if (servingUrl !== undefined) {
      const name = decodeURIComponent(new URL(servingUrl).username);
      const found = await judgeServing(client, name);
      if (found.length > 0) throw misconfigured(found);
      return { owner: address, serving: { connectionString: servingUrl }, servingName: name };
    }
    const { name, password } = await makeServing(client, secret);
    const found = await judgeServing(client, name);
    if (found.length > 0) throw misconfigured(found);
    return { owner: address, serving: withUser(address, name, password), servingName: name };
  } finally {
    await client.end();
  }
};

/** Refuses a server whose connections would not suffice for what is configured. */
export const judgeConnections = async (
  owner: Address,
  connectMs: number,
  wanted: number,
  sum: string,
): Promise<void> => {
  const { client } = await connect({ address: owner, name: 'installation', connectMs, statementMs: 0 });
  try {
    const { rows } = await client.query<{ most: number; kept: number }>(
      `select current_setting('max_connections')::int as most,
              current_setting('superuser_reserved_connections')::int + coalesce(current_setting('reserved_connections', true), '0')::int as kept`,
    );
    const free = (rows[0]?.most ?? 0) - (rows[0]?.kept ?? 0);
    if (wanted > free)
      throw misconfigured([
        `Heddle would open up to ${wanted} database connections (${sum}), and the server allows ${free}: ` +
          'raise max_connections, or lower workers, database.nodes or database.lanes',
      ]);
  } finally {
    await client.end();
  }
};
