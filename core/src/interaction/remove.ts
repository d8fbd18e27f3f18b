/** delete: the version of a resource that says it is gone; refused while others refer to it, unless the operator allows that. */
import type { Answer, Caller, Interaction } from '../fhir/interaction.ts';
import { conflict, tooMany } from '../outcome/outcome.ts';
import type { Current } from '../store/resources.ts';
import type { Referrer, TransactionUnit, Unit } from '../store/unit.ts';
import { checkContext, isBinary } from './binary.ts';
import { deletion, storedBy } from './compose.ts';
import { inTransaction } from './conditional.ts';
import { idIn, typeIn } from './given.ts';
import type { Kernel, Verb } from './kernel.ts';
import { checkMeant } from './make.ts';
import { criteriaQuery } from './matching.ts';

/** Criteria that match more are taken for a mistake. */
const mostAtOnce = 1_000;

const named = async (kernel: Kernel, caller: Caller, referrers: readonly Referrer[], unit: Unit): Promise<string> => {
  const seen = await unit.all(referrers.filter(({ type }) => kernel.roles.judge(caller, 'read', type).permitted));
  const names = seen.map(({ type, id }) => `${type}/${id}`).join(', ');
  return names === '' ? 'resources that you may not read' : names;
};

/** To be asked when everything else of the transaction is written: what is deleted together may refer to each other. */
export const checkReferrers = async (kernel: Kernel, caller: Caller, transaction: TransactionUnit): Promise<void> => {
  if (kernel.references.mayDangle) return;
  const referrers = await transaction.referrers();
  if (referrers.length > 0)
    throw conflict(
      `nothing was deleted, because others refer to it: ${await named(kernel, caller, referrers, transaction)}. Delete or change those first, or all in one transaction`,
    );
};

const removeCurrent = async (kernel: Kernel, tenant: number, unit: Unit, before: Current): Promise<Answer> => {
  const change = deletion(kernel, tenant, before);
  const stored = storedBy(kernel, change, await unit.write(change), { resourceType: before.type });
  if (!stored) throw conflict(`${before.type}/${before.id} changed at the same moment; nothing was deleted`);
  return { status: 204, stored };
};

const removeOne = async (kernel: Kernel, interaction: Interaction, unit: Unit, id: string): Promise<Answer> => {
  const before = await unit.find(typeIn(interaction), id, 'remove');
  checkMeant({ ...interaction, id }, before);
  // R4 http.html#delete: deleting what is not there has no effect.
  if (!before || before.deleted) return { status: 204 };
  if (isBinary(before)) await checkContext(kernel, interaction.caller, before, unit);
  return removeCurrent(kernel, interaction.caller.tenant, unit, before);
};

const removeMatching = async (kernel: Kernel, interaction: Interaction, unit: Unit): Promise<Answer> => {
  const type = typeIn(interaction);
  const query = criteriaQuery(kernel, interaction.caller, type, interaction.criteria ?? new URLSearchParams());
  const hits = await unit.search({ query, limit: mostAtOnce + 1 });
  if (hits.length > mostAtOnce)
    throw tooMany(`the criteria match more than ${mostAtOnce} resources: make them narrower; nothing was deleted`);
  const answers = await Promise.all(hits.map(({ current }) => removeOne(kernel, interaction, unit, current.id)));
  return hits.length === 1 && answers[0] ? answers[0] : { status: 204 };
};

export const remove: Verb = {
  name: 'delete',
  capability: { level: 'type', code: 'delete' },
  run: (kernel, interaction, within) =>
    inTransaction(kernel, interaction, within, async (part) => {
      const answer = interaction.criteria
        ? await removeMatching(kernel, interaction, part.seen)
        : await removeOne(kernel, interaction, part.seen, idIn(interaction));
      if (!within) await checkReferrers(kernel, interaction.caller, part.seen);
      return answer;
    }),
};
