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

/** False when they were there already. */
export const loadDemoAccounts = async ({ database, ids, random }: AccountNeeds): Promise<boolean> => {
  const present = await database.transactions.transaction(noTenant, ({ query }) =>
    query(`select 1 from client where id = 'heddle-service'`),
  );
  if (present.length > 0) return false;
  const hash = await hashPassword(password, random);
  await database.transactions.transaction(noTenant, async (transaction) => {
    for (const [username, tenant, role] of people)
      await insertAccount(transaction, { username, tenant, roles: [role], demo: true }, hash, ids);
    await insertCommandLineClient(transaction);
    await transaction.query(
      `insert into client (id, tenant, secret, grants, roles, demo)
       select 'heddle-service', id, $1, '{client_credentials}', '{service}', true from tenant where name = 'hospital' on conflict do nothing`,
      [hash],
    );
  });
  return true;
};
