import { expect } from 'chai';
import { startTestServer, type TestServer } from '@heddle/core/testing';
import { bodyOf, type Resource } from '../../core/src/fhir/body.ts';
import type { Caller } from '../../core/src/fhir/interaction.ts';
import { asOutcome } from '../../core/src/outcome/outcome.ts';
import { listAt, textAt, type Json } from '../conformance/asked.ts';

const laboratory = { system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'laboratory' };

describe('SMART scopes', () => {
  let server: TestServer;
  let admin: Caller;
  let nurse: Caller;

  const put = (resource: Json): Promise<unknown> => {
    const [type, id] = [textAt(resource, 'resourceType'), textAt(resource, 'id')];
    return server.perform({ verb: 'update', type, id, caller: admin, body: bodyOf(resource as Resource) });
  };
  const found = async (scopes: readonly string[], type: string, more: Partial<Caller> = {}): Promise<string[]> => {
    const caller = { ...nurse, scopes, ...more };
    const answer = await server.perform({ verb: 'search-type', type, caller });
    const body: unknown = 'text' in answer ? JSON.parse(answer.text) : {};
    return listAt(body, 'entry')
      .map((entry) => textAt(entry, 'resource', 'id'))
      .toSorted();
  };
  const refused = async (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => 'permitted',
      (thrown: unknown) => `${asOutcome(thrown).status} ${asOutcome(thrown).message}`,
    );

  before(async () => {
    server = await startTestServer();
    admin = await server.caller('admin');
    nurse = await server.caller('nurse');
    for (const id of ['anna', 'ben']) {
      await put({ resourceType: 'Patient', id });
      for (const category of [[{ coding: [laboratory] }], undefined])
        await put({
          ...{
            resourceType: 'Observation',
            id: `${id}-${category ? 'lab' : 'other'}`,
            status: 'final',
            ...(category ? { category } : {}),
          },
          ...{ code: { text: 'x' }, subject: { reference: `Patient/${id}` } },
        });
    }
    await put({ resourceType: 'Binary', id: 'nobodys', contentType: 'text/plain', data: 'eA==' });
    await put({ resourceType: 'Organization', id: 'house', name: 'house' });
  });
  after(() => server.close());

  it('permit nothing that they do not name', async () => {
    expect(await refused(found([], 'Observation'))).to.match(/^403 no scope/);
    expect(await refused(found(['user/Patient.rs'], 'Observation'))).to.match(/^403 no scope/);
    expect(await refused(found(['user/Observation.r'], 'Observation'))).to.match(/^403 no scope/);
    expect(await found(['user/Observation.rs'], 'Observation')).to.have.length(4);
    expect(await found(['user/*.read'], 'Observation')).to.have.length(4);
  });

  it('permit nothing that the role does not', async () => {
    expect(await refused(found(['user/*.cruds'], 'Invoice'))).to.equal(
      '403 the role nurse may not search-type Invoice',
    );
    const deletes = server.perform({
      verb: 'delete',
      type: 'Patient',
      id: 'anna',
      caller: { ...nurse, scopes: ['user/*.cruds'] },
    });
    expect(await refused(deletes)).to.equal('403 the role nurse may not delete Patient');
  });

  it('narrow by what they search for', async () => {
    const scope = 'user/Observation.rs?category=laboratory';
    expect(await found([scope], 'Observation')).to.deep.equal(['anna-lab', 'ben-lab']);
    const read = (id: string): Promise<string> =>
      refused(server.perform({ verb: 'read', type: 'Observation', id, caller: { ...nurse, scopes: [scope] } }));
    expect([await read('anna-lab'), await read('anna-other')]).to.deep.equal([
      'permitted',
      '404 Observation/anna-other does not exist',
    ]);
  });

  it('of a patient are those of the launch, and of whoever the caller is', async () => {
    const launch = { patient: 'ben' };
    expect(await found(['patient/Observation.rs'], 'Observation', { launch })).to.deep.equal(['ben-lab', 'ben-other']);
    expect(await found(['patient/*.rs?category=laboratory'], 'Observation', { launch })).to.deep.equal(['ben-lab']);
    expect(await found(['patient/*.rs'], 'Observation')).to.deep.equal([]);
    expect(await found(['patient/*.rs'], 'Patient', { launch })).to.deep.equal(['ben']);
    const self: Partial<Caller> = { roles: ['patient'], fhirUser: { type: 'Patient', id: 'anna' } };
    expect(await found(['patient/*.rs'], 'Observation', self)).to.deep.equal(['anna-lab', 'anna-other']);
    expect(await found(['patient/*.rs'], 'Observation', { ...self, launch })).to.deep.equal([]);
    expect(await found(['patient/*.rs'], 'Organization', { launch })).to.deep.equal(['house']);
  });

  it('of machines are no use to people, nor the other way round', async () => {
    expect(await refused(found(['system/*.rs'], 'Observation'))).to.match(/^403 no scope/);
    const machine: Partial<Caller> = { kind: 'client', roles: ['service'] };
    expect(await found(['system/Observation.rs'], 'Observation', machine)).to.have.length(4);
    expect(await refused(found(['user/*.rs'], 'Observation', machine))).to.match(/^403 no scope/);
  });

  it('do not open a Binary that says of nobody that it is his', async () => {
    const caller = { ...nurse, scopes: ['patient/*.rs'], launch: { patient: 'anna' } };
    const read = server.perform({ verb: 'read', type: 'Binary', id: 'nobodys', caller });
    expect(await refused(read)).to.match(/^403 /);
  });

  it('of each entry of a bundle are asked for by itself', async () => {
    const entry = ['Patient/anna', 'Observation/anna-lab'].map((url) => ({ request: { method: 'GET', url } }));
    const body = bodyOf({ resourceType: 'Bundle', type: 'batch', entry });
    const answer = await server.perform({ verb: 'batch', body, caller: { ...nurse, scopes: ['user/Patient.r'] } });
    const told: unknown = 'text' in answer ? JSON.parse(answer.text) : {};
    expect(listAt(told, 'entry').map((each) => textAt(each, 'response', 'status').slice(0, 3))).to.deep.equal([
      '200',
      '403',
    ]);
  });
});
