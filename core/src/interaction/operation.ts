/** operation: hands the interaction to the named operation of the registry. */
import type { Interaction } from '../fhir/interaction.ts';
import { notSupported } from '../outcome/outcome.ts';
import { ownStatus } from '../store/own-passes.ts';
import { operationKind, operationKey, type Operation, type OperationLevel } from './operation-kind.ts';
import type { Kernel, Verb } from './kernel.ts';

const levelOf = ({ type, id }: Interaction): OperationLevel => {
  if (id !== undefined) return 'instance';
  return type === undefined ? 'system' : 'type';
};

export const operationOf = ({ registry }: Pick<Kernel, 'registry'>, interaction: Interaction): Operation => {
  const level = levelOf(interaction);
  const found = registry.find(operationKind, operationKey(level, interaction.name ?? ''));
  if (!found) throw notSupported(404, `there is no operation $${interaction.name} at the ${level} level`);
  return found.value;
};

export const operation: Verb = {
  name: 'operation',
  run: async (kernel, interaction, _within, perform) => {
    const { model, publicUrl, now, stopwatch, store } = kernel;
    const means = {
      ...{ perform, model, publicUrl, now, stopwatch, searchable: store.base.searchable },
      ownStatus: (tenant: number, id: string) =>
        ownStatus((statement, values) => store.database.read.run(tenant, statement, values), id),
    };
    const made = await operationOf(kernel, interaction).run(interaction, means);
    return 'plain' in made ? made : { status: 200, made };
  },
};
