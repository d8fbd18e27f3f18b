/** Lets through only what the caller's roles allow for this verb and type. */
import { forbidden } from '../../outcome/outcome.ts';
import type { Station } from '../kernel.ts';

export const admitted: Station = ({ roles, verbs }, next) => {
  const open = new Set(verbs.filter((verb) => verb.open).map(({ name }) => name));
  return async (interaction, within) => {
    if (open.has(interaction.verb)) return next(interaction, within);
    const decision = roles.judge(interaction.caller, interaction.verb, interaction.type);
    if (!decision.permitted) throw forbidden(decision.reason);
    return next(interaction, within);
  };
};
