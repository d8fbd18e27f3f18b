/** The verbs that name their resource by criteria: which one it is is decided inside a transaction of the database, so that two who ask at once agree. */
import type { Answer, Interaction, Stored } from '../fhir/interaction.ts';
import { ambiguous, conflict, invalid, notFound } from '../outcome/outcome.ts';
import type { Hit } from '../store/search/find.ts';
import type { TransactionUnit } from '../store/unit.ts';
import { answerBinary, isBinary } from './binary.ts';
import { bounded, claimsOf } from './claims.ts';
import { bodyIn, typeIn } from './given.ts';
import type { Kernel, Within } from './kernel.ts';
import { checkMeant, make, replace } from './make.ts';
import { criteriaQuery, matching } from './matching.ts';
import { transactionOf, unitOf } from './unit-of.ts';

interface InTransaction extends Required<Within> {
  /** As the caller may use it. */
  readonly seen: TransactionUnit;
}

/** In the transaction that is there, or in one of its own. */
export const inTransaction = <T>(
  kernel: Kernel,
  { caller, signal }: Interaction,
  within: Within | undefined,
  work: (part: InTransaction) => Promise<T>,
): Promise<T> => {
  const seenBy = (part: Required<Within>): InTransaction => ({ ...part, seen: transactionOf(kernel, caller, part) });
  if (within?.transaction) return work(seenBy({ ...within, transaction: within.transaction }));
  return kernel.store.transaction(
    caller.tenant,
    (unit) => work(seenBy({ unit, transaction: unit, arriving: new Set() })),
    signal,
  );
};

const given = (interaction: Interaction): { type: string; criteria: URLSearchParams } => ({
  type: typeIn(interaction),
  criteria: interaction.criteria ?? new URLSearchParams(),
});

const only = (hits: readonly Hit[], type: string): Hit | undefined => {
  if (hits.length > 1) throw ambiguous(`the criteria match more than one ${type}: make them narrower`);
  return hits[0];
};

const found = async (
  kernel: Kernel,
  interaction: Interaction,
  stored: Stored,
  within: Within | undefined,
): Promise<Answer> =>
  isBinary(stored)
    ? answerBinary(kernel, interaction, stored, unitOf(kernel, interaction.caller, within))
    : { status: 200, stored };

// R4 http.html#ccreate: one match is answered, and nothing is written.
export const createUnless = async (
  kernel: Kernel,
  interaction: Interaction,
  within: Within | undefined,
): Promise<Answer> => {
  const { caller } = interaction;
  const { type, criteria } = given(interaction);
  const query = criteriaQuery(kernel, caller, type, criteria);
  const search = { query, limit: 2 };
  if (!within) {
    // Most who repeat a create find it done; they need no lock.
    const there = only(await unitOf(kernel, caller, undefined).search(search), type);
    if (there) return found(kernel, interaction, there.current, undefined);
  }
  return inTransaction(kernel, interaction, within, async (part) => {
    await part.seen.claim(
      bounded(claimsOf(kernel.store.searching(caller.tenant), query, bodyIn(interaction).resource)),
    );
    const there = only(await part.seen.search(search), type);
    return there ? found(kernel, interaction, there.current, part) : make(kernel, interaction, part);
  });
};

/** Finds the one that matches and locks it; what matched before the lock must still match behind it. */
export const lockMatch = async (
  kernel: Kernel,
  interaction: Interaction,
  { seen }: InTransaction,
  purpose: 'replace' | 'remove',
): Promise<string | undefined> => {
  const { type, criteria } = given(interaction);
  const find = async (): Promise<string | undefined> =>
    only(await matching(kernel, interaction.caller, type, criteria, seen), type)?.current.id;
  const id = await find();
  if (id === undefined) return undefined;
  await seen.find(type, id, purpose);
  if ((await find()) !== id)
    throw conflict(`what the criteria match changed at the same moment: nothing was changed, ask again`);
  return id;
};

// R4 http.html#cond-update
export const updateMatching = (kernel: Kernel, interaction: Interaction, within: Within | undefined): Promise<Answer> =>
  inTransaction(kernel, interaction, within, async (part) => {
    const body = bodyIn(interaction);
    const { type, criteria } = given(interaction);
    const own = body.resource.id;
    const query = criteriaQuery(kernel, interaction.caller, type, criteria);
    await part.seen.claim(bounded(claimsOf(kernel.store.searching(interaction.caller.tenant), query, body.resource)));
    const id = await lockMatch(kernel, interaction, part, 'replace');
    if (id !== undefined && own !== undefined && own !== id)
      throw invalid(`${type}.id`, `the criteria match ${type}/${id}, and the body says another id`);
    const target = id ?? own;
    if (target === undefined) checkMeant({ ...interaction, id: 'that the criteria match' }, undefined);
    if (target === undefined) return make(kernel, interaction, part);
    return replace(kernel, { ...interaction, id: target }, 'PUT', () => body, part);
  });

/** A patch or a delete by criteria that must name one resource. */
export const matchOrMiss = async (
  kernel: Kernel,
  interaction: Interaction,
  part: InTransaction,
  purpose: 'replace' | 'remove',
): Promise<string> => {
  const id = await lockMatch(kernel, interaction, part, purpose);
  if (id === undefined) throw notFound(`a ${interaction.type} that matches the criteria`);
  return id;
};
