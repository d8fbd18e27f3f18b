/** Judges the server and the two database roles: an owner that migrates, and a serving role that owns nothing and cannot pass row-level security. */
import { createHmac } from 'node:crypto';
import type pg from 'pg';
import { misconfigured } from '../outcome/outcome.ts';
import type { Address } from './address.ts';
import { connect } from './link.ts';
import { quoteName, quoteText, verifierOf } from './role-password.ts';

export const oldest = 15;
export const newest = 18;

/** What search and import stand on; PostgreSQL calls all of them trusted, so a database's owner may add them. */
export const extensions = ['btree_gin', 'pg_trgm', 'unaccent'];

const exists = async (client: pg.Client, text: string, name: string): Promise<boolean> =>
  (await client.query(text, [name])).rowCount === 1;

const ownerName = 'heddle';
const databaseName = 'heddle';

/** The owner and its database in a server that is ours alone. */
export const prepareOwner = async (
  superuser: Address,
  random: (bytes: number) => Uint8Array,
  connectMs: number,
): Promise<Address> => {
  const password = createHmac('sha256', superuser.password).update(ownerName).digest('base64url');
  const { client } = await connect({ address: superuser, name: 'installation', connectMs, statementMs: 0 });
  try {
    const verb = (await exists(client, 'select 1 from pg_roles where rolname = $1', ownerName)) ? 'alter' : 'create';
    await client.query(
      `${verb} role ${ownerName} login createrole nosuperuser nobypassrls password ${quoteText(verifierOf(password, random(16)))}`,
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

/** Judged over the connection that will serve, whatever its address says: the name alone would prove nothing. */
export const judgeServing = async (serving: Address, ownerRole: string, connectMs: number): Promise<string[]> => {
  const { client } = await connect({ address: serving, name: 'installation', connectMs, statementMs: connectMs });
  try {
    const { rows } = await client.query<{
      role: string;
      super: boolean;
      bypass: boolean;
      member: boolean;
      owns: boolean;
    }>(
      `select rolname as role, rolsuper as super, rolbypassrls as bypass, pg_has_role($1, 'member') as member,
              exists (select from pg_class where relowner = r.oid) or exists (select from pg_namespace where nspowner = r.oid) as owns
         from pg_roles r where rolname = current_user`,
      [ownerRole],
    );
    const found = rows[0];
    if (!found) return ['the serving role does not say who it is'];
    const faults: string[] = [];
    const refuse = (unfit: boolean, fault: string): void =>
      void (unfit && faults.push(`the serving role ${found.role} ${fault}`));
    const name = quoteName(found.role);
    refuse(found.super, `is a superuser, whom row-level security does not bind: alter role ${name} nosuperuser`);
    refuse(found.bypass, `bypasses row-level security: alter role ${name} nobypassrls`);
    refuse(found.member && !found.super, "is the owner or a member of the owner's role: use a role of its own");
    refuse(
      found.owns,
      'owns tables or schemas, and row-level security does not bind an owner: use a role that owns nothing',
    );
    return faults;
  } finally {
    await client.end();
  }
};

/** What doctor asks: every fault of the server, the owner and a serving role that is named; changes nothing. */
export const inspectDatabase = async (
  address: Address,
  serving: Address | undefined,
  connectMs: number,
): Promise<{ readonly version: string; readonly faults: readonly string[] }> => {
  const { client } = await connect({ address, name: 'doctor', connectMs, statementMs: connectMs });
  try {
    const { rows } = await client.query<{ version: string }>(`select current_setting('server_version') as version`);
    const unfit = serving === undefined ? [] : await judgeServing(serving, address.user, connectMs);
    return { version: rows[0]?.version ?? '', faults: [...(await judgeOwner(client)), ...unfit] };
  } finally {
    await client.end();
  }
};

/** Refuses an owner or a server that will not do. */
export const checkOwner = async (address: Address, connectMs: number): Promise<void> => {
  const { client } = await connect({ address, name: 'installation', connectMs, statementMs: 0 });
  try {
    const faults = await judgeOwner(client);
    if (faults.length > 0) throw misconfigured(faults);
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
