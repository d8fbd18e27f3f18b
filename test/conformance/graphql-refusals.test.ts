import { expect } from 'chai';
import { startTestServer, type TestCaller, type TestServer } from '@heddle/core/testing';
import { ask, at, listAt, made, observation, patient, type Json } from './asked.ts';
import { codeOf, tell, tellOf, type Told } from './graphql-asked.ts';

describe('FHIR GraphQL refuses', () => {
  let server: TestServer;
  let admin: TestCaller;
  let anna = '';
  let lab = '';

  const refuses = async (query: string, words: RegExp, code = 'invalid'): Promise<void> => {
    const { status, body, text, errors } = await tell(admin, query);
    expect(status, text).to.equal(400);
    expect(body, text).not.to.have.property('data');
    expect(errors.map(codeOf), text).to.include(code);
    expect(text).to.match(words);
  };
  const faultOf = async (query: string, path: readonly unknown[], code: string, caller = admin): Promise<Told> => {
    const told = await tell(caller, query);
    expect(told.status, told.text).to.equal(200);
    expect(
      told.errors.map((error) => at(error, 'path')),
      told.text,
    ).to.deep.include(path);
    expect(told.errors.map(codeOf), told.text).to.include(code);
    return told;
  };

  before(async () => {
    server = await startTestServer();
    admin = await server.as('admin');
    anna = await made(
      admin,
      patient({
        name: [
          { use: 'official', family: 'A' },
          { use: 'usual', family: 'B' },
        ],
      }),
    );
    const encounter = await made(admin, { resourceType: 'Encounter', status: 'planned', class: { code: 'AMB' } });
    lab = await made(admin, observation(`Patient/${anna}`, { encounter: { reference: `Encounter/${encounter}` } }));
    const entry = Array.from({ length: 400 }, () => ({
      resource: { resourceType: 'Basic', code: { text: 'x'.repeat(3_000) }, author: { reference: `Patient/${anna}` } },
      request: { method: 'POST', url: 'Basic' },
    }));
    expect((await ask(admin, 'POST', '', { resourceType: 'Bundle', type: 'transaction', entry })).status).to.equal(200);
  });
  after(() => server.close());

  describe('with 400 and nothing done', () => {
    const wrong: Readonly<Record<string, readonly [query: string, words: RegExp, code?: string]>> = {
      'bad syntax': ['{ Patient(id: 1', /Syntax Error/],
      'no query': [' ', /there is no query/, 'structure'],
      'an unknown type': ['{ Dog(id: "1") { id } }', /Query has no field Dog/],
      'an unknown field': ['{ PatientList { wings } }', /Patient has no field wings/],
      'an unknown argument': ['{ PatientList(wings: 2) { id } }', /Query.PatientList has no argument wings/],
      'an argument of a primitive': [
        '{ PatientList { birthDate(_count: 1) } }',
        /Patient.birthDate has no argument _count/,
      ],
      'an object without fields': ['{ PatientList { name } }', /must have a selection of subfields/],
      'fields of a primitive': ['{ PatientList { birthDate { x } } }', /must not have a selection/],
      'an unknown directive': ['{ PatientList { id @shout } }', /Unknown directive/],
      'a fragment that never fits': ['{ PatientList { ... on Observation { id } } }', /can never be of type/],
      'an unknown fragment': ['{ PatientList { ...Nobody } }', /Unknown fragment/],
      'a variable that is not declared': ['{ PatientList(name: $who) { id } }', /not defined/],
      'a variable without its value': ['query ($id: ID!) { Patient(id: $id) { id } }', /\$id/],
      'two operations and no name': [
        'query A { PatientList { id } } query B { PatientList { id } }',
        /name one of them/,
      ],
      'a mutation': ['mutation { PatientDelete(id: "1") { id } }', /only reads/, 'not-supported'],
      'a subscription': ['subscription { PatientList { id } }', /only reads/, 'not-supported'],
      'a text too long': [`{ PatientList { id } } # ${'x'.repeat(100_000)}`, /longer than 100000/, 'too-costly'],
      'too many words': [`{ PatientList { ${'id '.repeat(20_000)} } }`, /more than 10000 words/, 'too-costly'],
      'brackets without end': [`{ a ${'['.repeat(50_000)}`, /nests more than 100 brackets/, 'too-costly'],
      depth: [`{ BundleList { ${'contained { '.repeat(40)} id ${'}'.repeat(40)} } }`, /30 are the most/, 'too-costly'],
      'too many aliases': [
        `{ ${Array.from({ length: 600 }, (_, n) => `a${n}: PatientList { id }`).join(' ')} }`,
        /asks for 1200 fields/,
        'too-costly',
      ],
      'a fragment that holds itself': [
        '{ PatientList { ...A } } fragment A on Patient { id ...B } fragment B on Patient { ...A }',
        /comes back to itself/,
        'too-costly',
      ],
      'fragments that double': [
        `{ PatientList { ...F0 } } ${Array.from({ length: 40 }, (_, n) => `fragment F${n} on Patient { ...F${n + 1} ... on Patient { ...F${n + 1} } }`).join(' ')} fragment F40 on Patient { id }`,
        /fields, fragments and aliases counted/,
        'too-costly',
      ],
      'more than 1,000 resources': [
        '{ a: BasicList { id } b: BasicList(_count: 900) { id } c: BasicList(_count: 901) { id } }',
        /more than 1000 resources/,
        'too-costly',
      ],
      'an answer without end': [
        `{ BasicList { ${Array.from({ length: 30 }, (_, n) => `a${n}: code { text }`).join(' ')} } }`,
        /longer than 20000000 characters/,
        'too-costly',
      ],
    };
    for (const [what, [query, words, code]] of Object.entries(wrong)) it(what, () => refuses(query, words, code));

    it('and says where', async () => {
      const { errors } = await tell(admin, '{\n  PatientList { wings }\n}');
      expect(at(errors, 0, 'locations')).to.eql([{ line: 2, column: 17 }]);
    });

    it('bodies that are no GraphQL request, in the form of GraphQL', async () => {
      for (const [body, type, status] of [
        ['{', 'application/json', 400],
        ['{"query": 1}', 'application/json', 400],
        ['[]', 'application/json', 400],
        ['<a/>', 'text/xml', 415],
        ['{"query": "{ PatientList { id } }", "variables": 3}', 'application/json', 400],
      ] as const) {
        const answer = await admin.send('POST', '/fhir/$graphql', body, { 'Content-Type': type });
        const read = (await answer.json()) as Json;
        expect(answer.status, body).to.equal(status);
        expect(at(read, 'errors', 0, 'extensions', 'resource', 'resourceType'), body).to.equal('OperationOutcome');
      }
    });

    it('variables that do not fit', async () => {
      const query = 'query ($count: Int) { PatientList(_count: $count) { id } }';
      for (const variables of [{ count: 'x' }, { count: { a: 1 } }]) {
        const body = JSON.stringify({ query, variables });
        const answer = await admin.send('POST', '/fhir/$graphql', body, { 'Content-Type': 'application/json' });
        expect(answer.status).to.equal(400);
        expect(await answer.text()).to.match(/\$count/);
      }
      const { status, text } = await tell(admin, '{ PatientList { id } }', { long: 'x'.repeat(100_000) });
      expect(status).to.equal(400);
      expect(text).to.match(/variables are longer than 100000/);
    });
  });

  describe('at the place, and answers the rest', () => {
    it('what is not there, or no longer', async () => {
      const gone = await made(admin, patient());
      await ask(admin, 'DELETE', `Patient/${gone}`);
      const { body } = await faultOf(
        `{ a: Patient(id: "nobody") { id } b: Patient(id: "${gone}") { id } c: Patient(id: "${anna}") { id } }`,
        ['a'],
        'not-found',
      );
      expect(body.data).to.eql({ a: null, b: null, c: { id: anna } });
      expect(listAt(body, 'errors').map(codeOf)).to.eql(['not-found', 'deleted']);
    });

    it('two meanings of one name', async () => {
      const query = `{ Patient(id: "${anna}") { name(use: official) { family } name(use: usual) { family } } }`;
      await faultOf(query, ['Patient', 'name'], 'invalid');
    });

    it('what search and FHIRPath refuse', async () => {
      await faultOf('{ PatientList(birthdate: "soon") { id } }', ['PatientList'], 'invalid');
      await faultOf('{ PatientList(_count: "many") { id } }', ['PatientList'], 'invalid');
      await faultOf(`{ Patient(id: "${anna}") { name(fhirpath: "((") { use } } }`, ['Patient', 'name'], 'invalid');
      await faultOf('{ PatientConnection(_cursor: "mine") { next } }', ['PatientConnection'], 'invalid');
      await faultOf(
        `{ Patient(id: "${anna}") { AccountList(_reference: owner) { id } } }`,
        ['Patient', 'AccountList'],
        'invalid',
      );
      const costly = 'repeat($this | $this).select(1 | 2 | 3).aggregate($total + $this, 0) = 1';
      const { errors } = await tell(admin, `{ Patient(id: "${anna}") { name(fhirpath: "${costly}") { use } } }`);
      expect(errors.length).to.be.lessThan(2);
    });

    it('a condition that is no truth', async () => {
      const { body } = await faultOf('{ PatientList { id @skip(if: "maybe") } }', ['PatientList'], 'invalid');
      expect(body.data).to.eql({ PatientList: null });
    });

    it('aliases in the schema, and more than a few parts of it', async () => {
      await faultOf('{ __schema { a: types { name } b: types { name } } }', ['__schema'], 'invalid');
      await faultOf('{ __schema { types { fields { type { fields { name } } } } } }', ['__schema'], 'invalid');
      await faultOf(
        '{ __type(name: "Patient") { ...A } } fragment A on __Type { possibleTypes { ...B } } fragment B on __Type { fields { name } }',
        ['__type'],
        'invalid',
      );
      const parts = Array.from({ length: 6 }, (_, place) => `a${place}: __type(name: "Patient") { name }`).join(' ');
      const { body } = await faultOf(`{ ${parts} }`, ['a5'], 'too-costly');
      expect(at(body, 'data', 'a4')).to.eql({ name: 'Patient' });
    });

    it('a single value that is several', async () => {
      await faultOf(
        `{ Patient(id: "${anna}") { name @flatten { family @singleton } } }`,
        ['Patient', 'name', 1, 'family'],
        'invalid',
      );
      await faultOf(
        `{ Patient(id: "${anna}") { name @flatten { a: use } meta @flatten { a: lastUpdated } } }`,
        ['Patient', 'meta', 'a'],
        'invalid',
      );
    });
  });

  describe('what a read refuses', () => {
    it('types that the role may not see, and answers the rest', async () => {
      const labtech = await server.as('labtech');
      const query = (more: string): string =>
        `{ Observation(id: "${lab}") { status encounter { resource${more} { id } } } EncounterList { id } }`;
      const { body } = await faultOf(query(''), ['Observation', 'encounter', 'resource'], 'forbidden', labtech);
      expect(body.data).to.eql({
        Observation: { status: 'final', encounter: { resource: null } },
        EncounterList: null,
      });
      expect(listAt(body, 'errors').map(codeOf)).to.eql(['forbidden', 'forbidden']);
      const optional = await tell(labtech, query('(optional: true)'));
      expect(optional.errors.map((error) => at(error, 'path'))).to.eql([['EncounterList']]);
      expect((await tell(admin, query(''))).errors).to.eql([]);
    });

    it('an instance by the right to read it', async () => {
      const radiographer = await server.as('radiographer');
      expect((await tellOf(radiographer, `Patient/${anna}`, '{ id }')).body).to.eql({ data: { id: anna } });
      const denied = await tellOf(radiographer, `Observation/${lab}`, '{ id }');
      expect(denied.status).to.equal(403);
      expect(denied.errors.map(codeOf)).to.eql(['forbidden']);
      const nobody = await tellOf(admin, 'Patient/nobody', '{ id }');
      expect(nobody.status).to.equal(404);
      expect(nobody.errors.map(codeOf)).to.eql(['not-found']);
    });

    it('whoever may not, or has no token', async () => {
      const self = await server.as('patient');
      expect((await tell(self, '{ PersonList { id } }')).errors.map(codeOf)).to.eql(['forbidden']);
      expect((await tell(self, '{ PatientList { id } }')).body).to.eql({ data: { PatientList: [] } });
      const answer = await fetch(`${server.url}/fhir/$graphql?query={PatientList{id}}`);
      expect(answer.status).to.equal(401);
      expect(codeOf(at(await answer.json(), 'errors', 0))).to.equal('login');
    });

    it("another tenant's resources, as if they were not there", async () => {
      const other = await server.as('otherhospital-admin');
      const query = (id: string): string => `{ Patient(id: "${id}") { id } PatientList { id } }`;
      const [theirs, none] = [await tell(other, query(anna)), await tell(other, query('x'.repeat(anna.length)))];
      expect(theirs.body.data).to.eql({ Patient: null, PatientList: [] });
      expect(theirs.text.replaceAll(anna, 'x'.repeat(anna.length))).to.equal(none.text);
    });

    it('references that lead nowhere, unless they may', async () => {
      const id = await made(admin, {
        ...{ resourceType: 'Provenance', recorded: '2024-01-01T00:00:00Z', target: [{ display: 'what?' }] },
        agent: [{ who: { reference: 'http://elsewhere.example/fhir/Patient/1' } }],
      });
      const query = (more: string): string =>
        `{ Provenance(id: "${id}") { target { resource${more} { id } } agent { who { resource${more} { id } } } } }`;
      await faultOf(query(''), ['Provenance', 'agent', 0, 'who', 'resource'], 'invalid');
      const { errors, body } = await tell(admin, query('(optional: true)'));
      expect(errors).to.eql([]);
      expect(body.data).to.eql({ Provenance: { target: [{ resource: null }], agent: [{ who: { resource: null } }] } });
    });
  });

  it('to read the same resource twice for one query', async () => {
    const reads = async (): Promise<number> => {
      const { values } = await server.serving.metrics.interactions.get();
      const counts = values.filter(
        ({ metricName, labels }) => metricName?.endsWith('_count') && labels.verb === 'read',
      );
      return counts.reduce((sum, { value }) => sum + value, 0);
    };
    const before = await reads();
    const { body } = await tell(admin, '{ BasicList { author { resource { ... on Patient { name { family } } } } } }');
    expect(listAt(body, 'data', 'BasicList')).to.have.length(400);
    expect(at(body, 'data', 'BasicList', 399, 'author', 'resource', 'name', 0, 'family')).to.equal('A');
    expect((await reads()) - before).to.equal(1);
  });
});
