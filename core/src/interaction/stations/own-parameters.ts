/** Makes search follow the SearchParameters that a tenant writes: what they describe is changed with them or not at all. */
import { parseBody } from '../../fhir/body.ts';
import type { Interaction } from '../../fhir/interaction.ts';
import { ownDefinition } from '../../fhir/search/own-definition.ts';
import { textOf } from '../../fhir/stored.ts';
import { addJob } from '../../jobs/job.ts';
import { changeOwn, leaveDeleted } from '../../store/own-writes.ts';
import type { TransactionUnit } from '../../store/unit.ts';
import { inTransaction } from '../conditional.ts';
import type { Station } from '../kernel.ts';
import { bringOwn } from '../own-task.ts';

const changing = new Set(['create', 'update', 'patch', 'delete']);

/** Last in its transaction: what comes behind it would be written by parameters that only this transaction knows. */
const follow = ({ caller }: Interaction, { run, lastly }: TransactionUnit, change: () => Promise<boolean>): void =>
  lastly(async () => {
    if (await change()) await addJob({ run }, bringOwn(caller));
  });

export const ownParameters: Station = (kernel, next) => async (interaction, within) => {
  const { type, verb } = interaction;
  if (type !== 'SearchParameter' || !changing.has(verb)) return next(interaction, within);
  const answered = await inTransaction(kernel, interaction, within, async (part) => {
    const answer = await next(interaction, part);
    const { transaction } = part;
    if (verb === 'delete') follow(interaction, transaction, () => leaveDeleted(transaction.run));
    else if ('stored' in answer && answer.stored) {
      const { stored } = answer;
      const parameter = ownDefinition(kernel.model, parseBody(textOf(stored)).resource);
      const { parameters } = kernel.store.base;
      follow(interaction, transaction, () => changeOwn(transaction.run, { id: stored.id, parameter }, parameters));
    }
    return answer;
  });
  if (!within) await kernel.store.generations.renew(interaction.caller.tenant);
  return answered;
};
