/** $versions: the FHIR versions that this server speaks (R4 operation CapabilityStatement-versions). */
import type { Operation } from '../interaction/operation-kind.ts';

export const versions: Operation = {
  name: 'versions',
  definition: 'http://hl7.org/fhir/OperationDefinition/CapabilityStatement-versions',
  levels: ['system'],
  run: async () => ({
    resourceType: 'Parameters',
    parameter: [
      { name: 'version', valueCode: '4.0' },
      { name: 'default', valueCode: '4.0' },
    ],
  }),
};
