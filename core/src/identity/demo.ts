/** The demo accounts, clients and the two tenants of the public surface; written once, and never into a production database. */
import type { Ids } from '../fhir/ids.ts';
import type { Database } from '../store/database.ts';
import { noTenant } from './accounts.ts';
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

export interface DemoNeeds {
  readonly database: Database;
  readonly ids: Ids;
  readonly random: (bytes: number) => Uint8Array;
}

/** False when they were there already. */
export const loadDemoAccounts = async ({ database, ids, random }: DemoNeeds): Promise<boolean> => {
  const present = await database.transactions.transaction(noTenant, ({ query }) =>
    query(`select 1 from client where id = 'heddle-cli'`),
  );
  if (present.length > 0) return false;
  const hash = await hashPassword(password, random);
  await database.transactions.transaction(noTenant, async ({ query }) => {
    // Nodes that start together each come here; the first to hold the name wins, and the others find every row.
    for (const name of ['hospital', 'otherhospital'])
      await query('insert into tenant (name) values ($1) on conflict do nothing', [name]);
    for (const [username, tenant, role] of people)
      await query(
        `insert into account (id, tenant, username, password, roles)
         select $1, id, $2, $3, $4 from tenant where name = $5 on conflict do nothing`,
        [ids(), username, hash, [role], tenant],
      );
    await query(
      `insert into client (id, grants, roles) values ('heddle-cli', '{password}', '{}') on conflict do nothing`,
    );
    await query(
      `insert into client (id, tenant, secret, grants, roles)
       select 'heddle-service', id, $1, '{client_credentials}', '{service}' from tenant where name = 'hospital' on conflict do nothing`,
      [hash],
    );
  });
  return true;
};
