import { expect } from 'chai';
import { startTestServer, type TestCaller, type TestServer } from '@heddle/core/testing';
import { ask, at, listAt, made, observation, patient, textAt, type Json } from './asked.ts';

describe('a search by what exists so far', () => {
  let server: TestServer;
  let admin: TestCaller;
  const names = new Map<string, string>();
  const told = (body: unknown): string =>
    listAt(body, 'entry')
      .filter((entry) => at(entry, 'search', 'mode') === 'match')
      .map((entry) => names.get(textAt(entry, 'resource', 'id')) ?? '?')
      .toSorted()
      .join(' ');
  const search = async (query: string): Promise<string> => {
    const answer = await ask(admin, 'GET', query);
    expect(answer.status, answer.text).to.equal(200);
    return told(answer.body);
  };
  const make = async (name: string, resource: Json): Promise<string> => {
    const id = await made(admin, resource);
    names.set(id, name);
    return id;
  };

  before(async () => {
    server = await startTestServer();
    admin = await server.as('admin');
    const anna = await make(
      'anna',
      patient({
        ...{ name: [{ family: 'Müller', given: ['Anna', 'Maria'] }], gender: 'female', birthDate: '1980-05-17' },
        identifier: [{ system: 'http://a', value: '1' }],
      }),
    );
    await make(
      'ben',
      patient({
        ...{ name: [{ family: 'Muller-Smith', given: ['Ben'] }], gender: 'male', birthDate: '1980-06' },
        identifier: [{ system: 'http://b', value: '1' }, { value: '2' }],
      }),
    );
    await make('cara', patient({ name: [{ text: '100% Cara_X' }], birthDate: '1979' }));
    const loinc = (code: string) => ({ code: { coding: [{ system: 'http://loinc.org', code }] } });
    await make('o1', observation(`Patient/${anna}`, { ...loinc('1'), effectiveDateTime: '2024-05-01T10:00:00Z' }));
    await make('o2', observation(`Patient/${anna}`, { ...loinc('2'), effectiveDateTime: '2024-05-02' }));
    await make(
      'o3',
      observation(`Patient/${anna}`, {
        ...loinc('1'),
        effectivePeriod: { start: '2024-04-30', end: '2024-06-01' },
        component: [{ code: { coding: [{ system: 'http://loinc.org', code: '9' }] } }],
      }),
    );
  });
  after(() => server.close());

  const cases: Readonly<Record<string, string>> = {
    'Patient?family=mul': 'anna ben',
    'Patient?family=MÜL': 'anna ben',
    'Patient?family:exact=Müller': 'anna',
    'Patient?family:exact=Muller': '',
    'Patient?family:contains=smith': 'ben',
    'Patient?name=maria': 'anna',
    'Patient?name:contains=%25': 'cara',
    'Patient?name:contains=a_x': 'cara',
    'Patient?name:contains=a%25x': '',
    'Patient?given=ben,anna': 'anna ben',
    'Patient?given=anna&given=maria': 'anna',
    'Patient?gender=female': 'anna',
    'Patient?gender:not=female': 'ben cara',
    'Patient?gender:missing=true': 'cara',
    'Patient?gender:missing=false': 'anna ben',
    'Patient?identifier=1': 'anna ben',
    'Patient?identifier=http://a|1': 'anna',
    'Patient?identifier=http://a|': 'anna',
    'Patient?identifier=|2': 'ben',
    'Patient?identifier=|1': '',
    'Patient?birthdate=1980': 'anna ben',
    'Patient?birthdate=1980-05-17': 'anna',
    'Patient?birthdate=lt1980': 'cara',
    'Patient?birthdate=ge1980-06': 'ben',
    'Patient?birthdate=ne1979': 'anna ben',
    'Patient?_lastUpdated=gt2020-01-01': 'anna ben cara',
    'Patient?_lastUpdated=lt2020-01-01': '',
    'Observation?code=1': 'o1 o3',
    'Observation?code=http://loinc.org|2': 'o2',
    'Observation?combo-code=9': 'o3',
    'Observation?combo-code=http://loinc.org|9,http://loinc.org|2': 'o2 o3',
    'Observation?date=2024-05-01': 'o1',
    'Observation?date=ge2024-05-02': 'o2 o3',
    'Observation?date=gt2024-05-02': 'o3',
    'Observation?date=le2024-05-01': 'o1 o3',
    'Observation?date=sa2024-05-01': 'o2',
    'Observation?date=eb2024-05-02': 'o1',
    'Observation?date=2024': 'o1 o2 o3',
    'Observation?code=1&date=ge2024-05-02': 'o3',
    'Observation?patient.x=1': 'o1 o2 o3',
  };
  for (const [query, expected] of Object.entries(cases))
    it(`${query} finds ${expected || 'nothing'}`, async () => {
      expect(await search(query)).to.equal(expected);
    });

  it('finds by reference with and without its type, as patient and as subject', async () => {
    const id = [...names].find(([, name]) => name === 'anna')?.[0] ?? '';
    for (const query of [
      `subject=Patient/${id}`,
      `subject=${id}`,
      `subject:Patient=${id}`,
      `patient=${id}`,
      `patient=${server.url}/fhir/Patient/${id}`,
    ])
      expect(await search(`Observation?${query}`), query).to.equal('o1 o2 o3');
    expect(await search(`Observation?subject=Group/${id}`)).to.equal('');
    expect(await search(`Observation?patient=${id}&code=2`)).to.equal('o2');
  });

  it('is asked by POST as by GET', async () => {
    const answer = await admin.send('POST', '/fhir/Patient/_search?gender=female', 'family=mul', {
      'Content-Type': 'application/x-www-form-urlencoded',
    });
    expect(told(await answer.json())).to.equal('anna');
  });

  it('comes in pages, each match once', async () => {
    for (const query of ['Patient?_count=1', 'Patient?gender=male,female&_count=1', 'Observation?code=1&_count=1']) {
      const seen: string[] = [];
      for (let path = query; path !== '';) {
        const { body } = await ask(admin, 'GET', path);
        seen.push(told(body));
        const next = listAt(body, 'link').find((link) => at(link, 'relation') === 'next');
        path = next ? textAt(next, 'url').replace(`${server.url}/fhir/`, '') : '';
      }
      expect(seen.toSorted().join(' '), query).to.equal(await search(query.replace('_count=1', '_count=50')));
    }
  });

  it('follows an update and a deletion at once', async () => {
    const id = await make('dora', patient({ gender: 'other', birthDate: '1990-01-01' }));
    expect(await search('Patient?gender=other')).to.equal('dora');
    await ask(admin, 'PUT', `Patient/${id}`, patient({ id, gender: 'unknown', birthDate: '1991-01-01' }));
    expect(await search('Patient?gender=other')).to.equal('');
    expect(await search('Patient?gender=unknown&birthdate=1991')).to.equal('dora');
    await ask(admin, 'DELETE', `Patient/${id}`);
    expect(await search('Patient?gender=unknown')).to.equal('');
    expect(await search('Patient?birthdate=1991')).to.equal('');
  });
});
