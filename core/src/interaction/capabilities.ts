/** capabilities: the CapabilityStatement of this server, made from its verbs and its registry, so that it never claims what is not there. */
import { capabilityStatement } from '../fhir/capability.ts';
import { operationKind } from './operation-kind.ts';
import type { Kernel, Verb } from './kernel.ts';

const made = new WeakMap<Kernel, { readonly resourceType: string }>();

const statementOf = ({
  registry,
  verbs,
  started,
  version,
  publicUrl,
  store,
  references,
  compartments,
}: Kernel): { readonly resourceType: string } => {
  const levelOf = (level: 'type' | 'system'): string[] =>
    verbs.flatMap(({ capability }) => (capability?.level === level ? [capability.code] : []));
  const operations = new Map(registry.all(operationKind).map(({ value }) => [value.name, value]));
  return capabilityStatement({
    started,
    version,
    publicUrl,
    interactions: levelOf('type'),
    systemInteractions: levelOf('system'),
    searchParameters: store.base.searchable,
    compartments: [...new Set(compartments.map(({ compartment }) => compartment))],
    references,
    operations: [...operations.values()],
  });
};

export const capabilities: Verb = {
  name: 'capabilities',
  open: true,
  run: async (kernel) => {
    const statement = made.get(kernel) ?? statementOf(kernel);
    made.set(kernel, statement);
    return { status: 200, made: statement };
  },
};
