/** The people and machines that the embedded provider knows, and the tenants they belong to; never tells an unknown name from a wrong password. */
import type { Database } from '../store/database.ts';
import type { Ids } from '../fhir/ids.ts';
import type { Transaction } from '../store/pool.ts';
import { checkPassword, hashPassword } from './passwords.ts';

export interface Account {
  readonly id: string;
  readonly username: string;
  readonly tenant: string;
  readonly roles: readonly string[];
  readonly fhirUser: string | null;
}

export interface Client {
  readonly id: string;
  /** None for a public client, whose callers bring an account. */
  readonly secret: string | null;
  readonly tenant: string | null;
  readonly grants: readonly string[];
  readonly roles: readonly string[];
}

/** The provider's own tables belong to the whole installation: they are read under no tenant. */
export const noTenant = 0;

const accountColumns = `account.id, username, password, roles, fhir_user as "fhirUser", tenant.name as tenant`;

export const signIn = async (database: Database, username: string, password: string): Promise<Account | undefined> => {
  const [row] = await database.transactions.transaction(noTenant, ({ query }) =>
    query<Account & { password: string }>(
      `select ${accountColumns} from account join tenant on tenant.id = account.tenant where username = $1 and not disabled`,
      [username],
    ),
  );
  if (!(await checkPassword(password, row?.password)) || !row) return undefined;
  const { password: _hash, ...account } = row;
  return account;
};

export const findAccount = async (database: Database, id: string): Promise<Account | undefined> => {
  const [row] = await database.transactions.transaction(noTenant, ({ query }) =>
    query<Account>(
      `select account.id, username, roles, fhir_user as "fhirUser", tenant.name as tenant
         from account join tenant on tenant.id = account.tenant where account.id = $1 and not disabled`,
      [id],
    ),
  );
  return row;
};

export const findClient = async (database: Database, id: string): Promise<Client | undefined> => {
  const [row] = await database.transactions.transaction(noTenant, ({ query }) =>
    query<Client>(
      'select client.id, secret, grants, roles, tenant.name as tenant from client left join tenant on tenant.id = client.tenant where client.id = $1',
      [id],
    ),
  );
  return row;
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
}

/** Rows that are there already stay as they are: nodes that start together may each come here. False when the name was taken. */
export const insertAccount = async (
  { query }: Transaction,
  { username, tenant, roles }: NewAccount,
  hash: string,
  ids: Ids,
): Promise<boolean> => {
  await query('insert into tenant (name) values ($1) on conflict do nothing', [tenant]);
  const made = await query(
    `insert into account (id, tenant, username, password, roles)
     select $1, id, $2, $3, $4 from tenant where name = $5 on conflict do nothing returning 1`,
    [ids(), username, hash, roles, tenant],
  );
  return made.length === 1;
};

/** The public client through which people ask for tokens by name and password. */
export const insertCommandLineClient = ({ query }: Transaction): Promise<object[]> =>
  query(`insert into client (id, grants, roles) values ('heddle-cli', '{password}', '{}') on conflict do nothing`);

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
