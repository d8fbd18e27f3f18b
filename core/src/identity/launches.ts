/** What an app is launched about from inside the house: kept for a few minutes under a word that only says it to the person who launched it. */
import { z } from 'zod';
import type { Database } from '../store/database.ts';
import { noTenant } from './accounts.ts';
import { hashOf } from './bearer-hash.ts';
import type { Launch } from './sign-in-rows.ts';
import type { Vault } from './vault.ts';

const id = z.string().regex(/^[A-Za-z0-9.-]{1,64}$/);

export const launchRequest = z.strictObject({
  patient: id.optional(),
  encounter: id.optional(),
  needPatientBanner: z.boolean().optional(),
});

const kept = launchRequest.extend({ subject: z.string() });

export interface Launches {
  /** The `launch` that the app hands back. */
  readonly add: (subject: string, launch: z.infer<typeof launchRequest>) => Promise<string>;
  /** Once, and for that person only. */
  readonly take: (word: string, subject: string) => Promise<Launch | undefined>;
}

const kind = 'launch';
const seconds = 300;

/** Members that were not said are left out. */
const launchOf = ({ patient, encounter, needPatientBanner }: z.infer<typeof launchRequest>): Launch => ({
  ...(patient === undefined ? {} : { patient }),
  ...(encounter === undefined ? {} : { encounter }),
  ...(needPatientBanner === undefined ? {} : { needPatientBanner }),
});

export const openLaunches = (
  { transactions }: Database,
  vault: Vault,
  random: (bytes: number) => Uint8Array,
): Launches => ({
  add: async (subject, launch) => {
    const word = Buffer.from(random(24)).toString('base64url');
    const { key, sealed } = vault.seal(kind, Buffer.from(JSON.stringify({ ...launch, subject })));
    await transactions.transaction(noTenant, ({ query }) =>
      query(
        `insert into pending (id, kind, factor_key, sealed, expires) values ($1, $2, $3, $4, now() + make_interval(secs => $5))`,
        [hashOf(word), kind, key, sealed, seconds],
      ),
    );
    return word;
  },
  take: async (word, subject) => {
    const [row] = await transactions.transaction(noTenant, ({ query }) =>
      query<{ factor_key: string; sealed: Buffer }>(
        'delete from pending where id = $1 and kind = $2 and expires > now() returning factor_key, sealed',
        [hashOf(word), kind],
      ),
    );
    const opened = row && vault.open(kind, { key: row.factor_key, sealed: row.sealed });
    const found = opened && kept.parse(JSON.parse(opened.toString('utf8')));
    return found?.subject === subject ? launchOf(found) : undefined;
  },
});
