/** Decides which resource each entry of a transaction is about, criteria included; refuses two entries about one. */
import type { EntryRequest } from '../fhir/bundle-entries.ts';
import { entryPath, inEntry } from '../fhir/bundle-entries.ts';
import type { Interaction } from '../fhir/interaction.ts';
import { readPart } from '../fhir/subset.ts';
import { ambiguous, asOutcome, conflict, invalid, malformed, notFound, Outcome } from '../outcome/outcome.ts';
import type { Current } from '../store/resources.ts';
import type { Claim, TransactionUnit } from '../store/unit.ts';
import { bounded, claimsOf } from './claims.ts';
import type { Kernel } from './kernel.ts';
import { criteriaQuery } from './matching.ts';

/** An entry with its resource decided. */
export interface Identified {
  readonly entry: EntryRequest;
  /** What the entry makes, changes or deletes; undefined for one that reads. */
  readonly id: string | undefined;
  /** What a conditional create has found: nothing is written then. */
  readonly found: Current | undefined;
  /** A conditional update that matches nothing creates. */
  readonly creates: boolean;
}

const named = (entry: EntryRequest): string => `${entry.type}/${entry.id}`;

export const twice = (a: number, b: number, what: string): Outcome =>
  new Outcome(400, [
    {
      severity: 'error',
      code: 'duplicate',
      diagnostics: `entries ${a} and ${b} are about the same ${what}: a transaction names each once`,
      expression: [entryPath(a), entryPath(b)],
    },
  ]);

const refuseRepeats = (keys: readonly (readonly [place: number, key: string])[], what: string): void => {
  const seen = new Map<string, number>();
  for (const [place, key] of keys) {
    const before = seen.get(key);
    if (before !== undefined) throw twice(before, place, what);
    seen.set(key, place);
  }
};

const writes = new Set(['create', 'update', 'patch', 'delete']);

/** An answer that cannot be given must not follow a commit. */
const checkForm = ({ place, method, query }: EntryRequest): void => {
  try {
    if (method === 'GET') readPart(query);
  } catch (thrown) {
    throw inEntry(place, asOutcome(thrown));
  }
};

/** What can be seen without asking the database. */
export const checkEntries = (entries: readonly EntryRequest[]): void => {
  for (const entry of entries) checkForm(entry);
  refuseRepeats(
    entries.flatMap(({ place, fullUrl, verb }) =>
      fullUrl === undefined || verb === 'delete' ? [] : [[place, fullUrl] as const],
    ),
    'fullUrl',
  );
  refuseRepeats(
    entries.flatMap((entry) =>
      entry.id !== undefined && writes.has(entry.verb) ? [[entry.place, named(entry)] as const] : [],
    ),
    'resource',
  );
  refuseRepeats(
    entries.flatMap(({ place, type, verb, criteria }) =>
      (verb === 'create' || verb === 'update') && criteria ? [[place, `${type}?${criteria.toString()}`] as const] : [],
    ),
    'criteria',
  );
};

/** What the resolved criteria have added. */
export const checkIdentified = (identified: readonly Identified[]): void =>
  refuseRepeats(
    identified.flatMap(({ entry, id, found }) =>
      id !== undefined && !found && writes.has(entry.verb) ? [[entry.place, `${entry.type}/${id}`] as const] : [],
    ),
    'resource',
  );

const claimsIn = (kernel: Kernel, { caller }: Interaction, entries: readonly EntryRequest[]): Claim[] =>
  entries.flatMap((entry) => {
    const { type, criteria, resource, verb } = entry;
    if (!type || !criteria || !resource || (verb !== 'create' && verb !== 'update')) return [];
    try {
      return claimsOf(kernel.store.searching(caller.tenant), criteriaQuery(kernel, caller, type, criteria), resource);
    } catch (thrown) {
      throw inEntry(entry.place, asOutcome(thrown));
    }
  });

const matchOf = async (
  kernel: Kernel,
  interaction: Interaction,
  { type = '', criteria = new URLSearchParams() }: EntryRequest,
  transaction: TransactionUnit,
): Promise<Current | undefined> => {
  const query = criteriaQuery(kernel, interaction.caller, type, criteria);
  const [first, second] = await transaction.search({ query, limit: 2 });
  if (second) throw ambiguous(`the criteria match more than one ${type}: make them narrower`);
  return first?.current;
};

const identify = async (
  kernel: Kernel,
  interaction: Interaction,
  entry: EntryRequest,
  transaction: TransactionUnit,
): Promise<Identified> => {
  const { verb, type = '', criteria, resource } = entry;
  const plain: Identified = { entry, id: entry.id, found: undefined, creates: verb === 'create' };
  if (!criteria) return verb === 'create' ? { ...plain, id: kernel.ids() } : plain;
  const match = await matchOf(kernel, interaction, entry, transaction);
  if (verb === 'create') return match ? { ...plain, id: match.id, found: match } : { ...plain, id: kernel.ids() };
  if (verb === 'update') {
    const own = resource?.id;
    if (match && own !== undefined && own !== match.id)
      throw invalid(`${type}.id`, `the criteria match ${type}/${match.id}, and the entry's resource says another id`);
    const id = match?.id ?? own;
    return { ...plain, id: id ?? kernel.ids(), creates: id === undefined };
  }
  if (!match && verb === 'patch') throw notFound(`a ${type} that matches the criteria`);
  return { ...plain, id: match?.id };
};

/** Between the search and the lock somebody may have changed what was found. */
const lockFound = async (
  kernel: Kernel,
  interaction: Interaction,
  { entry, id }: Identified,
  transaction: TransactionUnit,
): Promise<void> => {
  if (!entry.criteria || id === undefined || entry.verb === 'create' || entry.type === undefined) return;
  await transaction.find(entry.type, id, entry.verb === 'delete' ? 'remove' : 'replace');
  const match = await matchOf(kernel, interaction, entry, transaction);
  if (match !== undefined && match.id !== id)
    throw conflict('what the criteria match changed at the same moment: ask again');
};

export const identifyAll = async (
  kernel: Kernel,
  interaction: Interaction,
  entries: readonly EntryRequest[],
  transaction: TransactionUnit,
): Promise<Identified[]> => {
  await transaction.claim(bounded(claimsIn(kernel, interaction, entries)));
  const identified: Identified[] = [];
  // One after the other: they share the transaction's connection, and the first fault is told.
  for (const entry of entries) {
    if (entry.verb === 'bundle') throw inEntry(entry.place, malformed('a bundle cannot stand in a bundle'));
    try {
      const one = await identify(kernel, interaction, entry, transaction);
      await lockFound(kernel, interaction, one, transaction);
      identified.push(one);
    } catch (thrown) {
      throw inEntry(entry.place, asOutcome(thrown));
    }
  }
  return identified;
};
