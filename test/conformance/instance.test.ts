import { expect } from 'chai';
import { startTestServer, type TestCaller, type TestServer } from '@heddle/core/testing';
import { ask, at, identified, made, observation, patient, refusedWith, textAt, type Json } from './asked.ts';

describe('one resource', () => {
  let server: TestServer;
  let admin: TestCaller;
  before(async () => {
    server = await startTestServer();
    admin = await server.as('admin');
  });
  after(() => server.close());

  describe('create', () => {
    it('answers 201 with the resource, its location, tag and time', async () => {
      const answer = await ask(admin, 'POST', 'Patient', patient({ id: 'mine', active: true }));
      const id = textAt(answer.body, 'id');
      expect(answer.status).to.equal(201);
      expect(id).not.to.equal('mine');
      expect(answer.headers.get('location')).to.equal(`${server.url}/fhir/Patient/${id}/_history/1`);
      expect(answer.headers.get('etag')).to.equal('W/"1"');
      expect(Date.parse(answer.headers.get('last-modified') ?? '')).to.be.closeTo(
        Date.parse(textAt(answer.body, 'meta', 'lastUpdated')),
        1_000,
      );
    });

    it('says what Prefer: return asks for', async () => {
      const minimal = await ask(admin, 'POST', 'Patient', patient(), { Prefer: 'return=minimal' });
      expect([minimal.status, minimal.text]).to.deep.equal([201, '']);
      expect(minimal.headers.get('content-type')).to.equal(null);
      expect(minimal.headers.get('location')).to.match(/\/Patient\/[^/]+\/_history\/1$/);
      const outcome = await ask(admin, 'POST', 'Patient', patient(), { Prefer: 'return=OperationOutcome' });
      expect([outcome.status, at(outcome.body, 'resourceType')]).to.deep.equal([201, 'OperationOutcome']);
    });

    it('refuses a body of another type, an unknown type and another media type', async () => {
      refusedWith(await ask(admin, 'POST', 'Observation', patient()), 400, 'invalid');
      refusedWith(await ask(admin, 'POST', 'Horse', { resourceType: 'Horse' }), 404, 'not-supported');
      refusedWith(await ask(admin, 'POST', 'Patient', 'x', { 'Content-Type': 'text/plain' }), 415, 'not-supported');
    });

    it('refuses a resource that is not sound and names the place of each fault', async () => {
      const answer = await ask(
        admin,
        'POST',
        'Patient',
        patient({ gender: 'mael', birthDate: '2026-02-30', horse: 1 }),
      );
      refusedWith(answer, 400, 'structure');
      for (const place of ['Patient.gender', 'Patient.birthDate', 'Patient.horse'])
        expect(answer.text).to.contain(`"${place}"`);
    });

    it('refuses a reference to a version that never was', async () => {
      const id = await made(admin, patient());
      const send = (version: string) =>
        ask(admin, 'POST', 'Observation', observation(`Patient/${id}/_history/${version}`));
      expect((await send('1')).status).to.equal(201);
      for (const version of ['2', 'x', '0']) refusedWith(await send(version), 422, 'not-found', /Observation\.subject/);
    });

    it('leaves the references in a stored bundle to the bundle', async () => {
      const entry = [
        { fullUrl: 'http://other.example/fhir/Patient/p1', resource: patient({ id: 'p1' }) },
        { fullUrl: 'http://other.example/fhir/Observation/o1', resource: observation('Patient/p1', { id: 'o1' }) },
      ];
      const stored = { resourceType: 'Bundle', type: 'collection', entry };
      const { status, body, text } = await ask(admin, 'POST', 'Bundle', stored);
      expect(status, text).to.equal(201);
      expect(at(body, 'entry')).to.deep.equal(entry);
    });

    it('refuses a reference that leads nowhere and names its place', async () => {
      const answer = await ask(admin, 'POST', 'Observation', observation('Patient/nobody'));
      refusedWith(answer, 422, 'not-found', /Observation\.subject/);
    });
  });

  describe('read', () => {
    it('answers 404 for what never was and 410 for what was deleted', async () => {
      refusedWith(await ask(admin, 'GET', 'Patient/never'), 404, 'not-found');
      const id = await made(admin, patient());
      expect((await ask(admin, 'DELETE', `Patient/${id}`)).status).to.equal(204);
      refusedWith(await ask(admin, 'GET', `Patient/${id}`), 410, 'deleted');
    });

    it('answers 304 to who has the version already', async () => {
      const id = await made(admin, patient());
      const { headers } = await ask(admin, 'GET', `Patient/${id}`);
      const same = await ask(admin, 'GET', `Patient/${id}`, undefined, { 'If-None-Match': headers.get('etag') ?? '' });
      expect([same.status, same.text, same.headers.get('etag')]).to.deep.equal([304, '', 'W/"1"']);
      const since = { 'If-Modified-Since': headers.get('last-modified') ?? '' };
      expect((await ask(admin, 'GET', `Patient/${id}`, undefined, since)).status).to.equal(304);
      const earlier = { 'If-Modified-Since': 'Thu, 01 Jan 2015 00:00:00 GMT' };
      expect((await ask(admin, 'GET', `Patient/${id}`, undefined, earlier)).status).to.equal(200);
      const other = { 'If-None-Match': 'W/"7"', ...since };
      expect((await ask(admin, 'GET', `Patient/${id}`, undefined, other)).status).to.equal(200);
    });

    it('answers HEAD with the head of GET and OPTIONS with the methods', async () => {
      const id = await made(admin, patient());
      const [get, head] = [await ask(admin, 'GET', `Patient/${id}`), await ask(admin, 'HEAD', `Patient/${id}`)];
      expect([head.status, head.text, head.headers.get('etag')]).to.deep.equal([200, '', 'W/"1"']);
      expect(head.headers.get('content-type')).to.equal(get.headers.get('content-type'));
      const options = await ask(admin, 'OPTIONS', `Patient/${id}`);
      expect([options.status, options.headers.get('allow')]).to.deep.equal([
        204,
        'GET, HEAD, PUT, PATCH, DELETE, OPTIONS',
      ]);
    });
  });

  describe('update', () => {
    it('makes the next version and keeps the one before', async () => {
      const id = await made(admin, patient({ active: true }));
      const answer = await ask(admin, 'PUT', `Patient/${id}`, patient({ id, active: false }));
      expect([answer.status, answer.headers.get('etag'), at(answer.body, 'active')]).to.deep.equal([
        200,
        'W/"2"',
        false,
      ]);
      expect(at((await ask(admin, 'GET', `Patient/${id}/_history/1`)).body, 'active')).to.equal(true);
      expect(at((await ask(admin, 'GET', `Patient/${id}/_history/2`)).body, 'active')).to.equal(false);
      refusedWith(await ask(admin, 'GET', `Patient/${id}/_history/3`), 404, 'not-found');
    });

    it("creates under the caller's id, and again after a deletion", async () => {
      const first = await ask(admin, 'PUT', 'Patient/my-own.ID-1', patient({ id: 'my-own.ID-1' }));
      expect([first.status, first.headers.get('location')]).to.deep.equal([
        201,
        `${server.url}/fhir/Patient/my-own.ID-1/_history/1`,
      ]);
      await ask(admin, 'DELETE', 'Patient/my-own.ID-1');
      refusedWith(await ask(admin, 'GET', 'Patient/my-own.ID-1/_history/2'), 410, 'deleted');
      const again = await ask(admin, 'PUT', 'Patient/my-own.ID-1', patient({ id: 'my-own.ID-1' }));
      expect([again.status, again.headers.get('etag')]).to.deep.equal([201, 'W/"3"']);
    });

    it('refuses an id in the body that is missing or another, and one that is none', async () => {
      refusedWith(await ask(admin, 'PUT', 'Patient/a', patient({ id: 'b' })), 400, 'invalid');
      refusedWith(await ask(admin, 'PUT', 'Patient/a', patient()), 400, 'invalid');
      refusedWith(await ask(admin, 'PUT', 'Patient/a_b', patient({ id: 'a_b' })), 400, 'invalid');
    });

    it('leaves alone what it refers to already, also where the caller may not read that', async () => {
      const labtech = await server.as('labtech');
      const subject = `Patient/${await made(admin, patient())}`;
      const order = async (): Promise<Json> => ({
        reference: `MedicationRequest/${await made(admin, {
          ...{ resourceType: 'MedicationRequest', status: 'active', intent: 'order', subject: { reference: subject } },
          medicationCodeableConcept: { text: 'x' },
        })}`,
      });
      const basedOn = [await order()];
      const id = await made(admin, observation(subject, { basedOn }));
      const update = (more: readonly Json[]) =>
        ask(labtech, 'PUT', `Observation/${id}`, observation(subject, { id, basedOn: [...basedOn, ...more] }));
      expect((await update([])).status).to.equal(200);
      refusedWith(await update([await order()]), 422, 'not-found', /Observation\.basedOn\[1\]/);
    });

    it('takes If-Match, and answers 412 to a stale one', async () => {
      const id = await made(admin, patient());
      const update = (tag: string) =>
        ask(admin, 'PUT', `Patient/${id}`, patient({ id, active: true }), { 'If-Match': tag });
      expect((await update('W/"1"')).status).to.equal(200);
      refusedWith(await update('W/"1"'), 412, 'conflict');
      expect((await update('"2"')).status).to.equal(200);
      refusedWith(
        await ask(admin, 'PUT', 'Patient/absent', patient({ id: 'absent' }), { 'If-Match': 'W/"1"' }),
        412,
        'conflict',
      );
    });

    it('takes If-None-Match, and refuses a condition that says nothing', async () => {
      const id = await made(admin, patient());
      const update = (headers: Readonly<Record<string, string>>, name = id) =>
        ask(admin, 'PUT', `Patient/${name}`, patient({ id: name }), headers);
      refusedWith(await update({ 'If-None-Match': '*' }), 412, 'conflict');
      refusedWith(await update({ 'If-None-Match': 'W/"1"' }), 412, 'conflict');
      expect((await update({ 'If-None-Match': 'W/"7"' })).status).to.equal(200);
      expect((await update({ 'If-None-Match': '*' }, `${id}-new`)).status).to.equal(201);
      refusedWith(await ask(admin, 'DELETE', `Patient/${id}`, undefined, { 'If-None-Match': '*' }), 412, 'conflict');
      for (const name of ['If-Match', 'If-None-Match']) refusedWith(await update({ [name]: '' }), 400, 'structure');
    });
  });

  describe('patch', () => {
    const json = { 'Content-Type': 'application/json-patch+json' };
    it('applies a JSON Patch and keeps the digits of every number', async () => {
      const subject = `Patient/${await made(admin, patient())}`;
      const created = await ask(
        admin,
        'POST',
        'Observation',
        JSON.stringify(observation(subject)).replace(/}$/, ',"valueQuantity":{"value":1.00,"unit":"g"}}'),
      );
      const id = textAt(created.body, 'id');
      const operations = [{ op: 'replace', path: '/status', value: 'amended' }];
      const answer = await ask(admin, 'PATCH', `Observation/${id}`, JSON.stringify(operations), json);
      expect(answer.status, answer.text).to.equal(200);
      expect([at(answer.body, 'status'), answer.headers.get('etag')]).to.deep.equal(['amended', 'W/"2"']);
      expect(answer.text).to.contain('"value":1.00,');
    });

    it('refuses a JSON Patch that is not strict JSON, and says where', async () => {
      const id = await made(admin, patient({ gender: 'male' }));
      const send = (text: string) =>
        ask(admin, 'PATCH', `Patient/${id}`, text, { 'Content-Type': 'application/json-patch+json' });
      for (const text of [
        '[{"op":"remove","path":"/gender"},]',
        '["',
        '[{"path":"/gender","value":"fe',
        '['.repeat(5_000),
        '[{"op":"add","op":"remove","path":"/gender"}]',
        String.raw`[{"op":"replace","path":"/gender","value":"\ud800"}]`,
      ])
        refusedWith(await send(text), 400, 'structure', /line 1 column \d+/);
      expect(at((await ask(admin, 'GET', `Patient/${id}`)).body, 'gender')).to.equal('male');
    });

    it('applies a FHIRPath Patch', async () => {
      const id = await made(admin, patient({ birthDate: '1980-01-01' }));
      const patch = {
        resourceType: 'Parameters',
        parameter: [
          {
            name: 'operation',
            part: [
              { name: 'type', valueCode: 'replace' },
              { name: 'path', valueString: 'Patient.birthDate' },
              { name: 'value', valueDate: '1981-02-03' },
            ],
          },
        ],
      };
      const answer = await ask(admin, 'PATCH', `Patient/${id}`, patch);
      expect(answer.status, answer.text).to.equal(200);
      expect(at(answer.body, 'birthDate')).to.equal('1981-02-03');
    });

    it('refuses what does not fit, what is unsound afterwards, a stale If-Match, and a patch of the id', async () => {
      const id = await made(admin, patient({ active: true }));
      const patch = (operations: unknown, headers = {}) =>
        ask(admin, 'PATCH', `Patient/${id}`, JSON.stringify(operations), { ...json, ...headers });
      expect((await patch([{ op: 'remove', path: '/name' }])).status).to.be.oneOf([400, 422]);
      refusedWith(await patch([{ op: 'add', path: '/gender', value: 'mael' }]), 400, 'code-invalid');
      refusedWith(
        await patch([{ op: 'add', path: '/gender', value: 'male' }], { 'If-Match': 'W/"9"' }),
        412,
        'conflict',
      );
      refusedWith(await patch([{ op: 'replace', path: '/id', value: 'x' }]), 400, 'invalid');
      refusedWith(await patch([{ op: 'replace', path: '/resourceType', value: 'Person' }]), 400, 'invalid');
      expect((await ask(admin, 'GET', `Patient/${id}`)).headers.get('etag')).to.equal('W/"1"');
      const absent = await ask(admin, 'PATCH', 'Patient/absent', JSON.stringify([]), json);
      refusedWith(absent, 404, 'not-found');
    });
  });

  describe('delete', () => {
    it('makes a version that says so, once', async () => {
      const id = await made(admin, patient());
      const answer = await ask(admin, 'DELETE', `Patient/${id}`);
      expect([answer.status, answer.text, answer.headers.get('etag')]).to.deep.equal([204, '', 'W/"2"']);
      expect((await ask(admin, 'DELETE', `Patient/${id}`)).headers.get('etag')).to.equal(null);
      expect((await ask(admin, 'DELETE', 'Patient/never-there')).status).to.equal(204);
      expect(at((await ask(admin, 'GET', `Patient/${id}/_history/1`)).body, 'id')).to.equal(id);
    });

    it('takes If-Match', async () => {
      const id = await made(admin, patient());
      refusedWith(await ask(admin, 'DELETE', `Patient/${id}`, undefined, { 'If-Match': 'W/"2"' }), 412, 'conflict');
      expect((await ask(admin, 'DELETE', `Patient/${id}`, undefined, { 'If-Match': 'W/"1"' })).status).to.equal(204);
    });

    it('is refused while others refer to it, and they are named', async () => {
      const id = await made(admin, patient());
      const other = await made(admin, observation(`Patient/${id}`));
      refusedWith(await ask(admin, 'DELETE', `Patient/${id}`), 409, 'conflict', new RegExp(`Observation/${other}`));
      expect((await ask(admin, 'GET', `Patient/${id}`)).status).to.equal(200);
      await ask(admin, 'DELETE', `Observation/${other}`);
      expect((await ask(admin, 'DELETE', `Patient/${id}`)).status).to.equal(204);
    });

    it('knows references that no search parameter covers', async () => {
      const id = await made(admin, identified('covered'));
      const extension = [{ url: 'http://x.example/y', valueReference: { reference: `Patient/${id}` } }];
      const other = await made(admin, { resourceType: 'Basic', code: { text: 'x' }, extension });
      refusedWith(await ask(admin, 'DELETE', `Patient/${id}`), 409, 'conflict', new RegExp(`Basic/${other}`));
    });
  });

  it('is changed by forty at once, and none is refused or lost', async () => {
    const id = await made(admin, patient());
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, n) =>
        ask(admin, 'PUT', `Patient/${id}`, patient({ id, name: [{ family: `n${n}` }] })),
      ),
    );
    expect(answers.map(({ status }) => status)).to.deep.equal(answers.map(() => 200));
    const versions = answers.map(({ body }) => Number(textAt(body, 'meta', 'versionId')));
    expect(versions.toSorted((a, b) => a - b)).to.deep.equal(Array.from({ length: 40 }, (_, n) => n + 2));
    const times = await Promise.all(
      Array.from({ length: 41 }, async (_, n) =>
        Date.parse(textAt((await ask(admin, 'GET', `Patient/${id}/_history/${n + 1}`)).body, 'meta', 'lastUpdated')),
      ),
    );
    for (const [n, time] of times.slice(1).entries()) expect(time, `version ${n + 2}`).to.be.greaterThan(times[n] ?? 0);
  });
});
