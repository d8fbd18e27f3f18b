/** The people and machines that the embedded provider knows, and the tenants they belong to; never tells an unknown name from a wrong password. */
import type { Database } from '../store/database.ts';
import type { Ids } from '../fhir/ids.ts';
import type { Transaction } from '../store/pool.ts';
import type { LockOut } from './lock-out.ts';
import { checkPassword, hashPassword } from './passwords.ts';

export interface Account {
  readonly id: string;
  readonly username: string;
  readonly tenant: string;
  readonly roles: readonly string[];
  readonly fhirUser: string | null;
  readonly demo: boolean;
  readonly email: string | null;
  readonly emailVerified: boolean;
  readonly firstName: string | null;
  readonly lastName: string | null;
  readonly hasTotp: boolean;
}

export interface Client {
  readonly id: string;
  /** None for a public client, whose callers bring an account. */
  readonly secret: string | null;
  readonly tenant: string | null;
  readonly grants: readonly string[];
  readonly roles: readonly string[];
  readonly name: string | null;
  readonly redirects: readonly string[];
  readonly postLogouts: readonly string[];
  readonly logoutUrl: string | null;
  readonly jwks: string | null;
  readonly jwksUrl: string | null;
  readonly scopes: readonly string[] | null;
  readonly consent: boolean;
}

/** The provider's own tables belong to the whole installation: they are read under no tenant. */
export const noTenant = 0;

/** Who may sign in here. */
export interface Directory {
  /** `address`: from where; empty where nobody may be slowed down for it. */
  readonly signIn: (username: string, password: string, address: string) => Promise<Account | undefined>;
  readonly findAccount: (id: string) => Promise<Account | undefined>;
  readonly findClient: (id: string) => Promise<Client | undefined>;
}

const accountsAnd = (more: string): string =>
  `select account.id, username, roles, fhir_user as "fhirUser", tenant.name as tenant, demo, email,
          email_verified as "emailVerified", first_name as "firstName", last_name as "lastName", totp is not null as "hasTotp"${more}
     from account join tenant on tenant.id = account.tenant
    where not disabled and (not demo or $2)`;

const oneClient = `select client.id, secret, grants, roles, tenant.name as tenant, client.name, redirects,
         post_logouts as "postLogouts", logout_url as "logoutUrl", jwks, jwks_url as "jwksUrl", scopes, consent
    from client left join tenant on tenant.id = client.tenant
   where (not demo or $2) and client.id = $1`;

/** PostgreSQL's text cannot hold U+0000, so nobody has such a name. */
const storable = (name: string): boolean => !name.includes('\0');

/** `demo`: whether demo accounts count. Where they do not, they are nobody, though an earlier profile may have left them in the database. */
export const openDirectory = ({ transactions }: Database, demo: boolean, lock: LockOut): Directory => {
  const one = async <Row extends object>(text: string, key: string): Promise<Row | undefined> => {
    if (!storable(key)) return undefined;
    const [row] = await transactions.transaction(noTenant, ({ query }) => query<Row>(text, [key, demo]));
    return row;
  };
  return {
    signIn: async (username, password, address) => {
      if (!storable(username)) return undefined;
      const known = await transactions.transaction(noTenant, async (transaction) => ({
        isLocked: await lock.isLocked(transaction, username, address),
        row: (
          await transaction.query<Account & { password: string }>(`${accountsAnd(', password')} and username = $1`, [
            username,
            demo,
          ])
        )[0],
      }));
      const { row } = known;
      // Hashed in every case, so that all refusals take the same time.
      const isRight = await checkPassword(password, row?.password);
      const admitted = isRight && row !== undefined && !known.isLocked;
      await transactions.transaction(noTenant, async (transaction) => {
        // A second factor is still to come: until then nothing is forgiven, or its codes could be guessed for ever.
        if (admitted && row.hasTotp) return;
        if (admitted) await lock.succeeded(transaction, username);
        // Whoever waits out a lock is not punished for trying.
        else if (!known.isLocked) await lock.failed(transaction, username, address);
        else await lock.isLocked(transaction, username, address);
      });
      if (!admitted) return undefined;
      const { password: _hash, ...account } = row;
      return account;
    },
    findAccount: (id) => one<Account>(`${accountsAnd('')} and account.id::text = $1`, id),
    findClient: (id) => one<Client>(oneClient, id),
  };
};

export interface Tenant {
  readonly id: number;
  readonly name: string;
}

export const tenants = (database: Database): Promise<Tenant[]> =>
  database.transactions.transaction(noTenant, ({ query }) => query<Tenant>('select id, name from tenant'));

export interface NewAccount {
  readonly username: string;
  readonly tenant: string;
  readonly roles: readonly string[];
  readonly demo: boolean;
  readonly email?: string;
  readonly firstName?: string;
  readonly lastName?: string;
  readonly fhirUser?: string;
}

/** Rows that are there already stay as they are: nodes that start together may each come here. False when the name was taken. */
export const insertAccount = async (
  { query }: Transaction,
  { username, tenant, roles, demo, email, firstName, lastName, fhirUser }: NewAccount,
  hash: string,
  ids: Ids,
): Promise<boolean> => {
  await query('insert into tenant (name) values ($1) on conflict do nothing', [tenant]);
  const made = await query(
    `insert into account (id, tenant, username, password, roles, demo, email, email_verified, first_name, last_name, fhir_user)
     select $1, id, $2, $3, $4, $6, $7, $7::text is not null, $8, $9, $10
       from tenant where name = $5 on conflict do nothing returning 1`,
    [ids(), username, hash, roles, tenant, demo, email, firstName, lastName, fhirUser],
  );
  return made.length === 1;
};

/** The public client through which people ask for tokens by name and password. */
export const insertCommandLineClient = ({ query }: Transaction): Promise<object[]> =>
  query(`insert into client (id, name, grants, roles, redirects)
         values ('heddle-cli', 'Heddle on the command line', '{password,authorization_code,refresh_token}', '{}', '{http://127.0.0.1/callback}')
         on conflict (id) do update set grants = excluded.grants, redirects = excluded.redirects, name = excluded.name`);

export interface AccountNeeds {
  readonly database: Database;
  readonly ids: Ids;
  readonly random: (bytes: number) => Uint8Array;
}

export const addAccount = async (
  account: NewAccount,
  password: string,
  { database, ids, random }: AccountNeeds,
): Promise<boolean> => {
  const hash = await hashPassword(password, random);
  return database.transactions.transaction(noTenant, async (transaction) => {
    await insertCommandLineClient(transaction);
    return insertAccount(transaction, account, hash, ids);
  });
};
