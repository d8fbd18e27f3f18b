/** Lets through only what the caller's roles allow for this verb and type. */
import { forbidden } from '../../outcome/outcome.ts';
import type { Station } from '../kernel.ts';
import { operationOf } from '../operation.ts';

export const admitted: Station = ({ roles, verbs, registry }, next) => {
  const open = new Set(verbs.filter((verb) => verb.open).map(({ name }) => name));
  return async (interaction, within) => {
    if (open.has(interaction.verb)) return next(interaction, within);
    // What does not exist is not forbidden to anybody.
    const operation = interaction.verb === 'operation' ? operationOf({ registry }, interaction) : undefined;
    const judged = interaction.type === undefined ? undefined : operation?.judgedAs;
    const decision = roles.judge(interaction.caller, judged ?? interaction.verb, interaction.type);
    if (!decision.permitted) throw forbidden(decision.reason);
    return next(interaction, within);
  };
};
