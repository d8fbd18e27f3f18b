/** What belongs to a visit, a practitioner, a relative and a device, by R4's compartments of them. */
import { expect } from 'chai';
import { startTestServer, type TestCaller, type TestServer } from '@heddle/core/testing';
import { ask, at, listAt, refusedWith, textAt } from './asked.ts';
import { concept, observed, putAll, refer } from './searching.ts';

describe('compartments', () => {
  let server: TestServer;
  let admin: TestCaller;
  before(async () => {
    server = await startTestServer();
    admin = await server.as('admin');
    await putAll(admin, [
      { resourceType: 'Patient', id: 'ann', generalPractitioner: [refer('Practitioner/house')] },
      { resourceType: 'Practitioner', id: 'house' },
      { resourceType: 'Practitioner', id: 'wilson' },
      { resourceType: 'RelatedPerson', id: 'mum', patient: refer('Patient/ann') },
      { resourceType: 'Device', id: 'pump' },
      {
        ...{ resourceType: 'Encounter', id: 'visit', status: 'finished', class: { code: 'AMB' } },
        ...{ subject: refer('Patient/ann'), participant: [{ individual: refer('Practitioner/house') }] },
      },
      {
        resourceType: 'Encounter',
        id: 'later',
        status: 'finished',
        class: { code: 'AMB' },
        partOf: refer('Encounter/visit'),
      },
      observed('byHouse', { subject: refer('Patient/ann'), performer: [refer('Practitioner/house')] }),
      observed('byMum', { subject: refer('Patient/ann'), performer: [refer('RelatedPerson/mum')] }),
      observed('byPump', {
        subject: refer('Patient/ann'),
        device: refer('Device/pump'),
        encounter: refer('Encounter/visit'),
      }),
      {
        resourceType: 'Condition',
        id: 'flu',
        subject: refer('Patient/ann'),
        encounter: refer('Encounter/visit'),
        code: concept('flu'),
      },
    ]);
  });
  after(() => server.close());

  const found: Readonly<Record<string, string>> = {
    'Encounter/visit/Observation': 'Observation/byPump',
    'Encounter/visit/Condition?code=flu': 'Condition/flu',
    'Encounter/visit/Condition?code=cold': '',
    'Encounter/visit/Encounter': 'Encounter/visit',
    'Encounter/visit/*': 'Condition/flu Encounter/visit Observation/byPump',
    'Practitioner/house/Patient': 'Patient/ann',
    'Practitioner/house/*': 'Encounter/visit Observation/byHouse Patient/ann Practitioner/house',
    'Practitioner/wilson/*': 'Practitioner/wilson',
    'RelatedPerson/mum/*': 'Observation/byMum RelatedPerson/mum',
    'Device/pump/Observation': 'Observation/byPump',
    'Device/pump/*': 'Device/pump Observation/byPump',
  };
  for (const [path, wanted] of Object.entries(found))
    it(`${path} finds ${wanted === '' ? 'nothing' : wanted}`, async () => {
      const { status, text, body } = await ask(admin, 'GET', path);
      expect(status, text).to.equal(200);
      const places = listAt(body, 'entry')
        .filter((entry) => at(entry, 'search', 'mode') === 'match')
        .map((entry) => textAt(entry, 'fullUrl').replace(/.*\/fhir\//, ''));
      expect(places.toSorted().join(' ')).to.equal(wanted);
    });

  it('of other types there are none, which says of which there are', async () => {
    refusedWith(await ask(admin, 'GET', 'Location/ward/Encounter'), 404, 'not-supported', /Device, Encounter, Patient/);
    refusedWith(await ask(admin, 'GET', 'Device/pump/Condition'), 404, 'not-supported', /Condition/);
  });
});
