/** People of the record, for pages on which somebody must choose one: found through the line as whoever looks, so that nobody is shown whom he may not see. */
import type { Answer, Caller, Interaction } from '../fhir/interaction.ts';
import { Outcome } from '../outcome/outcome.ts';
import type { Database } from '../store/database.ts';
import { tenants, type Account } from './accounts.ts';

export interface FoundPatient {
  readonly id: string;
  readonly label: string;
}

type Perform = (interaction: Interaction) => Promise<Answer>;

interface Named {
  readonly text?: string;
  readonly given?: readonly string[];
  readonly family?: string;
}

interface Patient {
  readonly id: string;
  readonly name?: readonly Named[];
  readonly birthDate?: string;
}

const labelOf = ({ id, name, birthDate }: Patient): string => {
  const [first] = name ?? [];
  const words = first?.text ?? [...(first?.given ?? []), first?.family].filter(Boolean).join(' ');
  return [words || `Patient ${id}`, birthDate].filter(Boolean).join(', born ');
};

/** The caller that an account is when it asks for itself. */
export const callerOfAccount = async (database: Database, account: Account): Promise<Caller | undefined> => {
  const tenant = (await tenants(database)).find(({ name }) => name === account.tenant);
  const [, type, id] = /^(\w+)\/([A-Za-z0-9.-]{1,64})$/.exec(account.fhirUser ?? '') ?? [];
  return (
    tenant && {
      ...{ tenant: tenant.id, tenantName: tenant.name, subject: account.id, kind: 'user', roles: account.roles },
      ...(type !== undefined && id !== undefined ? { fhirUser: { type, id } } : {}),
    }
  );
};

/** `text`: of a name, or `_id=…` for one. */
export type FindPatients = (caller: Caller, text: string) => Promise<readonly FoundPatient[]>;

const mostFound = '20';

export const findPatients =
  (perform: Perform): FindPatients =>
  async (caller, text) => {
    const query = text.startsWith('_id=')
      ? new URLSearchParams({ _id: text.slice(4) })
      : new URLSearchParams({ ...(text === '' ? {} : { name: text }), _count: mostFound, _sort: 'family' });
    try {
      const answer = await perform({ verb: 'search-type', type: 'Patient', query, caller });
      const bundle = ('text' in answer ? JSON.parse(answer.text) : undefined) as
        { readonly entry?: readonly { readonly resource: Patient }[] } | undefined;
      return (bundle?.entry ?? []).map(({ resource }) => ({ id: resource.id, label: labelOf(resource) }));
    } catch (thrown) {
      // Who may search no patients chooses none.
      if (thrown instanceof Outcome && thrown.status < 500) return [];
      throw thrown;
    }
  };
