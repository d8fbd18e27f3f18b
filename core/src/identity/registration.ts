/** People who register themselves: an address that is proven first, then a record that is theirs by number, birth date and name, or a new one; a stranger never learns whether a record or an account exists. */
import { z } from 'zod';
import { bodyOf } from '../fhir/body.ts';
import type { Answer, Caller, Interaction } from '../fhir/interaction.ts';
import type { Ids } from '../fhir/ids.ts';
import type { Database } from '../store/database.ts';
import { insertAccount, noTenant, tenants } from './accounts.ts';
import { hashOf } from './bearer-hash.ts';
import { hashPassword } from './passwords.ts';
import type { Vault } from './vault.ts';

const word = z.string().trim().min(1).max(100);

export const applicant = z.object({
  email: z.email().max(254).toLowerCase(),
  first: word,
  last: word,
  birthDate: z.iso.date(),
  /** The number that a hospital gave, of which there is a record; empty where there is none. */
  number: z.string().trim().max(64),
});

export type Applicant = z.infer<typeof applicant>;

const kept = applicant.extend({ hash: z.string() });

export interface Letter {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

export interface Registration {
  /** The same for everybody, whether the address is known or not. */
  readonly apply: (who: Applicant, password: string) => Promise<void>;
  /** `unknown`: the link is too old or was used. `refused`: something does not fit, and nobody is told what. */
  readonly confirm: (secret: string) => Promise<'done' | 'unknown' | 'refused'>;
}

export interface RegistrationNeeds {
  readonly database: Database;
  readonly vault: Vault;
  readonly perform: (interaction: Interaction) => Promise<Answer>;
  readonly send: (letter: Letter) => Promise<void>;
  readonly ids: Ids;
  readonly random: (bytes: number) => Uint8Array;
  /** Where people register. */
  readonly tenant: string;
  /** The page to which a letter leads. */
  readonly address: string;
}

const kind = 'registration';
const hours = 24;

interface Found {
  readonly id: string;
  readonly name?: readonly { readonly family?: string; readonly given?: readonly string[] }[];
}

/** Without case, accents and marks. */
const plain = (text = ''): string => text.normalize('NFD').replace(/\P{L}/gu, '').toLowerCase();

const isNamed = ({ name = [] }: Found, { first, last }: Applicant): boolean =>
  name.some(
    ({ family, given }) => plain(family) === plain(last) && given?.some((each) => plain(each) === plain(first)),
  );

export const openRegistration = (needs: RegistrationNeeds): Registration => {
  const { database, vault, perform, send, ids, random, tenant, address } = needs;

  /** Nobody has signed in yet: the house itself looks, and writes what the person said. */
  const house = async (): Promise<Caller | undefined> => {
    const found = (await tenants(database)).find(({ name }) => name === tenant);
    return (
      found && { tenant: found.id, tenantName: tenant, subject: 'registration', kind: 'client', roles: ['service'] }
    );
  };

  const some = async (text: string, values: readonly string[]): Promise<boolean> =>
    (await database.transactions.transaction(noTenant, ({ query }) => query(text, values))).length > 0;
  const hasAccount = (email: string): Promise<boolean> => some('select 1 from account where username = $1', [email]);
  const hasLogin = (patient: string): Promise<boolean> =>
    some(`select 1 from account join tenant on tenant.id = account.tenant where fhir_user = $1 and tenant.name = $2`, [
      `Patient/${patient}`,
      tenant,
    ]);

  /** One record of that number and birth date, of that name, and nobody's yet. */
  const matched = async (who: Applicant, caller: Caller): Promise<string | undefined> => {
    const query = new URLSearchParams({ identifier: who.number, birthdate: who.birthDate, _count: '2' });
    const answer = await perform({ verb: 'search-type', type: 'Patient', query, caller });
    const bundle = ('text' in answer ? JSON.parse(answer.text) : {}) as {
      readonly entry?: readonly { readonly resource: Found }[];
    };
    const [only, ...others] = bundle.entry ?? [];
    if (!only || others.length > 0 || !isNamed(only.resource, who)) return undefined;
    return (await hasLogin(only.resource.id)) ? undefined : only.resource.id;
  };

  const created = async (who: Applicant, caller: Caller): Promise<string | undefined> => {
    const resource = {
      ...{ resourceType: 'Patient', birthDate: who.birthDate, name: [{ family: who.last, given: [who.first] }] },
      telecom: [{ system: 'email', value: who.email }],
    };
    const answer = await perform({ verb: 'create', type: 'Patient', body: bodyOf(resource), caller });
    return 'stored' in answer ? answer.stored?.id : undefined;
  };

  const take = async (secret: string): Promise<z.infer<typeof kept> | undefined> => {
    const [row] = await database.transactions.transaction(noTenant, ({ query }) =>
      query<{ factor_key: string; sealed: Buffer }>(
        'delete from pending where id = $1 and kind = $2 and expires > now() returning factor_key, sealed',
        [hashOf(secret), kind],
      ),
    );
    const opened = row && vault.open(kind, { key: row.factor_key, sealed: row.sealed });
    return opened && kept.parse(JSON.parse(opened.toString('utf8')));
  };

  return {
    apply: async (who, password) => {
      // In every case, so that an address that is known takes as long.
      const hash = await hashPassword(password, random);
      const secret = Buffer.from(random(32)).toString('base64url');
      const { key, sealed } = vault.seal(kind, Buffer.from(JSON.stringify({ ...who, hash })));
      const isKnown = await hasAccount(who.email);
      await database.transactions.transaction(noTenant, ({ query }) =>
        query(
          `insert into pending (id, kind, factor_key, sealed, expires)
           values ($1, $2, $3, $4, case when $5 then now() else now() + make_interval(hours => $6) end)`,
          [hashOf(secret), kind, key, sealed, isKnown, hours],
        ),
      );
      await send(
        isKnown
          ? {
              ...{ to: who.email, subject: 'You have an account already' },
              text: 'Somebody tried to register with this address. You have an account already: sign in with it. If it was not you, there is nothing to do.',
            }
          : {
              ...{ to: who.email, subject: 'Please confirm your address' },
              text: `Open this page within ${hours} hours to confirm your address and begin:\n\n${address}?confirm=${secret}\n\nIf you did not ask for it, there is nothing to do.`,
            },
      );
    },
    confirm: async (secret) => {
      const who = await take(secret);
      if (!who) return 'unknown';
      const caller = await house();
      if (!caller || (await hasAccount(who.email))) return 'refused';
      const patient = who.number === '' ? await created(who, caller) : await matched(who, caller);
      if (patient === undefined) return 'refused';
      const made = await database.transactions.transaction(noTenant, (transaction) =>
        insertAccount(
          transaction,
          {
            ...{ username: who.email, email: who.email, firstName: who.first, lastName: who.last, tenant },
            ...{ roles: ['patient'], demo: false, fhirUser: `Patient/${patient}` },
          },
          who.hash,
          ids,
        ),
      );
      return made ? 'done' : 'refused';
    },
  };
};
