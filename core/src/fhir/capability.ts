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
  /** The types whose compartments can be searched. */
  readonly compartments: readonly string[];
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

interface OfEveryType {
  readonly name: string;
  readonly type: SearchParameter['type'];
  readonly definition?: string;
  readonly documentation?: string;
}

const r4 = 'http://hl7.org/fhir/SearchParameter';

/** Asked of one type, of several and of all; R4 defines no SearchParameter for the last four. */
const ofEveryType: readonly OfEveryType[] = [
  { name: '_id', type: 'token', definition: `${r4}/Resource-id` },
  { name: '_lastUpdated', type: 'date', definition: `${r4}/Resource-lastUpdated` },
  { name: '_tag', type: 'token', definition: `${r4}/Resource-tag` },
  { name: '_profile', type: 'uri', definition: `${r4}/Resource-profile` },
  { name: '_security', type: 'token', definition: `${r4}/Resource-security` },
  { name: '_source', type: 'uri', definition: `${r4}/Resource-source` },
  ...[
    { name: '_text', definition: `${r4}/DomainResource-text` },
    { name: '_content', definition: `${r4}/Resource-content` },
  ].map((each) => ({ ...each, type: 'string' as const, documentation: 'words, phrases, and, or, not, brackets' })),
  { name: '_list', type: 'special', documentation: 'ids of Lists that name the resource' },
  { name: '_has', type: 'special', documentation: '_has:Type:reference:parameter, as deep as is needed' },
  { name: '_filter', type: 'special', documentation: 'the language of R4 search_filter.html' },
  { name: '_type', type: 'special', documentation: 'of a search over several types: which' },
];

const referencesOf = (facts: CapabilityFacts, type: string): SearchParameter[] =>
  facts.searchParameters(type).filter((parameter) => parameter.type === 'reference');

/** Who refers to each type, by what. */
const revIncludes = (facts: CapabilityFacts): ReadonlyMap<string, readonly string[]> => {
  const all = resourceTypes.flatMap((type) =>
    referencesOf(facts, type).flatMap(({ code, target = resourceTypes }) =>
      target.map((to) => ({ to, name: `${type}:${code}` })),
    ),
  );
  const byTarget = Map.groupBy(all, ({ to }) => to);
  return new Map([...byTarget].map(([to, rows]) => [to, rows.map(({ name }) => name)]));
};

const operationRow = ({ name, definition }: CapabilityFacts['operations'][number]) => ({ name, definition });

export const capabilityStatement = (
  facts: CapabilityFacts,
): { readonly resourceType: 'CapabilityStatement' } & Record<string, unknown> => {
  const at = (level: string) => facts.operations.filter(({ levels }) => levels.includes(level)).map(operationRow);
  const searchParams = (type: string) =>
    facts.searchParameters(type).map(({ code, url, type: kind }) => ({ name: code, definition: url, type: kind }));
  const searched = facts.interactions.includes('search-type');
  const referring = searched ? revIncludes(facts) : new Map<string, readonly string[]>();
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
    ...listed('searchInclude', searched ? referencesOf(facts, type).map(({ code }) => `${type}:${code}`) : []),
    ...listed('searchRevInclude', referring.get(type) ?? []),
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
        ...listed('searchParam', searched ? ofEveryType : []),
        ...listed('operation', at('system')),
        ...listed(
          'compartment',
          facts.compartments.map(
            (type) => `http://hl7.org/fhir/CompartmentDefinition/${type.charAt(0).toLowerCase()}${type.slice(1)}`,
          ),
        ),
      },
    ],
  };
};
