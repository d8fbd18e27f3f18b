/** Builds an R4 CapabilityStatement from plain data; lists a search parameter only where a type can be searched. */
import { resourceTypes } from './resource-types.ts';
import type { SearchParameter } from './search-parameter.ts';

export interface CapabilityFacts {
  readonly started: Date;
  readonly version: string;
  readonly publicUrl: string;
  /** Codes of R4's type-restful-interaction and system-restful-interaction. */
  readonly interactions: readonly string[];
  readonly systemInteractions: readonly string[];
  readonly searchParameters: readonly SearchParameter[];
  readonly operations: readonly {
    readonly name: string;
    readonly definition: string;
    readonly levels: readonly string[];
  }[];
}

/** FHIR refuses empty arrays. */
const listed = <T>(name: string, rows: readonly T[]): Record<string, readonly T[]> =>
  rows.length === 0 ? {} : { [name]: rows };

const codes = (names: readonly string[]) =>
  listed(
    'interaction',
    names.map((code) => ({ code })),
  );

const operationRow = ({ name, definition }: CapabilityFacts['operations'][number]) => ({ name, definition });

export const capabilityStatement = (
  facts: CapabilityFacts,
): { readonly resourceType: 'CapabilityStatement' } & Record<string, unknown> => {
  const searchable = facts.interactions.includes('search-type');
  const at = (level: string) => facts.operations.filter(({ levels }) => levels.includes(level)).map(operationRow);
  const searchParams = (type: string) =>
    facts.searchParameters
      .filter(
        ({ base }) =>
          searchable && (base.includes(type) || base.includes('Resource') || base.includes('DomainResource')),
      )
      .map(({ code, url, type: kind }) => ({ name: code, definition: url, type: kind }));
  const resource = (type: string) => ({
    type,
    ...codes(facts.interactions),
    versioning: 'versioned',
    readHistory: false,
    updateCreate: false,
    ...listed('searchParam', searchParams(type)),
    ...listed('operation', [...at('type'), ...at('instance')]),
  });
  const tokenAddress = `${facts.publicUrl}/realms/heddle/protocol/openid-connect/token`;
  return {
    resourceType: 'CapabilityStatement',
    status: 'active',
    date: facts.started.toISOString(),
    kind: 'instance',
    software: { name: 'Heddle', version: facts.version },
    implementation: {
      description: 'Heddle, a plugin-based FHIR R4 health data platform',
      url: `${facts.publicUrl}/fhir`,
    },
    fhirVersion: '4.0.1',
    format: ['json', 'application/fhir+json'],
    rest: [
      {
        mode: 'server',
        security: {
          extension: [
            {
              url: 'http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris',
              extension: [{ url: 'token', valueUri: tokenAddress }],
            },
          ],
          service: [
            { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/restful-security-service', code: 'OAuth' }] },
          ],
          description: 'OAuth 2 bearer tokens; everything but this statement needs one',
        },
        resource: resourceTypes.map(resource),
        ...codes(facts.systemInteractions),
        ...listed('operation', at('system')),
      },
    ],
  };
};
