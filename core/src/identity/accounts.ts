/** The people and machines that the embedded provider knows, and the tenants they belong to; never tells an unknown name from a wrong password. */
import type { Database } from '../store/database.ts';
import { checkPassword } from './passwords.ts';

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
