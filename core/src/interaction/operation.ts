/** operation: hands the interaction to the named operation of the registry. */
import { notSupported } from '../outcome/outcome.ts';
import { operationKind, operationKey } from './operation-kind.ts';
import type { Verb } from './kernel.ts';

export const operation: Verb = {
  name: 'operation',
  run: async (kernel, interaction) => {
    const level = interaction.id !== undefined ? 'instance' : interaction.type !== undefined ? 'type' : 'system';
    const found = kernel.registry.find(operationKind, operationKey(level, interaction.name ?? ''));
    if (!found) throw notSupported(404, `there is no operation $${interaction.name} at the ${level} level`);
    return { status: 200, made: await found.value.run(interaction) };
  },
};
