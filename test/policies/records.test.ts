import { expect } from 'chai';
import { startTestServer, type TestServer } from '@heddle/core/testing';
import { bodyOf, type Resource } from '../../core/src/fhir/body.ts';
import type { Caller } from '../../core/src/fhir/interaction.ts';
import { asOutcome } from '../../core/src/outcome/outcome.ts';
import { at, listAt, textAt, type Json } from '../conformance/asked.ts';

const to = (reference: string) => ({ reference });
const code = { text: 'something' };
const confidentiality = 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality';

describe('a record is seen', () => {
  let server: TestServer;
  let admin: Caller;

  const put = (resource: Json): Promise<unknown> => {
    const [type, id] = [textAt(resource, 'resourceType'), textAt(resource, 'id')];
    return server.perform({ verb: 'update', type, id, caller: admin, body: bodyOf(resource as Resource) });
  };
  const as = async (role: string, fhirUser: string): Promise<Caller> => {
    const [type = '', id = ''] = fhirUser.split('/');
    return { ...(await server.caller(role)), subject: fhirUser, fhirUser: { type, id } };
  };
  const found = async (caller: Caller, type: string, query = ''): Promise<string[]> => {
    const answer = await server.perform({ verb: 'search-type', type, caller, query: new URLSearchParams(query) });
    const body: unknown = 'text' in answer ? JSON.parse(answer.text) : {};
    return listAt(body, 'entry')
      .map((entry) => textAt(entry, 'resource', 'id'))
      .toSorted();
  };
  const status = async (work: Promise<unknown>): Promise<number> =>
    work.then(
      () => 200,
      (thrown: unknown) => asOutcome(thrown).status,
    );
  const read = (caller: Caller, type: string, id: string): Promise<number> =>
    status(server.perform({ verb: 'read', type, id, caller }));
  const observed = (id: string, patient: string, rest: Json = {}): Json => ({
    ...{ resourceType: 'Observation', id, status: 'final', code, subject: to(`Patient/${patient}`) },
    ...rest,
  });

  before(async function () {
    this.timeout(30_000);
    server = await startTestServer();
    admin = await server.caller('admin');
    for (const id of ['anna', 'ben', 'cleo', 'dora'])
      await put({ resourceType: 'Patient', id, name: [{ family: id }], telecom: [{ system: 'phone', value: id }] });
    for (const id of ['dr-mine', 'dr-other', 'tech']) await put({ resourceType: 'Practitioner', id });
    for (const id of ['lab-a', 'lab-b']) await put({ resourceType: 'Organization', id, name: id });
    await put({
      ...{ resourceType: 'PractitionerRole', id: 'tech-in-a', active: true },
      ...{ practitioner: to('Practitioner/tech'), organization: to('Organization/lab-a') },
    });
  });
  after(() => server.close());

  describe('by a patient', () => {
    it('only the own, and of that only what is released, in every version', async () => {
      const anna = await as('patient', 'Patient/anna');
      await put(observed('released', 'anna', { status: 'preliminary' }));
      await put(observed('released', 'anna'));
      await put(observed('pending', 'anna', { status: 'preliminary' }));
      await put(observed('of-ben', 'ben'));
      expect(await found(anna, 'Observation')).to.deep.equal(['released']);
      expect(await found(anna, 'Patient')).to.deep.equal(['anna']);
      const vread = (version: string): Promise<number> =>
        status(server.perform({ verb: 'vread', type: 'Observation', id: 'released', version, caller: anna }));
      expect([await vread('1'), await vread('2')]).to.deep.equal([404, 200]);
      expect(await read(anna, 'Observation', 'pending')).to.equal(404);
      expect(await read(anna, 'Patient', 'ben')).to.equal(404);
    });

    it('who may change the own address, and not the own number', async () => {
      const anna = await as('patient', 'Patient/anna');
      const write = (rest: Json): Promise<number> => {
        const body = bodyOf({ resourceType: 'Patient', id: 'anna', name: [{ family: 'anna' }], ...rest });
        return status(server.perform({ verb: 'update', type: 'Patient', id: 'anna', body, caller: anna }));
      };
      expect(await write({ address: [{ city: 'Lagos' }] })).to.equal(200);
      expect(await write({ identifier: [{ value: 'stolen' }] })).to.equal(403);
      expect(await write({ deceasedBoolean: true })).to.equal(403);
    });

    it('as whoever acts for one', async () => {
      await put({ resourceType: 'RelatedPerson', id: 'mother', active: true, patient: to('Patient/anna') });
      const mother = await as('patient', 'RelatedPerson/mother');
      expect(await found(mother, 'Patient')).to.deep.equal(['anna']);
      await put({ resourceType: 'RelatedPerson', id: 'mother', active: false, patient: to('Patient/anna') });
      expect(await found(mother, 'Patient')).to.deep.equal([]);
    });
  });

  describe('by a doctor', () => {
    it('of those in care, and of others only who they are', async () => {
      const doctor = await as('doctor', 'Practitioner/dr-mine');
      await put(observed('result', 'cleo'));
      expect(await found(doctor, 'Observation', 'patient=cleo')).to.deep.equal([]);
      await put({
        ...{ resourceType: 'ServiceRequest', id: 'referral', status: 'active', intent: 'order' },
        ...{ subject: to('Patient/cleo'), performer: [to('Practitioner/dr-mine')] },
      });
      expect(await found(doctor, 'Observation', 'patient=cleo')).to.deep.equal(['result']);
      expect(await found(doctor, 'Patient')).to.deep.equal(['anna', 'ben', 'cleo', 'dora']);
      expect(await found(doctor, 'Patient', 'phone=cleo')).to.deep.equal(['cleo']);
      expect(await found(doctor, 'Patient', 'phone=ben')).to.deep.equal([]);
      const answer = await server.perform({ verb: 'read', type: 'Patient', id: 'ben', caller: doctor });
      expect('stored' in answer && answer.stored?.tail)
        .to.contain('SUBSETTED')
        .and.not.contain('phone');
    });

    it('who cannot let himself in', async () => {
      const doctor = await as('doctor', 'Practitioner/dr-mine');
      const order = bodyOf({
        ...{ resourceType: 'ServiceRequest', status: 'active', intent: 'order', subject: to('Patient/dora') },
        requester: to('Practitioner/dr-mine'),
      });
      expect(
        await status(server.perform({ verb: 'create', type: 'ServiceRequest', body: order, caller: doctor })),
      ).to.equal(403);
    });

    it('in an emergency, for a while, with a reason and a notice', async () => {
      const doctor = await as('doctor', 'Practitioner/dr-other');
      await put(observed('emergency', 'dora'));
      const open = (reason: string): Promise<unknown> =>
        server.perform({
          ...{ verb: 'operation', name: 'break-the-glass', type: 'Patient', id: 'dora', caller: doctor },
          body: bodyOf({ resourceType: 'Parameters', parameter: [{ name: 'reason', valueString: reason }] }),
        });
      expect(await status(open('x'))).to.equal(400);
      expect(await read(doctor, 'Observation', 'emergency')).to.equal(404);
      await open('unconscious, brought in by ambulance');
      expect(await read(doctor, 'Observation', 'emergency')).to.equal(200);
      expect(await read(await as('doctor', 'Practitioner/dr-mine'), 'Observation', 'emergency')).to.equal(404);
      const notices = await found(admin, 'Communication', 'subject=Patient/dora&category=BTG');
      expect(notices).to.have.length(1);
      server.advance(13 * 3_600_000);
      expect(await read(doctor, 'Observation', 'emergency')).to.equal(404);
    });
  });

  it('by a technician, of the own department and what is nobody’s', async () => {
    const tech = await as('labtech', 'Practitioner/tech');
    await put(observed('of-a', 'ben', { performer: [to('Organization/lab-a')] }));
    await put(observed('of-b', 'ben', { performer: [to('Organization/lab-b')] }));
    await put(observed('of-none', 'ben'));
    expect(await found(tech, 'Observation', '_id=of-a,of-b,of-none')).to.deep.equal(['of-a', 'of-none']);
    const foreign = bodyOf(observed('of-a', 'ben', { performer: [to('Organization/lab-b')] }) as Resource);
    const moved = server.perform({ verb: 'update', type: 'Observation', id: 'of-a', body: foreign, caller: tech });
    expect(await status(moved)).to.equal(403);
  });

  describe('less, where', () => {
    it('it is marked as restricted', async () => {
      const [nurse, receptionist] = [await server.caller('nurse'), await server.caller('receptionist')];
      const labelled = (label: string): Json => ({ meta: { security: [{ system: confidentiality, code: label }] } });
      await put(observed('restricted', 'ben', labelled('R')));
      await put(observed('very-restricted', 'ben', labelled('V')));
      await put({ resourceType: 'Patient', id: 'known', name: [{ family: 'known' }], ...labelled('R') });
      expect(await found(nurse, 'Observation', '_id=restricted,very-restricted')).to.deep.equal(['restricted']);
      expect(await read(nurse, 'Observation', 'very-restricted')).to.equal(404);
      expect(await read(receptionist, 'Patient', 'known')).to.equal(404);
      expect(await found(receptionist, 'Patient', 'name=known')).to.deep.equal([]);
    });

    it('the patient has forbidden it, to somebody or to all, of everything or of some', async () => {
      const nurse = await as('nurse', 'Practitioner/dr-mine');
      const [other, self] = [await as('nurse', 'Practitioner/dr-other'), await as('patient', 'Patient/cleo')];
      const forbid = (provision: Json, state = 'active'): Promise<unknown> =>
        put({
          ...{ resourceType: 'Consent', id: 'no', status: state, patient: to('Patient/cleo') },
          scope: {
            coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }],
          },
          category: [{ coding: [{ system: 'http://loinc.org', code: '59284-0' }] }],
          policyRule: { text: 'opt out' },
          provision: { type: 'deny', ...provision },
        });
      const actor = [{ role: { text: 'nurse' }, reference: to('Practitioner/dr-mine') }];
      await forbid({ actor });
      expect(await read(nurse, 'Observation', 'result')).to.equal(404);
      expect(await found(nurse, 'Patient', 'name=cleo')).to.deep.equal([]);
      expect(await read(other, 'Observation', 'result')).to.equal(200);
      await forbid({});
      expect(await read(other, 'Observation', 'result')).to.equal(404);
      expect(await read(self, 'Observation', 'result')).to.equal(200);
      expect(await read(admin, 'Observation', 'result')).to.equal(200);
      await forbid({ class: [{ system: 'http://hl7.org/fhir/resource-types', code: 'Condition' }] });
      expect(await read(other, 'Observation', 'result')).to.equal(200);
      await forbid({ period: { end: '2020-01-01' } });
      expect(await read(other, 'Observation', 'result')).to.equal(200);
      // An older release did not index what a Consent does.
      await forbid({});
      await server.serving.database.transactions.transaction(admin.tenant, ({ query }) =>
        query(
          `delete from word w using resource r where r.tenant = $1 and r.id = 'no' and w.tenant = $1 and w.rid = r.rid and w.value like '%deny%'`,
          [admin.tenant],
        ),
      );
      server.advance(1_000);
      expect(await read(other, 'Observation', 'result')).to.equal(404);
      await forbid({}, 'inactive');
      expect(await read(other, 'Observation', 'result')).to.equal(200);
    });
  });

  it('is linked to only by who sees what is linked to', async () => {
    const anna = await as('patient', 'Patient/anna');
    const body = bodyOf({
      resourceType: 'Patient',
      id: 'anna',
      name: [{ family: 'anna' }],
      contact: [{ organization: to('Organization/lab-a') }],
    });
    expect(await status(server.perform({ verb: 'update', type: 'Patient', id: 'anna', body, caller: anna }))).to.equal(
      200,
    );
    const doctor = await as('doctor', 'Practitioner/dr-mine');
    const hidden = bodyOf({
      ...observed('x', 'cleo'),
      resourceType: 'Observation',
      hasMember: [to('Observation/of-b')],
    });
    const refused = server.perform({ verb: 'create', type: 'Observation', body: hidden, caller: doctor });
    const told = await refused.then(
      () => '',
      (thrown: unknown) => String(at(asOutcome(thrown).resource, 'issue', 0, 'diagnostics')),
    );
    expect(told).to.equal(
      'the reference to Observation/of-b leads nowhere: create it first, or in the same transaction',
    );
  });
});
