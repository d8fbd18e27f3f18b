import { expect } from 'chai';
import { startTestServer, type TestCaller, type TestServer } from '@heddle/core/testing';
import { ask, at, listAt, refusedWith, textAt, type Json } from './asked.ts';

const ucum = 'http://unitsofmeasure.org';
const quantity = (value: number, code: string): Json => ({ value, unit: code, system: ucum, code });
const coding = (code: string, system = 'http://loinc.org'): Json => ({ coding: [{ system, code }] });

const resources: readonly Json[] = [
  { resourceType: 'Organization', id: 'north', name: 'North', partOf: { reference: 'Organization/whole' } },
  { resourceType: 'Organization', id: 'whole', name: 'Whole' },
  {
    ...{
      resourceType: 'Patient',
      id: 'ann',
      gender: 'female',
      managingOrganization: { reference: 'Organization/north' },
    },
    name: [{ family: 'Abel', given: ['Ann'] }],
    identifier: [{ type: coding('MR', 'http://types'), system: 'http://a', value: '446053' }],
    generalPractitioner: [{ reference: 'Practitioner/house' }],
    text: {
      status: 'generated',
      div: '<div xmlns="http://www.w3.org/1999/xhtml">Bone <b>metastases</b> of the liver</div>',
    },
  },
  { resourceType: 'Patient', id: 'bob', gender: 'male', name: [{ family: 'Cohen' }], birthDate: '1980-01-02' },
  { resourceType: 'Patient', id: 'cid', name: [{ family: 'Baker' }], birthDate: '1990' },
  { resourceType: 'Practitioner', id: 'house', name: [{ family: 'House' }] },
  {
    ...{
      resourceType: 'Observation',
      id: 'mass',
      status: 'final',
      code: coding('m'),
      valueQuantity: quantity(5.4, 'g'),
    },
    ...{ subject: { reference: 'Patient/ann' }, effectiveDateTime: '2024-01-01' },
  },
  {
    ...{
      resourceType: 'Observation',
      id: 'milli',
      status: 'final',
      code: coding('m'),
      valueQuantity: quantity(5.4, 'mg'),
    },
    ...{ subject: { reference: 'Patient/bob' }, effectiveDateTime: '2024-01-03' },
  },
  {
    ...{ resourceType: 'Observation', id: 'words', status: 'amended', code: { ...coding('w'), text: 'Heart rate' } },
    ...{
      subject: { reference: 'Patient/ann' },
      valueQuantity: { value: 100, unit: 'beats' },
      effectiveDateTime: '2024-01-02',
    },
  },
  {
    ...{ resourceType: 'Observation', id: 'pressure', status: 'final', code: coding('bp') },
    component: [
      { code: coding('8480-6'), valueQuantity: quantity(140, 'mm[Hg]') },
      { code: coding('8462-4'), valueQuantity: quantity(90, 'mm[Hg]') },
    ],
  },
  {
    resourceType: 'RiskAssessment',
    id: 'risk',
    status: 'final',
    subject: { reference: 'Patient/ann' },
    prediction: [{ probabilityDecimal: 0.00001 }],
  },
  {
    ...{ resourceType: 'RiskAssessment', id: 'wide', status: 'final', subject: { reference: 'Patient/ann' } },
    prediction: [{ probabilityRange: { low: { value: 0.2 }, high: { value: 0.4 } } }],
  },
  { resourceType: 'ValueSet', id: 'v1', status: 'active', url: 'http://acme.org/fhir/ValueSet/123' },
  { resourceType: 'ValueSet', id: 'v2', status: 'active', url: 'http://acme.org/fhir/ValueSet/123/_history/5' },
  { resourceType: 'Location', id: 'here', position: { latitude: 42.25475478, longitude: -83.6945691 } },
  { resourceType: 'Location', id: 'there', position: { latitude: 40.71, longitude: -74 } },
  {
    resourceType: 'List',
    id: 'mine',
    status: 'current',
    mode: 'working',
    entry: [{ item: { reference: 'Patient/cid' } }],
  },
  {
    ...{ resourceType: 'Encounter', id: 'visit', status: 'finished', class: { code: 'AMB' } },
    subject: { reference: 'Patient/bob', identifier: { system: 'http://a', value: '77' } },
  },
];

/** R4 search.html, kind by kind: what is asked, and the ids that it finds. */
const found: Readonly<Record<string, string>> = {
  [`Observation?value-quantity=5.4|${ucum}|g`]: 'mass',
  [`Observation?value-quantity=5400|${ucum}|mg`]: 'mass',
  [`Observation?value-quantity=5.4|${ucum}|mg`]: 'milli',
  [`Observation?value-quantity=gt5|${ucum}|mg`]: 'mass milli',
  'Observation?value-quantity=5.4': 'mass milli',
  'Observation?value-quantity=5.40': 'mass milli',
  'Observation?value-quantity=5.3': '',
  'Observation?value-quantity=5': 'mass milli',
  'Observation?value-quantity=5.0': '',
  'Observation?value-quantity=5.4||mg': 'milli',
  'Observation?value-quantity=100||beats': 'words',
  'Observation?value-quantity=ap95': 'words',
  'Observation?value-quantity=lt5.4': '',
  'Observation?value-quantity=le5.4': 'mass milli',
  'Observation?value-quantity=ne5.4': 'words',
  'Observation?component-code-value-quantity=http://loinc.org|8480-6$gt100': 'pressure',
  'Observation?component-code-value-quantity=http://loinc.org|8462-4$gt100': '',
  [`Observation?component-code-value-quantity=8462-4$lt100|${ucum}|mm[Hg]`]: 'pressure',
  [`Observation?code-value-quantity=http://loinc.org|m$gt1|${ucum}|g`]: 'mass',
  [`Observation?combo-code-value-quantity=m$gt1|${ucum}|g,8480-6$140`]: 'mass pressure',
  'RiskAssessment?probability=0.00001': 'risk',
  'RiskAssessment?probability=lt0.1': 'risk',
  'RiskAssessment?probability=gt0.3': 'wide',
  'RiskAssessment?probability=sa0.3': '',
  'RiskAssessment?probability=0.3': '',
  'RiskAssessment?probability=ap0.3': 'wide',
  'ValueSet?url=http://acme.org/fhir/ValueSet/123': 'v1',
  'ValueSet?url:below=http://acme.org/fhir/': 'v1 v2',
  'ValueSet?url:above=http://acme.org/fhir/ValueSet/123/_history/5': 'v1 v2',
  'ValueSet?url:below=http://acme.org/fhir/Value': '',
  'Patient?identifier:of-type=http://types|MR|446053': 'ann',
  'Patient?identifier:of-type=http://types|SS|446053': '',
  'Encounter?subject:identifier=http://a|77': 'visit',
  'Observation?code:text=heart': 'words',
  'Patient?_text=bone and liver': 'ann',
  'Patient?_text=(kidney OR liver) and metastases': 'ann',
  'Patient?_content=cohen': 'bob',
  'Patient?_list=mine': 'cid',
  'Location?near=42.256500|-83.694710|11.20|km': 'here',
  'Location?near=42.256500|-83.694710|700|[mi_us]': 'here there',
  'Observation?subject:Patient.family=abel': 'mass words',
  'Observation?subject.organization.name=north': 'mass words',
  'Observation?patient.organization.partof.name=whole': 'mass words',
  'Patient?general-practitioner:Practitioner.family=house': 'ann',
  'Patient?_has:Observation:patient:code=http://loinc.org|w': 'ann',
  'Organization?_has:Patient:organization:_has:Observation:patient:code=w': 'north',
  'Patient?family:missing=false&birthdate:missing=true': 'ann',
  'Patient?_filter=gender eq male or (family sw "A" and not (birthdate pr true))': 'ann bob',
  'Observation?_filter=subject.family eq "Abel" and value-quantity lt 50': 'mass',
};

describe('a search by every kind of parameter', () => {
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

  const get = (path: string) => {
    const [type = '', query = ''] = path.split('?', 2);
    return ask(admin, 'GET', `${type}?${new URLSearchParams(query).toString()}`);
  };
  const ids = (body: unknown, mode = 'match'): string[] =>
    listAt(body, 'entry')
      .filter((entry) => at(entry, 'search', 'mode') === mode)
      .map((entry) => textAt(entry, 'resource', 'id'));

  for (const [path, wanted] of Object.entries(found))
    it(`${path} finds ${wanted === '' ? 'nothing' : wanted}`, async () => {
      const { status, text, body } = await get(path);
      expect(status, text).to.equal(200);
      expect(ids(body).toSorted().join(' ')).to.equal(wanted);
    });

  const refused: Readonly<Record<string, RegExp>> = {
    'Observation?value-quantity=many': /value-quantity needs a number/,
    'Observation?code-value-quantity=m': /2 parts, code\$value-quantity/,
    'Observation?subject.family:sounds=x': /no modifier :sounds/,
    'Observation?code.family=x': /is no reference/,
    'Patient?_has:Observation:code:status=x': /does not refer to a Patient/,
    'Location?near=1|2|3|parsec': /units are/,
    'Patient?_filter=family eq': /a value at its end/,
    'Patient?_filter=nothing eq 1': /no search parameter nothing/,
    'Patient?_sort=nothing': /to sort by/,
    'Patient?_include=Patient:gender': /no reference parameter gender/,
    'Patient?_total=some': /none, estimate, accurate/,
    'Patient?_text=(bone': /does not close/,
  };
  for (const [path, words] of Object.entries(refused))
    it(`${path} is refused and says why`, async () => refusedWith(await get(path), 400, 'invalid', words));

  it('tells nobody by a chain, an include or a list what a search of that type would not', async () => {
    const subject = 'Patient/ann';
    const order = { resourceType: 'MedicationRequest', id: 'order', status: 'active', intent: 'order' };
    const medicationCodeableConcept = { text: 'x' };
    await ask(admin, 'PUT', 'MedicationRequest/order', {
      ...order,
      medicationCodeableConcept,
      subject: { reference: subject },
    });
    const basedOn = [{ reference: 'MedicationRequest/order' }];
    const based = { resourceType: 'Observation', id: 'based', status: 'final', code: coding('b'), basedOn };
    await ask(admin, 'PUT', 'Observation/based', based);
    const labtech = await server.as('labtech');
    const asked = (query: string) => ask(labtech, 'GET', `Observation?${query}`);
    expect(ids((await asked('_id=based&_include=Observation:based-on')).body, 'include')).to.deep.equal([]);
    expect(ids((await get('Observation?_id=based&_include=Observation:based-on')).body, 'include')).to.deep.equal([
      'order',
    ]);
    refusedWith(await asked('based-on:MedicationRequest.status=active'), 403, 'forbidden');
    expect(ids((await asked('based-on.status=active')).body)).to.deep.equal([]);
    expect(ids((await get('Observation?based-on.status=active')).body)).to.deep.equal(['based']);
    const has = await ask(labtech, 'GET', 'Patient?_has:MedicationRequest:subject:status=active');
    refusedWith(has, 403, 'forbidden');
    refusedWith(await asked('_filter=based-on:MedicationRequest.status eq active'), 403, 'forbidden');
    for (const path of ['Observation/based', 'MedicationRequest/order']) await ask(admin, 'DELETE', path);
  });

  describe('of several types', () => {
    const several: Readonly<Record<string, string>> = {
      '?_type=Organization,Practitioner': 'Practitioner/house Organization/north Organization/whole',
      '?_type=Patient,Observation&_id=ann,mass,x': 'Observation/mass Patient/ann',
      '?_type=Organization,Patient&_sort=-_id':
        'Organization/whole Organization/north Patient/cid Patient/bob Patient/ann',
      'Patient/ann/Observation?': 'Observation/mass Observation/words',
      'Patient/ann/Observation?code=m': 'Observation/mass',
      'Patient/ann/*?_type=RiskAssessment': 'RiskAssessment/risk RiskAssessment/wide',
      'Patient/bob/*?': 'Encounter/visit Observation/milli Patient/bob',
    };
    const places = (body: unknown): string[] =>
      listAt(body, 'entry').map((entry) => textAt(entry, 'fullUrl').replace(/.*\/fhir\//, ''));
    for (const [path, wanted] of Object.entries(several))
      it(`${path} finds ${wanted}, in pages too`, async () => {
        const whole = await get(path);
        expect(places(whole.body).toSorted().join(' '), whole.text).to.equal(wanted.split(' ').toSorted().join(' '));
        if (path.includes('_sort')) expect(places(whole.body).join(' ')).to.equal(wanted);
        const seen: string[] = [];
        let { body } = await get(`${path}&_count=1`);
        for (;;) {
          seen.push(...places(body));
          const next = listAt(body, 'link').find((link) => at(link, 'relation') === 'next');
          if (!next) break;
          const url = textAt(next, 'url');
          ({ body } = await ask(admin, 'GET', url.slice(url.indexOf('/fhir') + 5).replace(/^\//, '')));
        }
        expect(seen.join(' ')).to.equal(places(whole.body).join(' '));
      });

    it('is asked by POST too, counts over all of them, and refuses what cannot be meant', async () => {
      const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
      const posted = await ask(admin, 'POST', '_search', '_type=Organization,Practitioner', form);
      expect(places(posted.body)).to.have.length(3);
      const inCompartment = await ask(admin, 'POST', 'Patient/ann/Observation/_search', 'code=m', form);
      expect(places(inCompartment.body)).to.deep.equal(['Observation/mass']);
      expect(at((await get('?_type=Organization,Practitioner&_summary=count')).body, 'total')).to.equal(3);
      refusedWith(await get('?_type=Horse'), 400, 'invalid', /Horse/);
      refusedWith(await get('Organization/north/Observation'), 404, 'not-supported');
      refusedWith(await get('Patient/ann/Organization'), 404, 'not-supported');
      const labtech = await server.as('labtech');
      refusedWith(await ask(labtech, 'GET', '?_type=MedicationRequest'), 403, 'forbidden');
      refusedWith(await ask(labtech, 'GET', 'Patient/ann/MedicationRequest'), 403, 'forbidden');
    });
  });

  describe('in an order', () => {
    const orders: Readonly<Record<string, string>> = {
      'Patient?_sort=family': 'ann cid bob',
      'Patient?_sort=-family': 'bob cid ann',
      'Patient?_sort=birthdate': 'bob cid ann',
      'Patient?_sort=-birthdate': 'cid bob ann',
      'Patient?_sort=gender,-family': 'ann bob cid',
      'Patient?_sort=-_id': 'cid bob ann',
      'Observation?_sort=-date': 'milli words mass pressure',
      'Observation?_sort=date': 'mass words milli pressure',
      'Observation?code=m&_sort=value-quantity': 'milli mass',
      'Observation?code=m&_sort=-value-quantity': 'mass milli',
    };
    for (const [path, wanted] of Object.entries(orders))
      it(`${path} comes as ${wanted}, in pages too`, async () => {
        expect(ids((await get(path)).body).join(' ')).to.equal(wanted);
        const seen: string[] = [];
        for (let next = `${path}&_count=1`; next !== '';) {
          const { body, text } = next.startsWith('http')
            ? await ask(admin, 'GET', next.slice(next.indexOf('/fhir/') + 6))
            : await get(next);
          expect(at(body, 'type'), text).to.equal('searchset');
          seen.push(...ids(body));
          const link = listAt(body, 'link').find((each) => at(each, 'relation') === 'next');
          next = link ? textAt(link, 'url') : '';
        }
        expect(seen.join(' ')).to.equal(wanted);
      });
  });

  describe('with what belongs to it', () => {
    const includes: Readonly<Record<string, readonly [matches: string, included: string]>> = {
      'Observation?_id=mass&_include=Observation:subject': ['mass', 'ann'],
      'Observation?_id=mass&_include=Observation:patient&_include:iterate=Patient:organization': ['mass', 'ann north'],
      'Observation?_id=mass&_include=Observation:patient&_include:iterate=Patient:organization&_include:iterate=Organization:partof':
        ['mass', 'ann north whole'],
      'Observation?_id=mass&_include=*': ['mass', 'ann'],
      'Patient?_id=ann&_revinclude=Observation:patient': ['ann', 'mass words'],
      'Patient?_id=ann&_revinclude=Observation:subject:Group': ['ann', ''],
      'Organization?_id=north&_revinclude=Patient:organization&_revinclude:iterate=Observation:patient': [
        'north',
        'ann mass words',
      ],
    };
    for (const [path, [matches, included]] of Object.entries(includes))
      it(`${path} brings ${included === '' ? 'nothing else' : included}`, async () => {
        const { body, text } = await get(path);
        expect(ids(body).join(' '), text).to.equal(matches);
        expect(ids(body, 'include').toSorted().join(' ')).to.equal(included);
      });

    it('counts when asked to, and answers nothing but the count when that is asked', async () => {
      expect(at((await get('Patient?_count=1&_total=accurate')).body, 'total')).to.equal(3);
      expect(at((await get('Patient?_count=1&_total=none')).body, 'total')).to.equal(undefined);
      const { body } = await get('Patient?gender=male,female&_summary=count');
      expect([at(body, 'total'), at(body, 'entry')]).to.deep.equal([2, undefined]);
    });
  });

  it('says at once that a chain without types branches too far', async () => {
    const chain = `Basic?${'subject.'.repeat(8)}name=x`;
    const from = performance.now();
    refusedWith(await ask(admin, 'GET', chain), 400, 'too-costly', /subject:Patient/);
    refusedWith(
      await ask(admin, 'GET', `Basic?_filter=${'subject.'.repeat(8)}name eq x`),
      400,
      'too-costly',
      /_filter/,
    );
    expect(performance.now() - from).to.be.lessThan(2_000);
  });
});
