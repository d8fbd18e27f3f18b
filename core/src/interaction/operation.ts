/** operation: hands the interaction to the named operation of the registry. */
import type { Interaction } from '../fhir/interaction.ts';
import { notSupported } from '../outcome/outcome.ts';
import { operationKind, operationKey, type OperationLevel } from './operation-kind.ts';
import type { Verb } from './kernel.ts';

const levelOf = ({ type, id }: Interaction): OperationLevel => {
  if (id !== undefined) return 'instance';
  return type === undefined ? 'system' : 'type';
};

export const operation: Verb = {
  name: 'operation',
  run: async (kernel, interaction) => {
    const level = levelOf(interaction);
    const found = kernel.registry.find(operationKind, operationKey(level, interaction.name ?? ''));
    if (!found) throw notSupported(404, `there is no operation $${interaction.name} at the ${level} level`);
    return { status: 200, made: await found.value.run(interaction) };
  },
};
