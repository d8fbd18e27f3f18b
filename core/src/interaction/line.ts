/** The line: every interaction, whoever sends it, passes these stations in this order and reaches its verb. A new station is a file beside these and a word in the list. */
import { notSupported } from '../outcome/outcome.ts';
import { admitted } from './stations/admitted.ts';
import { fresh } from './stations/fresh.ts';
import { ownParameters } from './stations/own-parameters.ts';
import { sound } from './stations/sound.ts';
import { standing } from './stations/standing.ts';
import { traced } from './stations/traced.ts';
import { uploaded } from './stations/uploaded.ts';
import type { Kernel, Perform, Station } from './kernel.ts';

export const stations: readonly Station[] = [traced, admitted, fresh, sound, uploaded, ownParameters, standing];

export const line = (kernel: Kernel): Perform => {
  const byName = new Map(kernel.verbs.map((verb) => [verb.name, verb]));
  const run: Perform = (interaction, within) => {
    const verb = byName.get(interaction.verb);
    if (!verb) throw notSupported(501, `there is no verb ${interaction.verb}`);
    return verb.run(kernel, interaction, within, perform);
  };
  const perform = stations.reduceRight<Perform>((next, station) => station(kernel, next), run);
  return perform;
};
