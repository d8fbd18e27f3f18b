import { expect } from 'chai';
import { startTestServer, type TestCaller, type TestServer } from '@heddle/core/testing';
import { ask, at, listAt, made, observation, patient, textAt, type Json } from './asked.ts';
import { dataIn, peter, post, tell, tellOf, type Told } from './graphql-asked.ts';

describe('FHIR GraphQL', () => {
  let server: TestServer;
  let admin: TestCaller;
  let anna = '';
  let ben = '';

  const send = (...asked: readonly [body: unknown, type?: string]): Promise<Told> => post(admin, '', ...asked);
  const dataOf = async (query: string, variables: Json = {}): Promise<unknown> =>
    dataIn(await tell(admin, query, variables));
  const of = async (path: string, query: string): Promise<unknown> => dataIn(await tellOf(admin, path, query));

  before(async () => {
    server = await startTestServer();
    admin = await server.as('admin');
    const doctor = await made(admin, { resourceType: 'Practitioner', name: [{ family: 'Who' }] });
    anna = await made(
      admin,
      patient({
        ...peter,
        generalPractitioner: [{ reference: `Practitioner/${doctor}` }],
      }),
    );
    ben = await made(admin, patient({ name: [{ family: 'Smith' }], gender: 'male' }));
    const group = await made(admin, { resourceType: 'Group', type: 'person', actual: true, name: 'All' });
    await made(admin, { resourceType: 'Location', name: 'Ward' });
    const weight = (value: string): string =>
      JSON.stringify(observation(`Patient/${anna}`, { valueQuantity: { value: 9.5, unit: 'kg' } })).replace(
        '9.5',
        value,
      );
    await admin.send('POST', '/fhir/Observation', weight('1.00'));
    await admin.send('POST', '/fhir/Observation', weight('12345678901234567890.10'));
    await made(admin, observation(`Patient/${anna}`, { valueString: 'late', status: 'amended' }));
    await made(admin, observation(`Group/${group}`));
  });
  after(() => server.close());

  describe('is asked', () => {
    const name = { Patient: { name: [{ family: 'Smith' }] } };
    const query = (): string => `{ Patient(id: "${ben}") { name { family } } }`;

    it('by POST of JSON, of GraphQL and of Parameters, and by GET', async () => {
      const asJson = await send({ query: query() });
      expect(asJson.data).to.eql(name);
      expect(asJson.type).to.equal('application/json; charset=utf-8');
      expect((await send(query(), 'application/graphql')).data).to.eql(name);
      const parameters = { resourceType: 'Parameters', parameter: [{ name: 'query', valueString: query() }] };
      expect((await send(parameters, 'application/fhir+json')).data).to.eql(name);
      const got = await ask(admin, 'GET', `$graphql?query=${encodeURIComponent(query())}`);
      expect(got.body).to.eql({ data: name });
      expect(got.headers.get('content-type')).to.equal('application/json; charset=utf-8');
    });

    it('with variables, their defaults and the name of an operation', async () => {
      const two = `query One($id: ID!) { Patient(id: $id) { id } }
        query Two($who: String = "Chal", $genders: [String]) { PatientList(family: $who, gender: $genders) { id } }`;
      const told = await send({ query: two, operationName: 'One', variables: { id: ben } });
      expect(told.data).to.eql({ Patient: { id: ben } });
      const other = await send({ query: two, operationName: 'Two' });
      expect(other.data).to.eql({ PatientList: [{ id: anna }] });
      const variables = { who: 'Smith', genders: ['female', 'male'] };
      expect((await send({ query: two, operationName: 'Two', variables })).data).to.eql({
        PatientList: [{ id: ben }],
      });
      const address = `$graphql?${new URLSearchParams({ query: two, operationName: 'One', variables: JSON.stringify({ id: ben }) }).toString()}`;
      expect((await ask(admin, 'GET', address)).body.data).to.eql({ Patient: { id: ben } });
    });

    it('of one resource, whose fields are the root', async () => {
      expect(await of(`Patient/${ben}`, '{ resourceType id name { family } }')).to.eql({
        ...{ resourceType: 'Patient', id: ben },
        name: [{ family: 'Smith' }],
      });
    });

    it('whatever is accepted, and in a batch as a Binary', async () => {
      const answer = await admin.send(
        'POST',
        '/fhir/$graphql',
        { query: query() },
        { 'Content-Type': 'application/json', Accept: 'application/graphql-response+json' },
      );
      expect(await answer.json()).to.eql({ data: name });
      const url = `$graphql?query=${encodeURIComponent(query())}`;
      const bundle = { resourceType: 'Bundle', type: 'batch', entry: [{ request: { method: 'GET', url } }] };
      const { body } = await ask(admin, 'POST', '', bundle);
      const data = textAt(body, 'entry', 0, 'resource', 'data');
      expect(JSON.parse(Buffer.from(data, 'base64').toString())).to.eql({ data: name });
    });
  });

  describe('answers', () => {
    it('fields under aliases, absent ones as null, types by name', async () => {
      expect(
        await dataOf(
          `{ one: Patient(id: "${ben}") { __typename called: name { last: family text } maritalStatus { text } } }`,
        ),
      ).to.eql({ one: { __typename: 'Patient', called: [{ last: 'Smith', text: null }], maritalStatus: null } });
    });

    it('numbers with the digits they came with', async () => {
      const { text } = await tell(
        admin,
        `{ ObservationList(subject: "Patient/${anna}", status: "final") { valueQuantity { value } } }`,
      );
      expect(text).to.contain('{"value":1.00}').and.to.contain('{"value":12345678901234567890.10}');
    });

    it('choices by their names, and what stands beside a primitive', async () => {
      expect(await dataOf(`{ ObservationList(status: amended) { valueString valueQuantity { value } } }`)).to.eql({
        ObservationList: [{ valueString: 'late', valueQuantity: null }],
      });
      expect(await of(`Patient/${anna}`, '{ birthDate _birthDate { extension { url valueDateTime } } }')).to.eql({
        birthDate: '1980-05-17',
        _birthDate: { extension: [{ url: 'http://x.example/time', valueDateTime: '1980-05-17T10:28:45Z' }] },
      });
    });

    it('lists narrowed by a value, a FHIRPath, an offset and a count', async () => {
      expect(await of(`Patient/${anna}`, '{ name(use: official) { family } }')).to.eql({
        name: [{ family: 'Chalmers' }],
      });
      expect(await of(`Patient/${anna}`, '{ telecom(system: phone, _offset: 1, _count: 1) { value } }')).to.eql({
        telecom: [{ value: '2' }],
      });
      expect(await of(`Patient/${anna}`, '{ name(fhirpath: "family.exists() and $index > 0") { family } }')).to.eql({
        name: [{ family: 'Windsor' }],
      });
      expect(await of(`Patient/${anna}`, '{ name(use: "old") { family } }')).to.eql({ name: [] });
      expect(await of(`Patient/${anna}`, '{ name(given: "Jim") { use } }')).to.eql({ name: [{ use: 'usual' }] });
    });

    it('what a reference leads to, by type, contained, and read once', async () => {
      expect(
        await of(
          `Patient/${anna}`,
          `{ generalPractitioner { resource { ... on Practitioner { name { family } } } }
             managingOrganization { resource { resourceType ... on Organization { name } } } }`,
        ),
      ).to.eql({
        generalPractitioner: [{ resource: { name: [{ family: 'Who' }] } }],
        managingOrganization: { resource: { resourceType: 'Organization', name: 'Inside' } },
      });
      const twoTypes = `{ ObservationList(status: "final,amended", _count: 9) { id } }`;
      expect(await dataOf(twoTypes)).to.eql({ ObservationList: [] });
      const types = (await dataOf(
        `{ ObservationList(status: [final, amended]) { subject {
            resource(type: Patient) { birthDate } resource(type: Group) { name } } } }`,
      )) as Json;
      expect(listAt(types, 'ObservationList').map((each) => at(each, 'subject', 'resource'))).to.deep.include.members([
        { birthDate: '1980-05-17' },
        { name: 'All' },
      ]);
    });

    it('references to a version and by whole addresses, contained resources by FHIRPath, the bytes of a Binary', async () => {
      const subject = { reference: `${server.url}/fhir/Patient/${ben}` };
      const about = { target: [subject, { reference: `Patient/${ben}/_history/1` }], agent: [{ who: subject }] };
      const id = await made(admin, { resourceType: 'Provenance', recorded: '2024-01-01T00:00:00Z', ...about });
      const query = `{ Provenance(id: "${id}") { target { resource { id meta { versionId } } } } }`;
      const resource = { id: ben, meta: { versionId: '1' } };
      expect(await dataOf(query)).to.eql({ Provenance: { target: [{ resource }, { resource }] } });
      expect(
        await of(
          `Patient/${anna}`,
          `{ contained(fhirpath: "name = 'Inside'") { id } none: contained(id: "x") { id } }`,
        ),
      ).to.eql({ contained: [{ id: 'org' }], none: [] });
      const binary = await made(admin, { resourceType: 'Binary', contentType: 'text/plain', data: 'aGVsbG8=' });
      expect(await dataOf(`{ Binary(id: "${binary}") { data } }`)).to.eql({ Binary: { data: 'aGVsbG8=' } });
    });

    it('what the schema says of itself', async () => {
      const data = await dataOf(
        'query ($of: String!) { __type(name: $of) { name fields { name } } PatientList { __typename } }',
        {
          of: 'Group',
        },
      );
      expect(at(data, '__type', 'name')).to.equal('Group');
      expect(listAt(data, '__type', 'fields').map((field) => at(field, 'name'))).to.include.members([
        'actual',
        'resourceType',
      ]);
      expect(await of(`Patient/${ben}`, '{ __schema { queryType { name } } }')).to.eql({
        __schema: { queryType: { name: 'Patient' } },
      });
    });

    it('named fragments, and leaves out what @skip and @include say', async () => {
      const query = `query ($no: Boolean = false, $yes: Boolean!) { Patient(id: "${ben}") { ...Whole
          gender @include(if: $no) birthDate @skip(if: $yes) ... @include(if: $yes) { id } } }
        fragment Whole on Patient { ...Names } fragment Names on Patient { name { family } }`;
      expect(await dataOf(query, { yes: true })).to.eql({ Patient: { name: [{ family: 'Smith' }], id: ben } });
    });

    it('reverse lookups below a resource', async () => {
      const data = await of(
        `Patient/${anna}`,
        `{ all: ObservationList(_reference: patient) { status }
           some: ObservationList(_reference: subject, status: amended) { valueString }
           page: ObservationConnection(_reference: patient, _count: 2) { pageSize next edges { mode resource { id } } } }`,
      );
      expect(listAt(data, 'all').map((each) => at(each, 'status'))).to.have.members(['amended', 'final', 'final']);
      expect(at(data, 'some')).to.eql([{ valueString: 'late' }]);
      expect(listAt(data, 'page', 'edges')).to.have.length(2);
      expect(at(data, 'page', 'edges', 0, 'mode')).to.equal('match');
      expect(at(data, 'page', 'next')).to.be.a('string');
    });

    it('connections a page at a time, by cursors alone', async () => {
      const seen: unknown[] = [];
      const offsets: unknown[] = [];
      let found = at(
        await dataOf(
          '{ ObservationConnection(status: [final, amended], _count: 3) { count offset pagesize first next edges { resource { id } } } }',
        ),
        'ObservationConnection',
      );
      const first = textAt(found, 'first');
      for (;;) {
        seen.push(...listAt(found, 'edges').map((edge) => at(edge, 'resource', 'id')));
        offsets.push(at(found, 'offset'));
        const next = at(found, 'next');
        if (typeof next !== 'string') break;
        found = at(
          await dataOf(
            'query ($at: String) { ObservationConnection(_cursor: $at) { offset next edges { resource { id } } } }',
            {
              at: next,
            },
          ),
          'ObservationConnection',
        );
      }
      expect(new Set(seen).size).to.equal(4);
      expect(offsets).to.eql([0, 3]);
      const again = await dataOf(`{ ObservationConnection(cursor: "${first}") { edges { resource { id } } } }`);
      expect(listAt(again, 'ObservationConnection', 'edges')).to.have.length(3);
      expect(await dataOf('{ LocationConnection { count edges { score resource { name } } } }')).to.eql({
        LocationConnection: { count: 1, edges: [{ score: null, resource: { name: 'Ward' } }] },
      });
    });

    it('searches by parameters with dashes, and filters them by FHIRPath', async () => {
      const id = await made(admin, {
        ...observation(`Patient/${ben}`),
        valueCodeableConcept: { coding: [{ code: 'x-y' }] },
      });
      expect(await dataOf('{ ObservationList(value_concept: "x-y") { id } }')).to.eql({ ObservationList: [{ id }] });
      expect(await dataOf(`{ PatientList(fhirpath: "name.count() > 2") { id } }`)).to.eql({
        PatientList: [{ id: anna }],
      });
    });

    it('flat, as R4 shows it', async () => {
      const flat = (query: string): Promise<unknown> => of(`Patient/${anna}`, query);
      expect(await flat('{ identifier @flatten { system value } active name @flatten { text given family } }')).to.eql({
        ...{ system: ['urn:oid:1.2'], value: ['12345'], active: true },
        given: ['Peter', 'James', 'Jim', 'Peter', 'James'],
        family: ['Chalmers', 'Windsor'],
      });
      expect(await flat('{ name @flatten { text given @first family } }')).to.eql({
        given: ['Peter', 'Jim', 'Peter'],
        family: ['Chalmers', 'Windsor'],
      });
      expect(
        await flat(
          '{ identifier @flatten { system @singleton value @singleton } name @flatten @first { text given family @singleton } }',
        ),
      ).to.eql({ system: 'urn:oid:1.2', value: '12345', given: ['Peter', 'James'], family: 'Chalmers' });
      expect(await flat('{ name @flatten @slice(path: "use") { given family @singleton } }')).to.eql({
        ...{ 'given.official': ['Peter', 'James'], 'family.official': 'Chalmers', 'given.usual': ['Jim'] },
        ...{ 'given.maiden': ['Peter', 'James'], 'family.maiden': 'Windsor' },
      });
      expect(await flat('{ name @flatten @slice(path: "$index") { given family @singleton } }')).to.eql({
        ...{ 'given.0': ['Peter', 'James'], 'family.0': 'Chalmers', 'given.1': ['Jim'] },
        ...{ 'given.2': ['Peter', 'James'], 'family.2': 'Windsor' },
      });
      expect(
        await flat(
          '{ generalPractitioner @flatten { resource @flatten { ... on Practitioner { name @flatten { family } } } } }',
        ),
      ).to.eql({ family: ['Who'] });
      expect(await flat('{ name @first { family } telecom(system: phone) @first { value } }')).to.eql({
        ...{ name: { family: 'Chalmers' }, telecom: { value: '1' } },
      });
      expect(await dataOf('{ PatientList(family: "Chal") @first { gender } }')).to.eql({
        PatientList: { gender: 'female' },
      });
      expect(
        await dataOf('{ PatientList @flatten @slice(path: "gender") { name @flatten @first { family @singleton } } }'),
      ).to.eql({ 'family.female': 'Chalmers', 'family.male': 'Smith' });
    });
  });
});
