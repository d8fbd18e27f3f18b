import { expect } from 'chai';
import { startTestServer, type TestCaller, type TestServer } from '@heddle/core/testing';
import { parseQuery } from '../../core/src/fhir/search/parse/parse.ts';
import { satisfiesAll, type World } from '../../core/src/store/search/evaluate.ts';
import { subjectIn } from '../../core/src/store/search/subject.ts';
import type { Resource } from '../../core/src/fhir/body.ts';
import { ask, at, listAt, refusedWith, textAt, type Json } from './asked.ts';

const coding = (code: string, system = 'http://med'): Json => ({ coding: [{ system, code }] });

const medication = (id: string, code: string, rest: Json = {}): Json => ({
  ...{ resourceType: 'Medication', id, status: 'active', code: coding(code) },
  ...rest,
});

const request = (id: string, contained: readonly Json[], rest: Json = {}): Json => ({
  ...{
    resourceType: 'MedicationRequest',
    id,
    status: 'active',
    intent: 'order',
    subject: { reference: 'Patient/ann' },
  },
  medicationReference: { reference: `#${String(contained[0]?.['id'])}` },
  contained,
  ...rest,
});

const maker: Json = { resourceType: 'Organization', id: 'org', name: 'Inner Works' };
const inner = { itemCodeableConcept: coding('salt'), isActive: true };

const resources: readonly Json[] = [
  { resourceType: 'Organization', id: 'works', name: 'Outer Works' },
  { resourceType: 'Patient', id: 'ann', name: [{ family: 'Abel' }], birthDate: '1980-05-17' },
  medication('plain', 'aspirin'),
  request('r1', [medication('m1', 'aspirin', { ingredient: [inner] })]),
  request('r2', [medication('m1', 'iron', { manufacturer: { reference: '#org' } }), maker]),
  request('r3', [medication('m1', 'iron', { manufacturer: { reference: 'Organization/works' } })]),
  request('r4', [medication('a', 'iron'), medication('b', 'aspirin', { status: 'inactive' })], {
    medicationReference: { reference: '#a' },
    supportingInformation: [{ reference: '#b' }],
  }),
  {
    ...{ resourceType: 'Observation', id: 'o1', status: 'final', code: coding('bp') },
    contained: [
      {
        resourceType: 'Patient',
        id: 'p',
        name: [{ family: 'Held' }],
        birthDate: '1950-02',
        text: narrative('Quiet one'),
      },
      {
        ...{ resourceType: 'Observation', id: 'deep', status: 'amended', code: coding('pulse') },
        component: [
          { code: coding('x'), valueQuantity: { value: 1 } },
          { code: coding('y'), valueQuantity: { value: 2 } },
        ],
        subject: { reference: '#p' },
      },
    ],
    ...{ subject: { reference: '#p' }, hasMember: [{ reference: '#deep' }] },
  },
  {
    resourceType: 'Observation',
    id: 'o2',
    status: 'amended',
    code: coding('pulse'),
    subject: { reference: 'Patient/ann' },
  },
];

function narrative(text: string): Json {
  return { status: 'generated', div: `<div xmlns="http://www.w3.org/1999/xhtml">${text}</div>` };
}

const held = 'Medication?_contained=true';

/** R4 search.html#contained: what is asked, and who contains it. */
const containers: Readonly<Record<string, string>> = {
  [held]: 'r1 r2 r3 r4',
  'Medication?code=aspirin': 'plain',
  'Medication?code=aspirin&_contained=false': 'plain',
  [`${held}&code=aspirin`]: 'r1 r4',
  [`${held}&code=http://med|aspirin,http://med|iron`]: 'r1 r2 r3 r4',
  [`${held}&code=aspirin&status=active`]: 'r1',
  [`${held}&code=aspirin&status:not=active`]: 'r4',
  [`${held}&code:not=iron`]: 'r1 r4',
  [`${held}&_id=b`]: 'r4',
  [`${held}&_id=m1,a`]: 'r1 r2 r3 r4',
  [`${held}&_id:missing=true`]: '',
  [`${held}&_id:not=m1`]: 'r4',
  [`${held}&code:missing=true`]: '',
  [`${held}&ingredient-code=salt`]: 'r1',
  [`${held}&ingredient-code:missing=false`]: 'r1',
  [`${held}&manufacturer:missing=true`]: 'r1 r4',
  [`${held}&manufacturer=works`]: 'r3',
  [`${held}&manufacturer=Organization/works`]: 'r3',
  [`${held}&manufacturer.name=outer`]: 'r3',
  [`${held}&manufacturer.name=inner`]: 'r2',
  [`${held}&manufacturer:Organization.name=works`]: '',
  [`${held}&manufacturer.name:contains=works`]: 'r2 r3',
  [`${held}&_has:MedicationRequest:medication:status=active`]: 'r1 r2 r3 r4',
  [`${held}&_has:MedicationRequest:medication:status=active&code=aspirin`]: 'r1',
  [`${held}&_content=salt`]: 'r1',
  [`${held}&_filter=code eq aspirin and not (status eq active)`]: 'r4',
  [`${held}&_lastUpdated=gt2020`]: 'r1 r2 r3 r4',
  'Medication?_contained=both&code=aspirin': 'plain r1 r4',
  'Medication?_contained=both&code=aspirin&_sort=-_id': 'r4 r1 plain',
  'Organization?_contained=true&name=inner': 'r2',
  'Organization?_contained=true&_has:Medication:manufacturer:code=iron': 'r2',
  'Patient?_contained=true&family=held': 'o1',
  'Patient?_contained=true&birthdate=1950': 'o1',
  'Patient?_contained=true&birthdate=lt1950-03': 'o1',
  'Patient?_contained=true&birthdate=ne1950': '',
  'Patient?_contained=true&birthdate=1950-02-01': '',
  'Patient?_contained=true&_text=quiet': 'o1',
  'Patient?_contained=both': 'ann o1',
  'Patient?_contained=true&_has:Observation:subject:status=amended': 'o1',
  'Observation?_contained=true&code=pulse': 'o1',
  'Observation?_contained=both&code=pulse': 'o1 o2',
  'Observation?_contained=true&subject.family=held': 'o1',
  'Observation?_contained=true&component-code-value-quantity=x$1': 'o1',
  'Observation?_contained=true&component-code-value-quantity=x$2': '',
  'Observation?_contained=true&code:text=nothing': '',
};

/** The same section: a chained condition is evaluated inside contained resources, whoever asks. */
const chains: Readonly<Record<string, string>> = {
  'MedicationRequest?medication.code=aspirin': 'r1',
  'MedicationRequest?medication:Medication.ingredient-code=salt': 'r1',
  'MedicationRequest?medication.manufacturer.name=inner': 'r2',
  'MedicationRequest?medication.manufacturer.name=outer': 'r3',
  'MedicationRequest?medication.status:not=inactive': 'r1 r2 r3 r4',
  'MedicationRequest?medication:missing=true': '',
  'Observation?patient:missing=true': '',
  'Observation?patient:missing=false': 'o1 o2',
  'MedicationRequest?subject.family=abel': 'r1 r2 r3 r4',
  'Observation?subject.family=held': 'o1',
  'Observation?patient.birthdate=lt1960': 'o1',
  'Observation?subject.family=held,abel': 'o1 o2',
  'Observation?has-member.subject.family=held': 'o1',
};

describe('a search for what is contained', () => {
  let server: TestServer;
  let admin: TestCaller;
  before(async () => {
    server = await startTestServer();
    admin = await server.as('admin');
    const entry = resources.map((resource) => ({
      resource,
      request: { method: 'PUT', url: `${String(resource['resourceType'])}/${String(resource['id'])}` },
    }));
    const { status, text } = await ask(admin, 'POST', '', { resourceType: 'Bundle', type: 'transaction', entry });
    expect(status, text).to.equal(200);
  });
  after(() => server.close());

  const get = (path: string, caller = admin) => {
    const [type = '', query = ''] = path.split('?', 2);
    return ask(caller, 'GET', `${type}?${new URLSearchParams(query).toString()}`);
  };
  const ids = (body: unknown): string[] => listAt(body, 'entry').map((entry) => textAt(entry, 'resource', 'id'));
  const places = (body: unknown): string[] =>
    listAt(body, 'entry').map((entry) => textAt(entry, 'fullUrl').replace(/.*\/fhir\//, ''));
  const follow = async (path: string, read: (body: unknown) => string[]): Promise<string[]> => {
    const seen: string[] = [];
    let { body } = await get(path);
    const most = Number(/_count=(\d+)/.exec(path)?.[1]);
    for (;;) {
      // R4 search.html#count: never more than was asked for.
      expect(read(body).length, path).to.be.at.most(most);
      seen.push(...read(body));
      const next = listAt(body, 'link').find((link) => at(link, 'relation') === 'next');
      if (!next) return seen;
      ({ body } = await ask(admin, 'GET', textAt(next, 'url').replace(/.*\/fhir\//, '')));
    }
  };

  const all = { ...containers, ...chains };
  for (const [path, wanted] of Object.entries(all))
    it(`${path} finds ${wanted === '' ? 'nothing' : wanted}, in pages too`, async () => {
      const { status, text, body } = await get(path);
      expect(status, text).to.equal(200);
      const sorted = path.includes('_sort');
      expect((sorted ? ids(body) : ids(body).toSorted()).join(' ')).to.equal(wanted);
      const paged = await follow(`${path}&_count=1`, ids);
      expect((sorted ? paged : paged.toSorted()).join(' ')).to.equal(wanted);
      const counted = await get(`${path}&_count=1&_total=accurate`);
      expect(at(counted.body, 'total'), counted.text).to.equal(wanted === '' ? 0 : wanted.split(' ').length);
    });

  it('answers what is contained with all its digits', async () => {
    const amount = { numerator: { value: 424242 }, denominator: { value: 2 } };
    const body = JSON.stringify(request('digits', [medication('m', 'zinc', { amount })])).replace('424242', '1.500');
    expect((await admin.send('PUT', '/fhir/MedicationRequest/digits', body)).status).to.equal(201);
    expect((await get(`${held}&code=zinc&_containedType=contained`)).text).to.contain('"value":1.500');
    await ask(admin, 'DELETE', 'MedicationRequest/digits');
  });

  it('answers what is contained by itself, where that is asked', async () => {
    const asked = `${held}&code=aspirin&_containedType=contained`;
    const { body, text } = await get(asked);
    expect(places(body).toSorted(), text).to.deep.equal(['MedicationRequest/r1#m1', 'MedicationRequest/r4#b']);
    expect(listAt(body, 'entry').map((entry) => at(entry, 'search', 'mode'))).to.deep.equal(['match', 'match']);
    expect((await follow(`${asked}&_count=1`, places)).toSorted()).to.deep.equal(places(body).toSorted());
    expect(at((await get(`${asked}&_summary=count`)).body, 'total')).to.equal(2);
    const both = `Medication?_contained=both&_containedType=contained`;
    const wanted = [
      'Medication/plain',
      ...['r1#m1', 'r2#m1', 'r3#m1', 'r4#a', 'r4#b'].map((id) => `MedicationRequest/${id}`),
    ];
    expect(places((await get(both)).body).toSorted()).to.deep.equal(wanted);
    for (const count of [1, 2, 4])
      expect((await follow(`${both}&_count=${count}`, places)).toSorted()).to.deep.equal(wanted);
    for (const count of [1, 2])
      expect(await follow(`${both}&_sort=-_id&_count=${count}`, places)).to.deep.equal(
        places((await get(`${both}&_sort=-_id`)).body),
      );
    expect(at((await get(`${both}&_count=1&_total=accurate`)).body, 'total')).to.equal(6);
  });

  it('includes what the containers refer to', async () => {
    const { body, text } = await get(`${held}&code=salt,aspirin&status=active&_include=MedicationRequest:subject`);
    expect(ids(body), text).to.deep.equal(['r1', 'ann']);
  });

  it('tells nobody of a container that he may not read, and nothing of other tenants', async () => {
    const labtech = await server.as('labtech');
    expect(ids((await get('Patient?_contained=true', labtech)).body)).to.deep.equal(['o1']);
    const order = request('secret', [{ resourceType: 'Patient', id: 'p', name: [{ family: 'Secret' }] }], {
      ...{ subject: { reference: '#p' }, medicationReference: undefined, medicationCodeableConcept: coding('x') },
    });
    expect((await ask(admin, 'PUT', 'MedicationRequest/secret', order)).status).to.equal(201);
    const asked = 'Patient?_contained=both&family=secret';
    for (const shown of [asked, `${asked}&_containedType=contained`]) {
      expect(ids((await get(shown)).body)).to.have.length(1);
      expect(ids((await get(shown, labtech)).body)).to.deep.equal([]);
      expect(ids((await get(shown, await server.as('otherhospital-admin'))).body)).to.deep.equal([]);
    }
    refusedWith(await get(held, labtech), 403, 'forbidden');
    await ask(admin, 'DELETE', 'MedicationRequest/secret');
    expect(ids((await get(asked)).body)).to.deep.equal([]);
  });

  it('follows an update at once', async () => {
    const put = (code: string) =>
      ask(admin, 'PUT', 'MedicationRequest/turns', request('turns', [medication('m', code)]));
    await put('zinc');
    expect(ids((await get(`${held}&code=zinc`)).body)).to.deep.equal(['turns']);
    await put('lead');
    expect(ids((await get(`${held}&code=zinc`)).body)).to.deep.equal([]);
    expect(ids((await get(`${held}&code=lead`)).body)).to.deep.equal(['turns']);
    await ask(admin, 'DELETE', 'MedicationRequest/turns');
  });

  it('is decided in memory as by the database', async () => {
    const { store, publicUrl, now } = server.serving.kernel;
    const subjects = resources.map((resource) => {
      const [type, id] = [String(resource['resourceType']), String(resource['id'])];
      const parsed = JSON.parse(JSON.stringify(resource)) as Resource;
      return subjectIn(store.base, { type, id, updated: now() }, parsed);
    });
    const world: World = {
      now: now(),
      resolve: async (type, id) => subjects.find((each) => each.type === type && each.id === id),
      named: async () => [],
      referring: async () => [],
    };
    for (const [path, wanted] of Object.entries(all)) {
      const [type = '', query = ''] = path.split('?', 2);
      const asked = new URLSearchParams(query);
      const contained = asked.get('_contained') ?? 'false';
      const narrowing = [...asked].filter(([name]) => name !== '_contained' && name !== '_sort');
      const parsed = parseQuery(type, narrowing, {
        parametersOf: (each) => store.base.parameters(each).all,
        base: `${publicUrl}/fhir`,
      });
      const whole = { kind: 'all', clauses: parsed.query.clauses } as const;
      const found: string[] = [];
      for (const subject of subjects) {
        const plain = contained !== 'true' && subject.type === type ? [whole] : [];
        const within = contained === 'false' ? [] : [{ kind: 'contained', arms: [{ type, clause: whole }] } as const];
        const conditions = store.base.conditions({
          type: subject.type === type ? type : subject.type,
          clauses: [{ kind: 'any', clauses: [...plain, ...within] }],
        });
        if (await satisfiesAll(conditions, subject, world)) found.push(subject.id);
      }
      expect(found.toSorted().join(' '), path).to.equal(wanted.split(' ').toSorted().join(' '));
    }
  });

  const refused: Readonly<Record<string, RegExp>> = {
    'Medication?_contained=yes': /false, true, both/,
    'Medication?_contained=true&_contained=both': /more than once/,
    'Medication?_contained=true&_containedType=outer': /container, contained/,
    'Medication?_containedType=container': /_contained=true/,
    'Medication?_contained=true&_sort=code': /_sort=code/,
    'Medication?_contained=true&_containedType=contained&_include=Medication:manufacturer': /containers/,
    '?_type=Medication,Patient&_contained=true': /one type/,
    'Patient/ann/Observation?_contained=true': /one type/,
  };
  for (const [path, words] of Object.entries(refused))
    it(`${path} is refused and says why`, async () => refusedWith(await get(path), 400, 'invalid', words));

  it('takes no criteria that ask for what is contained', async () => {
    const made = await ask(admin, 'PUT', 'Medication?code=aspirin&_contained=true', medication('x', 'y'));
    refusedWith(made, 400, 'invalid', /criteria/);
  });
});
