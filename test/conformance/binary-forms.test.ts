import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { startTestServer, type TestCaller, type TestServer } from '@heddle/core/testing';
import { ask, at, listAt, patient, refusedWith, textAt, type Json } from './asked.ts';
import { base64, binary, handOn } from './binary-asked.ts';

const fhir = { Accept: 'application/fhir+json' };
const browser = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8';

describe('a Binary as a resource', () => {
  let server: TestServer;
  let admin: TestCaller;
  let hand: ReturnType<typeof handOn>;
  before(async () => {
    server = await startTestServer({ environment: { HEDDLE__FHIR__BINARY__INLINE_BYTES: '100000' } });
    admin = await server.as('admin');
    hand = handOn(server, admin);
  });
  after(() => server.close());

  it('has the data that its bytes are, and the bytes are the data of the resource', async () => {
    const bytes = randomBytes(1_000);
    const raw = await ask(admin, 'GET', `Binary/${await hand.put(bytes, 'application/pdf')}`, undefined, fhir);
    expect([raw.status, raw.headers.get('content-type')]).to.deep.equal([200, 'application/fhir+json; charset=utf-8']);
    expect(raw.body).to.deep.include({ contentType: 'application/pdf', data: base64(bytes) });
    const created = await ask(admin, 'POST', 'Binary', binary({ data: base64(bytes) }));
    expect(created.body).to.deep.include({ contentType: 'application/pdf', data: base64(bytes) });
    const id = textAt(created.body, 'id');
    expect((await hand.get(`Binary/${id}`)).bytes.equals(bytes)).to.equal(true);
    const read = await ask(admin, 'GET', `Binary/${id}`, undefined, fhir);
    expect(read.text).to.equal(created.text);
    expect(read.headers.get('content-length')).to.equal(String(read.text.length));
  });

  it('is sent whole however long it is, in XML too, and in part without its data', async () => {
    for (const size of [262_143, 262_144, 500_001]) {
      const bytes = randomBytes(size);
      const id = await hand.put(bytes, 'image/png');
      const json = await ask(admin, 'GET', `Binary/${id}?_format=json&_pretty=true`);
      expect(json.body.data === base64(bytes), `${size}`).to.equal(true);
      const xml = await hand.get(`Binary/${id}`, { Accept: 'application/fhir+xml' });
      expect(xml.bytes.toString()).to.contain(`<data value="${base64(bytes)}"/></Binary>`);
      expect((await ask(admin, 'GET', `Binary/${id}?_summary=true`, undefined, fhir)).body).not.to.have.property(
        'data',
      );
      const elements = await ask(admin, 'GET', `Binary/${id}?_elements=data`, undefined, fhir);
      expect(elements.body.data === base64(bytes)).to.equal(true);
    }
  });

  it('comes in XML as well', async () => {
    const body = `<Binary xmlns="http://hl7.org/fhir"><contentType value="text/plain"/><data value="${base64(Buffer.from('hi'))}"/></Binary>`;
    const answer = await ask(admin, 'POST', 'Binary', body, { 'Content-Type': 'application/fhir+xml' });
    expect((await hand.get(`Binary/${textAt(answer.body, 'id')}`)).bytes.toString()).to.equal('hi');
  });

  for (const [accept, type, form] of [
    ['*/*', 'application/pdf', 'bytes'],
    ['', 'application/pdf', 'bytes'],
    ['application/pdf', 'application/pdf', 'bytes'],
    ['image/png', 'application/pdf', 'bytes'],
    [browser, 'application/pdf', 'bytes'],
    ['application/fhir+json', 'application/pdf', 'json'],
    ['application/fhir+json, */*', 'application/pdf', 'json'],
    ['application/fhir+json;q=0.5, */*', 'application/pdf', 'bytes'],
    ['application/fhir+xml', 'application/pdf', 'xml'],
    ['application/json', 'application/pdf', 'json'],
    ['application/json', 'application/json', 'bytes'],
    ['application/json, */*;q=0.1', 'application/pdf', 'bytes'],
    ['application/fhir+json', 'application/fhir+json', 'json'],
  ] as const)
    it(`of ${type} is answered to Accept: ${accept.slice(0, 40) || 'nothing'} as ${form}`, async () => {
      const id = await hand.put(Buffer.from('{"resourceType":"Basic"}'), type);
      const { headers } = await hand.get(`Binary/${id}`, { Accept: accept });
      const types = { bytes: type, json: 'application/fhir+json', xml: 'application/fhir+xml' };
      expect(headers.get('content-type')?.split(';')[0]).to.equal(types[form]);
    });

  it('is taken for one only if it is one: other documents of FHIR’s media types are content', async () => {
    const text = JSON.stringify(patient({ active: true }));
    const id = await hand.put(Buffer.from(text), 'application/fhir+json');
    expect((await hand.get(`Binary/${id}`)).bytes.toString()).to.equal(text);
    const file = await hand.put(Buffer.from('[1, 2'), 'application/json');
    expect((await hand.get(`Binary/${file}`)).bytes.toString()).to.equal('[1, 2');
    refusedWith(await ask(admin, 'POST', 'Binary', '{"resourceType":"Binary", oops'), 400, 'structure');
    const spoilt = { 'Content-Type': 'application/json' };
    refusedWith(await ask(admin, 'POST', 'Binary', '{"resourceType":"Binary", oops', spoilt), 400, 'structure');
  });

  it('may be patched, with its data in it, and keeps its bytes where the patch does not touch them', async () => {
    const bytes = randomBytes(300);
    const json = { 'Content-Type': 'application/json-patch+json' };
    const patch = (id: string, ...operations: Json[]) =>
      ask(admin, 'PATCH', `Binary/${id}`, JSON.stringify(operations), json);
    const id = await hand.put(bytes, 'image/png');
    const typed = await patch(id, { op: 'replace', path: '/contentType', value: 'image/gif' });
    expect(typed.body).to.deep.include({ contentType: 'image/gif', data: base64(bytes) });
    expect((await hand.get(`Binary/${id}`)).bytes.equals(bytes)).to.equal(true);
    const replaced = await patch(id, { op: 'replace', path: '/data', value: 'AAAA' });
    expect(replaced.body.data).to.equal('AAAA');
    expect((await hand.get(`Binary/${id}`)).bytes.toString('hex')).to.equal('000000');
    expect((await hand.get(`Binary/${id}/_history/1`)).bytes.equals(bytes)).to.equal(true);
    expect((await patch(id, { op: 'remove', path: '/data' })).body).not.to.have.property('data');
    expect((await hand.get(`Binary/${id}`)).bytes.length).to.equal(0);
    const long = randomBytes(200_000);
    const far = await hand.put(long, 'image/png');
    expect((await patch(far, { op: 'replace', path: '/contentType', value: 'image/gif' })).status).to.equal(200);
    expect((await hand.get(`Binary/${far}`)).bytes.equals(long)).to.equal(true);
  });

  it('stands in transactions and batches like any other', async () => {
    const entry = [
      { resource: binary({ id: 'in-tx', data: 'AAEC' }), request: { method: 'PUT', url: 'Binary/in-tx' } },
      { resource: binary({ data: 'AAED' }), request: { method: 'POST', url: 'Binary' } },
      { request: { method: 'GET', url: 'Binary/in-tx' } },
    ];
    for (const type of ['transaction', 'batch']) {
      const answer = await ask(admin, 'POST', '', {
        resourceType: 'Bundle',
        type,
        entry: type === 'batch' ? entry.slice(1) : entry,
      });
      expect(answer.status, answer.text).to.equal(200);
      const [read] = listAt(answer.body, 'entry').slice(-1);
      expect(at(read, 'resource', 'data'), type).to.equal('AAEC');
      const [, id = ''] = textAt(answer.body, 'entry', type === 'batch' ? 0 : 1, 'response', 'location').split('/');
      expect((await hand.get(`Binary/${id}`)).bytes.toString('hex'), type).to.equal('000103');
    }
    const before = await hand.pieces();
    const spoilt = [
      ...entry.slice(1, 2),
      { resource: { resourceType: 'Patient', gender: 'x' }, request: { method: 'POST', url: 'Patient' } },
    ];
    expect(
      (await ask(admin, 'POST', '', { resourceType: 'Bundle', type: 'transaction', entry: spoilt })).status,
    ).to.equal(400);
    expect(await hand.pieces()).to.deep.equal(before);
  });

  it('is found with its data, unless that is too long for a bundle, which is said', async () => {
    const [short, long] = [await hand.put(Buffer.from('abc'), 'a/b'), await hand.put(randomBytes(100_001), 'a/b')];
    const found = await ask(admin, 'GET', `Binary?_id=${short},${long}`);
    const entries = listAt(found.body, 'entry').map((entry) => at(entry, 'resource'));
    const of = (id: string) => entries.find((one) => at(one, 'id') === id);
    expect(at(of(short), 'data')).to.equal('YWJj');
    expect(of(long)).not.to.have.property('data');
    expect(at(of(long), 'meta', 'tag', 0, 'code')).to.equal('SUBSETTED');
    const history = await ask(admin, 'GET', `Binary/${short}/_history`);
    expect(at(history.body, 'entry', 0, 'resource', 'data')).to.equal('YWJj');
    refusedWith(await ask(admin, 'PUT', `Binary/${long}`, of(long)), 422, 'processing', /left out/);
  });
});
