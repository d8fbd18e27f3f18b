/** Lets an interaction begin when the search parameters of its tenant are known as they were a moment ago. */
import type { Station } from '../kernel.ts';

export const fresh: Station = ({ store }, next) => {
  const behind = async (asking: Promise<void>, ...asked: Parameters<typeof next>): ReturnType<typeof next> => {
    await asking;
    return next(...asked);
  };
  return (interaction, within) => {
    const { tenant } = interaction.caller;
    // Tenant 0 is nobody's. Parts of a whole go on by what the whole began with.
    const asking = within || tenant === 0 ? undefined : store.generations.fresh(tenant);
    return asking ? behind(asking, interaction, within) : next(interaction, within);
  };
};
