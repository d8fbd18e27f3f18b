/** The record that the demo accounts are people of: written once, by whoever starts first, in the way of every client. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseBody } from '../fhir/body.ts';
import type { Caller } from '../fhir/interaction.ts';
import type { Perform } from '../interaction/kernel.ts';
import { tenants } from '../identity/accounts.ts';
import { asOutcome } from '../outcome/outcome.ts';
import type { Database } from '../store/database.ts';

export interface DemoRecordNeeds {
  readonly root: string;
  readonly database: Database;
  readonly perform: Perform;
}

const tenantName = 'hospital';

/** False when it was there already. */
export const loadDemoRecord = async ({ root, database, perform }: DemoRecordNeeds): Promise<boolean> => {
  const tenant = (await tenants(database)).find(({ name }) => name === tenantName);
  if (!tenant) return false;
  const caller: Caller = { tenant: tenant.id, tenantName, subject: 'demo', kind: 'client', roles: ['service'] };
  const isThere = await perform({ verb: 'read', type: 'Patient', id: 'demo-patient', caller }).then(
    () => true,
    (thrown: unknown) => {
      // Whoever deleted it did not want it back.
      if ([404, 410].includes(asOutcome(thrown).status)) return asOutcome(thrown).status === 410;
      throw thrown;
    },
  );
  if (isThere) return false;
  const body = parseBody(readFileSync(join(root, 'config/demo-record.json'), 'utf8'));
  await perform({ verb: 'transaction', body, caller });
  return true;
};
