/** The demo accounts, clients and the two tenants of the public surface; written once, marked as demo, and nobody where demo accounts are off. */
import { insertAccount, insertCommandLineClient, noTenant, type AccountNeeds } from './accounts.ts';
import { hashPassword } from './passwords.ts';

const password = 'heddle';

const staff = [
  'admin',
  'doctor',
  'nurse',
  'receptionist',
  'pharmacist',
  'labtech',
  'radiographer',
  'radiologist',
  'patient',
];

/** Username, tenant and role; the role of a demo account is its name. */
const people: readonly (readonly [username: string, tenant: string, role: string])[] = [
  ...staff.map((name) => [name, 'hospital', name] as const),
  ['otherhospital-admin', 'otherhospital', 'admin'],
];

/** Who they are in the record that the demo brings. */
const fhirUserOf = (username: string): string | undefined => {
  if (username === 'patient') return 'Patient/demo-patient';
  return staff.includes(username) ? `Practitioner/demo-${username}` : undefined;
};

/** Accounts of an older release were nobody in the record. */
const linkAccounts = async ({ database }: Pick<AccountNeeds, 'database'>): Promise<void> => {
  const linked = staff.map((name) => [name, fhirUserOf(name)] as const);
  await database.transactions.transaction(noTenant, ({ query }) =>
    query(
      `update account set fhir_user = t.link from unnest($1::text[], $2::text[]) as t (name, link)
        where demo and fhir_user is null and username = t.name`,
      [linked.map(([name]) => name), linked.map(([, link]) => link)],
    ),
  );
};

/** False when they were there already. */
export const loadDemoAccounts = async ({ database, ids, random }: AccountNeeds): Promise<boolean> => {
  const present = await database.transactions.transaction(noTenant, ({ query }) =>
    query(`select 1 from client where id = 'heddle-service'`),
  );
  if (present.length > 0) {
    await linkAccounts({ database });
    return false;
  }
  const hash = await hashPassword(password, random);
  await database.transactions.transaction(noTenant, async (transaction) => {
    for (const [username, tenant, role] of people) {
      const fhirUser = fhirUserOf(username);
      const account = { username, tenant, roles: [role], demo: true, ...(fhirUser ? { fhirUser } : {}) };
      await insertAccount(transaction, account, hash, ids);
    }
    await insertCommandLineClient(transaction);
    await transaction.query(
      `insert into client (id, tenant, secret, grants, roles, demo)
       select 'heddle-service', id, $1, '{client_credentials}', '{service}', true from tenant where name = 'hospital' on conflict do nothing`,
      [hash],
    );
  });
  return true;
};
