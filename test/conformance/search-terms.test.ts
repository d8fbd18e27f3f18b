import { expect } from 'chai';
import { startTestServer, type TestCaller, type TestServer } from '@heddle/core/testing';
import { ask, at, listAt, refusedWith, textAt, type Json } from './asked.ts';

const system = 'http://x.example/animals';
const own = (code: string, system_ = system): Json => ({ coding: [{ system: system_, code }] });
const valueSet = (id: string, rest: Json): Json => ({
  ...{ resourceType: 'ValueSet', id, status: 'active', url: `http://x.example/ValueSet/${id}` },
  ...rest,
});

const resources: readonly Json[] = [
  {
    ...{ resourceType: 'CodeSystem', id: 'animals', url: system, status: 'active', content: 'complete' },
    concept: [
      { code: 'animal', concept: [{ code: 'dog', concept: [{ code: 'poodle' }] }, { code: 'cat' }] },
      { code: 'robot-dog', property: [{ code: 'parent', valueCode: 'dog' }] },
      { code: 'stone' },
    ],
    property: [{ code: 'parent', type: 'code' }],
  },
  valueSet('listed', { compose: { include: [{ system, concept: [{ code: 'cat' }, { code: 'stone' }] }] } }),
  valueSet('dogs', { compose: { include: [{ system, filter: [{ property: 'concept', op: 'is-a', value: 'dog' }] }] } }),
  valueSet('whole', { compose: { include: [{ system }], exclude: [{ system, concept: [{ code: 'stone' }] }] } }),
  valueSet('both', {
    compose: { include: [{ valueSet: ['http://x.example/ValueSet/whole', 'http://x.example/ValueSet/listed'] }] },
  }),
  valueSet('expanded', {
    expansion: {
      timestamp: '2024-01-01',
      contains: [{ system, code: 'animal', abstract: true, contains: [{ system, code: 'poodle' }] }],
    },
  }),
  valueSet('circle', { compose: { include: [{ valueSet: ['http://x.example/ValueSet/circle'] }] } }),
  valueSet('strange', {
    compose: { include: [{ system, filter: [{ property: 'name', op: 'regex', value: '(a+)+$' }] }] },
  }),
  ...['animal', 'dog', 'poodle', 'cat', 'robot-dog', 'stone'].map((code) => ({
    ...{ resourceType: 'Basic', id: code, code: own(code) },
  })),
  { resourceType: 'Basic', id: 'other', code: own('dog', 'http://other.example') },
  // Without its system nobody knows which animal it is.
  { resourceType: 'Basic', id: 'bare', code: { coding: [{ code: 'cat' }] } },
];

const found: Readonly<Record<string, string>> = {
  'code:in=http://x.example/ValueSet/listed': 'cat stone',
  'code:in=ValueSet/listed': 'cat stone',
  'code:in=http://x.example/ValueSet/dogs': 'dog poodle robot-dog',
  'code:in=http://x.example/ValueSet/whole': 'animal cat dog poodle robot-dog',
  'code:in=http://x.example/ValueSet/both': 'cat',
  'code:in=http://x.example/ValueSet/expanded': 'poodle',
  'code:in=http://x.example/ValueSet/expanded,http://x.example/ValueSet/listed': 'cat poodle stone',
  'code:not-in=http://x.example/ValueSet/whole': 'bare other stone',
  [`code:below=${system}|dog`]: 'dog poodle robot-dog',
  [`code:above=${system}|poodle`]: 'animal dog poodle',
  [`code:below=${system}|stone`]: 'stone',
};

describe('a search by value sets and hierarchies', () => {
  let server: TestServer;
  let admin: TestCaller;
  before(async () => {
    server = await startTestServer();
    admin = await server.as('admin');
    for (const resource of resources) await put(resource);
    await put({ resourceType: 'Patient', id: 'p', gender: 'male' });
  });
  after(() => server.close());

  const put = async (resource: Json): Promise<void> => {
    const path = `${String(resource['resourceType'])}/${String(resource['id'])}`;
    const { status, text } = await ask(admin, 'PUT', path, resource);
    expect(status, text).to.equal(201);
  };

  const get = (type: string, query: string) => ask(admin, 'GET', `${type}?${new URLSearchParams(query).toString()}`);
  const ids = (body: unknown): string =>
    listAt(body, 'entry')
      .filter((entry) => at(entry, 'search', 'mode') === 'match')
      .map((entry) => textAt(entry, 'resource', 'id'))
      .toSorted()
      .join(' ');

  for (const [query, wanted] of Object.entries(found))
    it(`${query} finds ${wanted}`, async () => {
      const { status, body, text } = await get('Basic', query);
      expect(status, text).to.equal(200);
      expect(ids(body)).to.equal(wanted);
    });

  it('knows R4’s own value sets, and says which it does not know or cannot use', async () => {
    expect(ids((await get('Patient', 'gender:in=http://hl7.org/fhir/ValueSet/administrative-gender')).body)).to.equal(
      'p',
    );
    expect(
      ids((await get('Patient', 'gender:not-in=http://hl7.org/fhir/ValueSet/administrative-gender')).body),
    ).to.equal('');
    const gender = 'http://hl7.org/fhir/administrative-gender';
    expect(ids((await get('Patient', `gender:below=${gender}|male`)).body)).to.equal('p');
    expect(ids((await get('Patient', `gender:above=${gender}|female`)).body)).to.equal('');
    for (const [name, words] of [
      ['http://x.example/none', /no value set/],
      ['http://x.example/ValueSet/circle', /takes in itself/],
      ['http://x.example/ValueSet/strange', /filters by name regex/],
    ] as const)
      refusedWith(await get('Basic', `code:in=${name}`), 400, 'invalid', words);
  });

  it('knows what is above and below in R4’s own code systems', async () => {
    const clinical = 'http://terminology.hl7.org/CodeSystem/condition-clinical';
    for (const code of ['active', 'relapse', 'inactive'])
      await put({
        ...{ resourceType: 'Condition', id: code, subject: { reference: 'Patient/p' } },
        clinicalStatus: { coding: [{ system: clinical, code }] },
      });
    for (const status of ['partial', 'preliminary', 'final'])
      await put({ resourceType: 'DiagnosticReport', id: status, status, code: { text: 'x' } });
    const report = 'http://hl7.org/fhir/diagnostic-report-status';
    const wanted = {
      [`Condition?clinical-status:below=${clinical}|active`]: 'active relapse',
      [`Condition?clinical-status:above=${clinical}|relapse`]: 'active relapse',
      [`Condition?clinical-status:below=${clinical}|inactive`]: 'inactive',
      [`DiagnosticReport?status:below=${report}|partial`]: 'partial preliminary',
      [`DiagnosticReport?status:above=${report}|preliminary`]: 'partial preliminary',
    };
    for (const [question, names] of Object.entries(wanted)) {
      const [type = '', query = ''] = question.split('?');
      expect(ids((await get(type, query)).body), question).to.equal(names);
    }
  });

  it('sees no definition of another tenant', async () => {
    const other = await server.as('otherhospital-admin');
    refusedWith(await ask(other, 'GET', 'Basic?code:in=ValueSet/listed'), 400, 'invalid', /no value set/);
  });
});
