import { expect } from 'chai';
import { startTestServer, type TestCaller, type TestServer } from '@heddle/core/testing';
import { ask, at, identified, listAt, made, observation, patient, refusedWith, textAt, type Json } from './asked.ts';

const post = (fullUrl: string, resource: Json, rest: Json = {}): Json => ({
  ...{ fullUrl, resource },
  request: { method: 'POST', url: resource['resourceType'], ...rest },
});
const bundle = (type: string, entry: readonly Json[]): Json => ({ resourceType: 'Bundle', type, entry });
const [one, two] = ['urn:uuid:11111111-1111-4111-8111-111111111111', 'urn:uuid:22222222-2222-4222-8222-222222222222'];

describe('a transaction', () => {
  let server: TestServer;
  let admin: TestCaller;
  before(async () => {
    server = await startTestServer();
    admin = await server.as('admin');
  });
  after(() => server.close());
  const send = (...entry: readonly Json[]) => ask(admin, 'POST', '', bundle('transaction', entry));
  const locations = (body: unknown): string[] =>
    listAt(body, 'entry').map((entry) => textAt(entry, 'response', 'location').replace(/\/_history\/.*/, ''));
  const read = async (path: string): Promise<unknown> => (await ask(admin, 'GET', path)).body;
  const count = async (query: string): Promise<number> => listAt(await read(query), 'entry').length;

  it('makes resources that refer to each other, and rewrites every link between them', async () => {
    const div = `<div xmlns="http://www.w3.org/1999/xhtml"><a href="${one}">record</a></div>`;
    const { status, body, text } = await send(
      post(
        two,
        observation(one, {
          text: { status: 'generated', div },
          extension: [
            { url: 'http://x.example/e', valueReference: { reference: one } },
            { url: 'http://x.example/u', valueUri: one },
            { url: 'http://x.example/s', valueString: one },
          ],
        }),
      ),
      post(one, identified('linked')),
    );
    expect(status, text).to.equal(200);
    expect(at(body, 'type')).to.equal('transaction-response');
    const [made2 = '', made1 = ''] = locations(body);
    const stored = await read(made2);
    expect(at(stored, 'subject', 'reference')).to.equal(made1);
    expect(at(stored, 'extension', 0, 'valueReference', 'reference')).to.equal(made1);
    expect(at(stored, 'extension', 1, 'valueUri')).to.equal(made1);
    expect(at(stored, 'extension', 2, 'valueString')).to.equal(one);
    expect(textAt(stored, 'text', 'div')).to.contain(`<a href="${made1}">`);
    expect(await count(`Observation?subject=${made1}`)).to.equal(1);
  });

  it('follows absolute addresses and relative ones beside them', async () => {
    const { body, text } = await send(
      post('http://other.example/fhir/Patient/p1', patient()),
      post('http://other.example/fhir/Observation/o1', observation('Patient/p1')),
      post('http://other.example/fhir/Observation/o2', observation('http://other.example/fhir/Patient/p1')),
    );
    const [subject, first = '', second = ''] = locations(body);
    expect(subject, text).to.match(/^Patient\//);
    expect(at(await read(first), 'subject', 'reference')).to.equal(subject);
    expect(at(await read(second), 'subject', 'reference')).to.equal(subject);
  });

  it('does all or nothing', async () => {
    const before = await count('Patient?identifier=all-or-nothing');
    const refused = await send(post(one, identified('all-or-nothing')), post(two, observation('Patient/not-there')));
    refusedWith(refused, 422, 'not-found', /Bundle\.entry\[1\]\.resource\.subject/);
    const unsound = await send(post(one, identified('all-or-nothing')), post(two, patient({ gender: 'x' })));
    refusedWith(unsound, 400, 'code-invalid', /Bundle\.entry\[1\]\.resource\.gender/);
    const late = await send(post(one, identified('all-or-nothing')), {
      request: { method: 'GET', url: 'Patient/not-there' },
    });
    refusedWith(late, 404, 'not-found');
    expect(await count('Patient?identifier=all-or-nothing')).to.equal(before);
  });

  it('deletes before it creates, creates before it updates, and reads last', async () => {
    const id = await made(admin, identified('ordered'));
    const other = await made(admin, identified('other'));
    const { status, body, text } = await send(
      { request: { method: 'GET', url: 'Patient?identifier=ordered' } },
      { resource: patient({ id: other, active: true }), request: { method: 'PUT', url: `Patient/${other}` } },
      post(one, identified('ordered'), { ifNoneExist: 'identifier=ordered' }),
      { request: { method: 'DELETE', url: `Patient/${id}` } },
    );
    expect(status, text).to.equal(200);
    expect(listAt(body, 'entry').map((entry) => at(entry, 'response', 'status'))).to.deep.equal([
      '200 OK',
      '200 OK',
      '201 Created',
      '204 No Content',
    ]);
    expect(listAt(body, 'entry', 0, 'resource', 'entry')).to.have.length(1);
    expect(at(body, 'entry', 0, 'resource', 'entry', 0, 'resource', 'id')).not.to.equal(id);
  });

  it('answers what is read in the parts that were asked for', async () => {
    const id = await made(admin, identified('in-parts'));
    const get = (url: string): Json => ({ request: { method: 'GET', url } });
    for (const type of ['transaction', 'batch']) {
      const entry = [get(`Patient/${id}?_elements=id`), get('Patient?identifier=in-parts&_elements=id')];
      const { body } = await ask(admin, 'POST', '', bundle(type, entry));
      expect(at(body, 'entry', 0, 'resource')).to.have.all.keys('resourceType', 'id', 'meta');
      expect(at(body, 'entry', 1, 'resource', 'entry', 0, 'resource')).to.have.all.keys('resourceType', 'id', 'meta');
    }
    const late = await send(post(one, identified('never')), get(`Patient/${id}?_summary=x`));
    refusedWith(late, 400, 'invalid', /Bundle\.entry\[1\]/);
    expect(await count('Patient?identifier=never')).to.equal(0);
  });

  it('rewrites links in a JSON Patch too', async () => {
    const { subject: _subject, ...bare } = observation('');
    const id = await made(admin, bare);
    const patch = (reference: string) => {
      const data = Buffer.from(JSON.stringify([{ op: 'add', path: '/subject', value: { reference } }]));
      const resource = {
        resourceType: 'Binary',
        contentType: 'application/json-patch+json',
        data: data.toString('base64'),
      };
      return { resource, request: { method: 'PATCH', url: `Observation/${id}` } };
    };
    const broken = patch(one);
    broken.resource.data = Buffer.from(`[{"path":"${one}`).toString('base64');
    refusedWith(await send(broken, post(one, patient())), 400, 'structure');
    refusedWith(await send(patch(two), post(one, patient())), 400, 'not-found', /Bundle\.entry\[0\]\.resource\.data/);
    const { status, body, text } = await send(patch(one), post(one, patient()));
    expect(status, text).to.equal(200);
    expect(at(await read(`Observation/${id}`), 'subject', 'reference')).to.equal(locations(body)[1]);
  });

  it('refuses two entries that criteria may make one', async () => {
    const put = { resource: identified('twice'), request: { method: 'PUT', url: 'Patient?identifier=twice' } };
    const create = post(one, identified('twice'), { ifNoneExist: 'identifier=twice' });
    for (const second of [put, create]) refusedWith(await send(put, second), 400, 'duplicate');
    const both = { ...identified('twice'), identifier: ['twice', 'too'].map((value) => ({ value })) };
    const named = (value: string, fullUrl: string) => post(fullUrl, both, { ifNoneExist: `identifier=|${value}` });
    refusedWith(await send(named('twice', one), named('too', two)), 400, 'duplicate', /entries 0 and 1/);
    refusedWith(await send(post(one, both), named('too', two)), 400, 'duplicate');
    expect(await count('Patient?identifier=twice')).to.equal(0);
  });

  it('reads in its history what it has just written', async () => {
    const id = await made(admin, patient());
    const { status, body, text } = await send(
      { request: { method: 'GET', url: `Patient/${id}/_history` } },
      { request: { method: 'GET', url: `Patient/${id}/_history/2` } },
      { resource: patient({ id, active: true }), request: { method: 'PUT', url: `Patient/${id}` } },
    );
    expect(status, text).to.equal(200);
    expect(listAt(body, 'entry', 0, 'resource', 'entry')).to.have.length(2);
    expect(at(body, 'entry', 1, 'resource', 'active')).to.equal(true);
  });

  it('refuses two entries about one resource and names both', async () => {
    const id = await made(admin, identified('both-entries'));
    const put = { resource: patient({ id }), request: { method: 'PUT', url: `Patient/${id}` } };
    refusedWith(
      await send(put, { request: { method: 'DELETE', url: `Patient/${id}` } }),
      400,
      'duplicate',
      /entry\[0\].*entry\[1\]/,
    );
    refusedWith(await send(post(one, patient()), post(one, patient())), 400, 'duplicate');
    refusedWith(
      await send(put, {
        resource: identified('both-entries'),
        request: { method: 'PUT', url: 'Patient?identifier=both-entries' },
      }),
      400,
      'duplicate',
    );
  });

  it('finds what conditional entries and references name, the bundle itself included', async () => {
    const id = await made(admin, identified('named-by-criteria'));
    const { status, body, text } = await send(
      post(one, identified('named-by-criteria'), { ifNoneExist: 'identifier=named-by-criteria' }),
      post(two, observation(one)),
      post('urn:uuid:33333333-3333-4333-8333-333333333333', observation('Patient?identifier=named-by-criteria')),
      post('urn:uuid:44444444-4444-4444-8444-444444444444', identified('born-here')),
      post('urn:uuid:55555555-5555-4555-8555-555555555555', observation('Patient?identifier=born-here')),
      { resource: identified('put-here'), request: { method: 'PUT', url: 'Patient?identifier=put-here' } },
    );
    expect(status, text).to.equal(200);
    const [found, first = '', second = '', born, third = '', put = ''] = locations(body);
    expect(found).to.equal(`Patient/${id}`);
    expect(at(body, 'entry', 0, 'response', 'status')).to.equal('200 OK');
    expect(at(await read(first), 'subject', 'reference')).to.equal(`Patient/${id}`);
    expect(at(await read(second), 'subject', 'reference')).to.equal(`Patient/${id}`);
    expect(at(await read(third), 'subject', 'reference')).to.equal(born);
    expect(put).to.match(/^Patient\//);
    refusedWith(await send(post(one, observation('Patient?identifier=nobody-has-this'))), 422, 'processing');
  });

  it('takes If-Match of its entries', async () => {
    const id = await made(admin, patient());
    const put = (ifMatch: string) => ({
      resource: patient({ id, active: true }),
      request: { method: 'PUT', url: `Patient/${id}`, ifMatch },
    });
    refusedWith(await send(post(one, identified('with-stale')), put('W/"9"')), 412, 'conflict', /Bundle\.entry\[1\]/);
    expect(await count('Patient?identifier=with-stale')).to.equal(0);
    expect((await send(put('W/"1"'))).status).to.equal(200);
  });

  it('deletes what refers to each other, and is refused while others do', async () => {
    const id = await made(admin, patient());
    const child = await made(admin, observation(`Patient/${id}`));
    const removal = (path: string) => ({ request: { method: 'DELETE', url: path } });
    refusedWith(await send(removal(`Patient/${id}`)), 409, 'conflict', new RegExp(`Observation/${child}`));
    const both = await send(removal(`Patient/${id}`), removal(`Observation/${child}`));
    expect(both.status, both.text).to.equal(200);
    refusedWith(
      await send(removal(`Patient/${await made(admin, identified('x'))}`), post(one, observation(`Patient/${id}`))),
      422,
      'not-found',
    );
  });

  it('refuses a urn:uuid that no entry has, an entry without a request, and a bundle within', async () => {
    refusedWith(await send(post(one, observation(two))), 400, 'not-found', /Bundle\.entry\[0\]\.resource\.subject/);
    refusedWith(await send({ resource: patient() }), 400, 'structure', /Bundle\.entry\[0\]/);
    refusedWith(await send({ fullUrl: one, resource: patient() }), 400, 'invalid', /Bundle\.entry\[0\]/);
    refusedWith(
      await send({ resource: bundle('transaction', []), request: { method: 'POST', url: '/' } }),
      400,
      'structure',
    );
    refusedWith(await ask(admin, 'POST', '', bundle('collection', [])), 400, 'invalid');
  });

  it('keeps the digits of decimals', async () => {
    const text = JSON.stringify(bundle('transaction', [post(one, patient()), post(two, observation(one))])).replace(
      '"status":"final"',
      '"status":"final","valueQuantity":{"value":0.010}',
    );
    const { body } = await ask(admin, 'POST', '', text);
    const [, path = ''] = locations(body);
    expect((await ask(admin, 'GET', path)).text).to.contain('"value":0.010}');
    const search = await ask(admin, 'GET', `Observation?_id=${path.split('/')[1]}`);
    expect(search.text).to.contain('"value":0.010}');
  });

  it('takes thousands of entries', async () => {
    const entries = Array.from({ length: 4_000 }, (_, n) =>
      post(`urn:uuid:00000000-0000-4000-8000-${String(n).padStart(12, '0')}`, identified(`bulk-${n}`)),
    );
    const answer = await ask(admin, 'POST', '', bundle('transaction', entries));
    expect(answer.status, answer.text.slice(0, 500)).to.equal(200);
    expect(listAt(answer.body, 'entry')).to.have.length(4_000);
    expect(await count('Patient?identifier=bulk-3999')).to.equal(1);
  }).timeout(20_000);

  it('is refused of thousands of entries as quickly as it would be taken', async () => {
    const entries = (last: Json) => [
      ...Array.from({ length: 4_000 }, (_, n) =>
        post(`urn:uuid:00000000-0000-4000-9000-${String(n).padStart(12, '0')}`, identified('many')),
      ),
      post(one, last),
    ];
    const timed = async (last: Json): Promise<readonly [number, number]> => {
      const from = performance.now();
      const { status } = await ask(admin, 'POST', '', bundle('transaction', entries(last)));
      return [status, performance.now() - from];
    };
    const [refused, refusedMs] = await timed(patient({ gender: 'x' }));
    const [taken, takenMs] = await timed(patient());
    expect([refused, taken]).to.deep.equal([400, 200]);
    expect(refusedMs).to.be.below(takenMs * 3);
  }).timeout(30_000);

  it('of two that update the same resources in opposite order, both are done', async () => {
    const [a, b] = [await made(admin, patient()), await made(admin, patient())];
    const put = (id: string, family: string) => ({
      resource: patient({ id, name: [{ family }] }),
      request: { method: 'PUT', url: `Patient/${id}` },
    });
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        n % 2 ? send(put(a, `n${n}`), put(b, `n${n}`)) : send(put(b, `n${n}`), put(a, `n${n}`)),
      ),
    );
    expect(answers.map(({ status }) => status)).to.deep.equal(answers.map(() => 200));
    expect(at(await read(`Patient/${a}`), 'name')).to.deep.equal(at(await read(`Patient/${b}`), 'name'));
    expect(at(await read(`Patient/${a}`), 'meta', 'versionId')).to.equal('21');
  });
});

describe('a batch', () => {
  let server: TestServer;
  let admin: TestCaller;
  before(async () => {
    server = await startTestServer();
    admin = await server.as('admin');
  });
  after(() => server.close());

  it('does each entry for itself and tells each its own answer', async () => {
    const { status, body } = await ask(
      admin,
      'POST',
      '',
      bundle('batch', [
        post(one, identified('batched')),
        post(two, patient({ gender: 'x' })),
        { request: { method: 'GET', url: 'Patient/not-there' } },
        { request: { method: 'GET', url: 'metadata' } },
        { request: { method: 'PUT', url: 'metadata' } },
      ]),
    );
    expect([status, at(body, 'type')]).to.deep.equal([200, 'batch-response']);
    expect(listAt(body, 'entry').map((entry) => textAt(entry, 'response', 'status').slice(0, 3))).to.deep.equal([
      '201',
      '400',
      '404',
      '200',
      '405',
    ]);
    expect(at(body, 'entry', 1, 'response', 'outcome', 'issue', 0, 'expression', 0)).to.equal('Patient.gender');
    expect(at(body, 'entry', 3, 'resource', 'resourceType')).to.equal('CapabilityStatement');
  });

  it('asks for nothing that its caller may not do', async () => {
    const nurse = await server.as('nurse');
    const { status, body } = await ask(
      nurse,
      'POST',
      '',
      bundle('batch', [post(one, patient()), { request: { method: 'GET', url: 'Coverage/x' } }]),
    );
    expect(status).to.equal(200);
    expect(listAt(body, 'entry').map((entry) => at(entry, 'response', 'status'))).to.deep.equal(['403', '403']);
  });

  it('returns what was written when asked to', async () => {
    const { body } = await ask(admin, 'POST', '', bundle('batch', [post(one, patient({ active: true }))]), {
      Prefer: 'return=representation',
    });
    expect(at(body, 'entry', 0, 'resource', 'active')).to.equal(true);
  });
});
