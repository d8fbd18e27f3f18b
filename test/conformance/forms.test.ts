import { expect } from 'chai';
import { startTestServer, type TestCaller, type TestServer } from '@heddle/core/testing';
import { ask, at, identified, listAt, made, observation, patient, refusedWith, textAt } from './asked.ts';

const xml = { 'Content-Type': 'application/fhir+xml', Accept: 'application/fhir+xml' };

describe('the form of an answer', () => {
  let server: TestServer;
  let admin: TestCaller;
  let id: string;
  before(async () => {
    server = await startTestServer();
    admin = await server.as('admin');
    id = await made(
      admin,
      patient({
        text: { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml">A</div>' },
        ...identified('forms'),
        name: [{ family: 'Roe' }],
        photo: [{ contentType: 'image/png', title: 'face' }],
        communication: [{ language: { text: 'Igbo' } }],
      }),
    );
  });
  after(() => server.close());
  const get = (query: string, headers = {}) => ask(admin, 'GET', `Patient/${id}${query}`, undefined, headers);

  it('is JSON unless XML is asked for, by header or by _format', async () => {
    expect((await get('')).headers.get('content-type')).to.equal('application/fhir+json; charset=utf-8');
    for (const answer of [
      await get('', { Accept: 'application/fhir+xml' }),
      await get('', { Accept: 'application/json;q=0.5, text/xml;q=0.9' }),
      await get('?_format=xml'),
      await get('?_format=application/fhir+xml', { Accept: 'application/json' }),
    ]) {
      expect(answer.headers.get('content-type')).to.equal('application/fhir+xml; charset=utf-8');
      expect(answer.text).to.match(/^(<\?xml[^>]*>\s*)?<Patient xmlns="http:\/\/hl7.org\/fhir"><id value="/);
    }
    refusedWith(await get('?_format=pdf'), 406, 'not-supported');
    expect((await get('', { Accept: 'application/fhir+json; fhirVersion=4.0' })).status).to.equal(200);
    refusedWith(await get('', { Accept: 'application/fhir+json; fhirVersion=5.0' }), 406, 'not-supported');
  });

  it('of a refusal is the one that was asked for', async () => {
    const answer = await ask(admin, 'GET', 'Patient/none', undefined, { Accept: 'application/fhir+xml' });
    expect([answer.status, answer.headers.get('content-type')]).to.deep.equal([
      404,
      'application/fhir+xml; charset=utf-8',
    ]);
    expect(answer.text).to.contain('<OperationOutcome xmlns="http://hl7.org/fhir">');
  });

  it('goes in and out as XML, digits kept', async () => {
    const subject = `Patient/${id}`;
    const body = `<Observation xmlns="http://hl7.org/fhir"><status value="final"/><code><text value="K"/></code><subject><reference value="${subject}"/></subject><valueQuantity><value value="4.10"/></valueQuantity></Observation>`;
    const created = await ask(admin, 'POST', 'Observation', body, xml);
    expect(created.status, created.text).to.equal(201);
    expect(created.text).to.contain('<value value="4.10"/>');
    const path = (created.headers.get('location') ?? '').replace(`${server.url}/fhir/`, '').replace(/\/_history.*/, '');
    expect((await ask(admin, 'GET', path)).text).to.contain('"value":4.10}');
    const wrong = await ask(admin, 'POST', 'Observation', body.replace('final', 'finale'), xml);
    expect(wrong.status).to.equal(400);
    expect(wrong.text).to.contain('<expression value="Observation.status"/>');
    const search = await ask(admin, 'GET', `Observation?subject=${subject}`, undefined, xml);
    expect(search.text).to.match(/<Bundle xmlns[^]*<resource><Observation[ >]/);
  });

  it('refuses XML that is not well-formed, brings entities or goes too deep', async () => {
    for (const body of [
      '<Patient xmlns="http://hl7.org/fhir"><active value="true">',
      '<!DOCTYPE x [<!ENTITY a "b">]><Patient xmlns="http://hl7.org/fhir"/>',
      '<Patient><active value="true"/></Patient>',
      '<Patient xmlns="http://hl7.org/fhir"><horse value="1"/></Patient>',
    ])
      expect((await ask(admin, 'POST', 'Patient', body, xml)).status, body).to.equal(400);
  });

  it('is set out for people with _pretty', async () => {
    const { text, body } = await get('?_pretty=true');
    expect(text).to.match(/^\{\n {2}"resourceType": "Patient",\n/);
    expect(body).to.deep.equal((await get('')).body);
    const set = await get('?_format=xml&_pretty=true');
    expect(set.text).to.match(/\n {2}<id value="[^"]+"\/>\n/);
    const back = await ask(admin, 'PUT', `Patient/${textAt(body, 'id')}`, set.text, {
      'Content-Type': 'application/fhir+xml',
    });
    expect(back.status, back.text).to.equal(200);
    expect({ ...(await get('')).body, meta: 0 }).to.deep.equal({ ...body, meta: 0 });
  });

  it('leaves out what _summary and _elements leave out, and says that it is a subset', async () => {
    const summary = (await get('?_summary=true')).body;
    expect(Object.keys(summary)).to.include.members(['resourceType', 'id', 'meta', 'identifier', 'name']);
    expect(Object.keys(summary)).not.to.include.members(['text', 'photo']);
    const elements = (await get('?_elements=name,gender')).body;
    expect(Object.keys(elements).toSorted()).to.deep.equal(['id', 'meta', 'name', 'resourceType']);
    const text = (await get('?_summary=text')).body;
    expect(Object.keys(text).toSorted()).to.deep.equal(['id', 'meta', 'resourceType', 'text']);
    expect(Object.keys((await get('?_summary=data')).body))
      .to.include('photo')
      .and.not.include('text');
    for (const body of [summary, elements, text])
      expect(listAt(body, 'meta', 'tag').map((tag) => at(tag, 'code'))).to.deep.equal(['SUBSETTED']);
    const found = (await ask(admin, 'GET', `Patient?_id=${id}&_elements=name`)).body;
    expect(Object.keys(at(found, 'entry', 0, 'resource') as object)).not.to.include('identifier');
    refusedWith(await get('?_summary=some'), 400, 'invalid');
  });

  it('is compressed for who takes it', async () => {
    const entries = Array.from({ length: 20 }, (_, n) => identified(`compressed-${n}`));
    for (const entry of entries) await made(admin, entry);
    const answer = await ask(admin, 'GET', 'Patient?_count=20', undefined, { 'Accept-Encoding': 'gzip' });
    expect(answer.headers.get('content-encoding')).to.equal('gzip');
    expect(listAt(answer.body, 'entry')).to.have.length(20);
  });

  it('of a search names what was understood, and refuses or leaves out what was not', async () => {
    const lenient = await ask(admin, 'GET', 'Patient?identifier=forms&horse=1');
    expect(textAt(lenient.body, 'link', 0, 'url')).to.match(/identifier=forms$/);
    expect(at(lenient.body, 'entry', 1, 'search', 'mode')).to.equal('outcome');
    const strict = await ask(admin, 'GET', 'Patient?identifier=forms&horse=1', undefined, {
      Prefer: 'handling=strict',
    });
    refusedWith(strict, 400, 'invalid', /horse/);
  });
});

describe('bad input', () => {
  let server: TestServer;
  let admin: TestCaller;
  before(async () => {
    server = await startTestServer();
    admin = await server.as('admin');
  });
  after(() => server.close());

  const bad: Readonly<Record<string, readonly [body: string, words: RegExp]>> = {
    'JSON that breaks': ['{"resourceType":"Patient",\n  "active": tru}', /line 2/],
    'single quotes': [`{'resourceType':'Patient'}`, /line 1/],
    'a member twice': ['{"resourceType":"Patient","active":true,"active":false}', /active/],
    'U+0000': ['{"resourceType":"Patient","name":[{"family":"a\\u0000b"}]}', /line 1/],
    'half a surrogate': ['{"resourceType":"Patient","name":[{"family":"\\ud83d"}]}', /line 1/],
    'what is no character': ['{"resourceType":"Patient","name":[{"family":"a\ufffe"}]}', /line 1/],
    'what is no character, escaped': [String.raw`{"resourceType":"Patient","name":[{"family":"a\uFFFF"}]}`, /line 1/],
    'a broken escape': ['{"resourceType":"Patient","name":[{"family":"\\x"}]}', /line 1/],
    'a prototype key': ['{"resourceType":"Patient","__proto__":{"active":true}}', /Patient/],
    'a thousand levels': [`{"resourceType":"Patient","extension":${'['.repeat(1_000)}${']'.repeat(1_000)}}`, /./],
    'an empty list': ['{"resourceType":"Patient","name":[]}', /Patient\.name/],
    null: ['{"resourceType":"Patient","name":null}', /Patient\.name/],
    'a list': ['[]', /./],
  };
  for (const [what, [body, words]] of Object.entries(bad))
    it(`${what} is refused, with its place`, async () => {
      refusedWith(await ask(admin, 'POST', 'Patient', body), 400, 'structure', words);
    });

  it('saves nothing, and the server goes on', async () => {
    for (const [body] of Object.values(bad)) await ask(admin, 'POST', 'Patient', body);
    expect(listAt((await ask(admin, 'GET', 'Patient')).body, 'entry')).to.have.length(0);
    const subject = `Patient/${await made(admin, patient())}`;
    await made(admin, observation(subject));
  });
});
