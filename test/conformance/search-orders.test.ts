import { expect } from 'chai';
import { startTestServer, type TestCaller, type TestServer } from '@heddle/core/testing';
import { ask, at, listAt, refusedWith, textAt, type Json } from './asked.ts';
import { asPath, concept, foundBy, idsIn, observed, putAll, refer, searched, ucum } from './searching.ts';

const mass = (value: number, code: string): Json => ({ valueQuantity: { value, system: ucum, code, unit: code } });

const born = (id: string, rest: Json): Json => ({ resourceType: 'Patient', id, ...rest });

const sorted: readonly Json[] = [
  ...['a', 'z'].map((id) => ({ resourceType: 'Group', id, type: 'person', actual: true })),
  { resourceType: 'Organization', id: 'o-b', name: 'B' },
  { resourceType: 'Organization', id: 'o-a', name: 'A' },
  born('p1', { birthDate: '1980', gender: 'male', name: [{ family: 'Öz', given: ['Zoe'] }, { family: 'Abel' }] }),
  born('p2', {
    birthDate: '1980-05-17',
    gender: 'female',
    name: [{ family: 'baker' }],
    managingOrganization: refer('Organization/o-b'),
  }),
  born('p3', {
    birthDate: '1979-12-31',
    gender: 'male',
    name: [{ family: 'Cohen' }],
    managingOrganization: refer('Organization/o-a'),
  }),
  born('p4', {}),
  observed('s8', { subject: refer('Group/a') }),
  observed('s9', { subject: refer('Group/z') }),
  observed('s1', {
    subject: refer('Patient/p2'),
    ...mass(5, 'mg'),
    effectivePeriod: { start: '2020-01-01', end: '2020-12-31' },
  }),
  observed('s2', { subject: refer('Patient/p1'), ...mass(4, 'g'), effectiveDateTime: '2020-06-01' }),
  observed('s3', { ...mass(0.3, 'kg'), effectivePeriod: { end: '2019-01-01' } }),
  observed('s4', { ...mass(-1, 'g'), effectiveDateTime: '2020-06-01T12:00:00Z' }),
  observed('s5', {}),
  observed('s6', { effectiveDateTime: '1970-01-01T00:00:00Z' }),
  observed('s7', { effectiveDateTime: '1969-12-31' }),
  { resourceType: 'ValueSet', id: 'v1', status: 'active', url: 'http://b.example' },
  { resourceType: 'ValueSet', id: 'v2', status: 'active', url: 'http://a.example' },
  { resourceType: 'ValueSet', id: 'v3', status: 'draft' },
  ...[100, 9, -3, 0.5].map((factorOverride, n) => ({
    ...{ resourceType: 'ChargeItem', id: `c${n}`, status: 'billed', code: concept('x'), subject: refer('Patient/p1') },
    factorOverride,
  })),
];

/** Of several values the least counts upwards and the greatest downwards; those without a value come last both ways. */
const orders: Readonly<Record<string, string>> = {
  'Patient?_sort=birthdate': 'p3 p1 p2 p4',
  'Patient?_sort=-birthdate': 'p1 p2 p3 p4',
  'Patient?_sort=family': 'p1 p2 p3 p4',
  'Patient?_sort=-family': 'p1 p3 p2 p4',
  'Patient?_sort=given': 'p1',
  'Patient?_sort=gender,birthdate': 'p2 p3 p1 p4',
  'Patient?_sort=gender,-birthdate': 'p2 p1 p3 p4',
  'Patient?_sort=-gender,family': 'p1 p3 p2 p4',
  'Patient?_sort=organization': 'p3 p2',
  'Patient?_sort=-organization': 'p2 p3',
  'Patient?_sort=_id': 'p1 p2 p3 p4',
  'Patient?_sort=-_id': 'p4 p3 p2 p1',
  'Patient?_sort=_lastUpdated,_id': 'p1 p2 p3 p4',
  'Observation?_sort=date': 's3 s7 s6 s1 s2 s4 s5',
  'Observation?_sort=value-quantity': 's4 s1 s2 s3',
  'Observation?_sort=-value-quantity': 's3 s2 s1 s4',
  'Observation?_sort=status,-value-quantity': 's3 s2 s1 s4',
  // A group is no patient.
  'Observation?_sort=patient': 's2 s1',
  'Observation?_sort=-patient': 's1 s2',
  'Observation?_sort=subject': 's8 s2 s1 s9',
  'ValueSet?_sort=url': 'v2 v1 v3',
  'ValueSet?_sort=-url': 'v1 v2 v3',
  'ValueSet?_sort=-status,url': 'v3 v2 v1',
  'ChargeItem?_sort=factor-override': 'c2 c3 c1 c0',
  'ChargeItem?_sort=-factor-override': 'c0 c1 c3 c2',
};

describe('a sorted search', () => {
  let server: TestServer;
  let admin: TestCaller;
  before(async () => {
    server = await startTestServer();
    admin = await server.as('admin');
    await putAll(admin, sorted);
  });
  after(() => server.close());

  const inPages = async (written: string, count: number): Promise<string[]> => {
    const ids: string[] = [];
    for (let path = asPath(written).replace('_count=1000', `_count=${count}`); path !== '';) {
      const { body } = await ask(admin, 'GET', path);
      ids.push(...idsIn(body));
      const next = listAt(body, 'link').find((link) => at(link, 'relation') === 'next');
      const url = next ? textAt(next, 'url') : '';
      path = url.slice(url.indexOf('/fhir/') + 6);
      if (url === '') path = '';
    }
    return ids;
  };

  for (const [written, wanted] of Object.entries(orders))
    it(`${written} comes as ${wanted}, in pages too`, async () => {
      const whole = await foundBy(admin, written);
      expect(whole.slice(0, wanted.split(' ').length).join(' ')).to.equal(wanted);
      for (const count of [1, 2, 3]) expect(await inPages(written, count)).to.deep.equal(whole);
    });

  it('by a date downwards has what has none last, also behind what began before 1970', async () => {
    const found = await foundBy(admin, 'Observation?_sort=-date');
    expect(found.filter((id) => !['s3', 's8', 's9'].includes(id)).join(' ')).to.equal('s4 s2 s1 s6 s7 s5');
  });

  it('refuses what has no order', async () => {
    for (const sort of ['code-value-quantity', 'nothing', '-'])
      refusedWith(await searched(admin, `Observation?_sort=${sort}`), 400, 'invalid');
  });
});
