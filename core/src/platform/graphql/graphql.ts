/** $graphql: FHIR's GraphQL over the whole server or one resource (R4 operation Resource-graphql). */
import type { Operation } from '../../interaction/operation-kind.ts';

export const graphql: Operation = {
  name: 'graphql',
  definition: 'http://hl7.org/fhir/OperationDefinition/Resource-graphql',
  levels: ['system', 'instance'],
  // It reaches data by nothing but reads and searches of its caller.
  judgedAs: 'read',
  // Loading the parser takes a tenth of a second, which no process pays that is not asked.
  run: async (interaction, means) => {
    const { answerQuery } = await import('./answer-query.ts');
    return answerQuery(interaction, means);
  },
};
