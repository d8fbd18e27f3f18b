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
  /** Those of a type that can be searched by. */
  readonly searchParameters: (type: string) => readonly SearchParameter[];
  readonly references: { readonly mustExist: boolean };
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
  const at = (level: string) => facts.operations.filter(({ levels }) => levels.includes(level)).map(operationRow);
  const searchParams = (type: string) =>
    facts.searchParameters(type).map(({ code, url, type: kind }) => ({ name: code, definition: url, type: kind }));
  const resource = (type: string) => ({
    type,
    ...codes(facts.interactions),
    versioning: 'versioned',
    readHistory: true,
    updateCreate: true,
    conditionalCreate: true,
    conditionalRead: 'full-support',
    conditionalUpdate: true,
    conditionalDelete: 'multiple',
    referencePolicy: ['literal', 'local', ...(facts.references.mustExist ? ['enforced'] : [])],
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
    format: ['json', 'application/fhir+json', 'xml', 'application/fhir+xml'],
    patchFormat: ['application/json-patch+json', 'application/fhir+json', 'application/fhir+xml'],
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
