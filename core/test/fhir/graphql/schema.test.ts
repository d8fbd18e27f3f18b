import { expect } from 'chai';
import {
  buildClientSchema,
  executeSync,
  getIntrospectionQuery,
  parse,
  printType,
  validate,
  validateSchema,
  type IntrospectionQuery,
} from 'graphql';
import { modelOf } from '../../../src/fhir/fhirpath/model.ts';
import { readDocument } from '../../../src/fhir/graphql/document.ts';
import { openRules } from '../../../src/fhir/graphql/rules.ts';
import { openSchemas } from '../../../src/fhir/graphql/schema.ts';
import type { SearchParameter } from '../../../src/fhir/search-parameter.ts';
import { r4SearchParameters } from '../../../src/platform/search-parameters.ts';
import { r4Types } from '../../../src/platform/structures.ts';

describe("GraphQL's schema of R4", () => {
  const parameters = r4SearchParameters();
  const searchable = (type: string): readonly SearchParameter[] =>
    parameters.filter(({ base }) => base.includes(type) || base.includes('Resource'));
  const schemas = openSchemas(modelOf(r4Types()), searchable);
  const check = openRules(schemas);

  it('is told by introspection as tools ask for it, within the limits of a query', () => {
    const asked = readDocument(getIntrospectionQuery());
    if ('faults' in asked) throw new Error(JSON.stringify(asked));
    expect(check(schemas.at(undefined), asked)).to.equal(undefined);
    const { data } = executeSync({ schema: schemas.at(undefined), document: asked });
    const client = buildClientSchema(JSON.parse(JSON.stringify(data)) as IntrospectionQuery);
    expect(validateSchema(client)).to.eql([]);
    expect(validate(client, parse('{ Patient(id: "1") { name(use: official) { family } } }'))).to.eql([]);
    expect(printType(client.getType('PatientEdge') ?? expect.fail('no PatientEdge'))).to.equal(
      'type PatientEdge {\n  mode: code\n  score: decimal\n  resource: Patient\n}',
    );
    expect(printType(client.getType('PatientLink') ?? expect.fail('no PatientLink'))).to.contain('other: Reference');
    expect(printType(client.getType('Reference') ?? expect.fail('no Reference'))).to.contain(
      'resource(optional: Boolean, type: [ResourceType]): Resource',
    );
    const patient = printType(client.getType('Patient') ?? expect.fail('no Patient'));
    expect(patient).to.contain('type Patient implements Resource {');
    expect(patient).to.contain('  birthDate: date\n  _birthDate: Element\n');
    expect(patient).to.contain('ObservationList(_reference: String!');
    const query = printType(client.getType('Query') ?? expect.fail('no Query'));
    expect(query).to.contain('Patient(id: ID!): Patient');
    expect(query).to.match(/ConditionList\([^)]*clinical_status: \[String\]/);
  });

  it('has the fields of a resource as its root at the level of an instance', () => {
    const document = parse('{ name { family } ObservationList(_reference: patient, code: "x") { id } }');
    expect(check(schemas.at('Patient'), document)).to.equal(undefined);
    expect(check(schemas.at(undefined), document)?.faults[0]?.message).to.equal('Query has no field name');
  });

  it('has every reference parameter of every type, back from each of its targets', () => {
    const fields = schemas.at('Patient').getQueryType()?.getFields() ?? {};
    expect(fields).to.include.keys('ObservationList', 'EncounterConnection', 'ProvenanceList');
    expect(fields).not.to.include.keys('OrganizationList');
  });
});
