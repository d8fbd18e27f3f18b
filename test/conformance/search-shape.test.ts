import { expect } from 'chai';
import { startTestServer, type TestCaller, type TestServer } from '@heddle/core/testing';
import { ask, at, listAt, made, patient, refusedWith, textAt } from './asked.ts';

describe('what shapes the answer of a search', () => {
  let server: TestServer;
  let admin: TestCaller;
  before(async () => {
    server = await startTestServer();
    admin = await server.as('admin');
    for (const family of ['Abel', 'Baker', 'Cohen']) await made(admin, patient({ name: [{ family }] }));
  });
  after(() => server.close());

  const handlings = ['handling=strict', 'handling=lenient', ''];
  const get = (query: string, prefer = '') =>
    ask(admin, 'GET', query, undefined, prefer === '' ? undefined : { Prefer: prefer });

  const refused: Readonly<Record<string, RegExp>> = {
    'Patient?_count=-1': /whole number/,
    'Patient?_count=many': /whole number/,
    'Patient?_count=1.5': /whole number/,
    'Patient?_count=1&_count=2': /_count is given more than once/,
    'Patient?_total=exact': /none, estimate, accurate/,
    'Patient?_total=none&_total=accurate': /more than once/,
    'Patient?_summary=short': /true, text, data, count, false/,
    'Patient?_summary=true&_summary=count': /more than once/,
    'Patient?_elements=name,nothing': /nothing, which Patient does not have/,
    'Patient?_elements=Patient.status': /Patient\.status/,
    'Patient?_elements=valueQuantity': /valueQuantity/,
    'Patient?_sort=nothing': /no search parameter nothing/,
    'Patient?_sort=--name': /no search parameter -name/,
    'Patient?_sort=name,gender,name,gender,name,gender,name,gender,name': /at most 8/,
    'Observation?_sort=code-value-quantity': /no order/,
    'Patient?_sort=_text': /_text/,
    'Patient?_include=Patient': /Type:parameter/,
    'Patient?_include=Horse:rider': /Type:parameter/,
    'Patient?_include=Patient:general-practitioner:Horse': /Type:parameter/,
    'Patient?_include=Patient:name': /no reference parameter name/,
    'Patient?_revinclude=Observation:code': /no reference parameter code/,
    'Patient?_cursor=abc': /_cursor/,
    'Patient?_id:exact=x': /no modifier/,
  };
  for (const [query, words] of Object.entries(refused))
    it(`${query} is refused and says why, however unknown parameters are handled`, async () => {
      for (const prefer of handlings) refusedWith(await get(query, prefer), 400, 'invalid', words);
    });

  it('knows no named queries, and never answers the search without one', async () => {
    for (const prefer of handlings) {
      refusedWith(await get('Patient?_query=frail&name=abel', prefer), 400, 'not-supported', /_query=frail/);
      refusedWith(await get('?_type=Patient&_query=frail', prefer), 400, 'not-supported', /_query=frail/);
    }
    const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
    refusedWith(await ask(admin, 'POST', 'Patient/_search', '_query=frail', form), 400, 'not-supported');
    refusedWith(await ask(admin, 'DELETE', 'Patient?_query=frail&name=abel'), 400, 'not-supported');
  });

  const total = async (query: string): Promise<unknown> => {
    const { body, text, status } = await get(query);
    expect(status, text).to.equal(200);
    return [at(body, 'total'), listAt(body, 'entry').length, listAt(body, 'link').length];
  };

  it('answers nothing but the count for _count=0, as for _summary=count', async () => {
    for (const query of ['_count=0', '_summary=count', '_count=00', '_count=0&_total=none', '_summary=count&_count=2'])
      expect(await total(`Patient?${query}`), query).to.deep.equal([3, 0, 1]);
  });

  it('gives fewer than were asked for rather than more', async () => {
    expect(await total('Patient?_count=99999999999999999999')).to.deep.equal([3, 3, 1]);
    expect(await total('Patient?_count=2&_total=accurate')).to.deep.equal([3, 2, 2]);
    expect(await total('Patient?_count=2&_total=estimate')).to.deep.equal([3, 2, 2]);
    expect(await total('Patient?_count=2')).to.deep.equal([undefined, 2, 2]);
    expect(await total('Patient?_count=&_total=&_sort=&_include=')).to.deep.equal([3, 3, 1]);
    expect(await total('Patient?_count=2&_count=2')).to.deep.equal([undefined, 2, 2]);
  });

  it('sorts by several, said at once or one by one', async () => {
    const families = async (query: string): Promise<string[]> =>
      listAt((await get(query)).body, 'entry').map((entry) => textAt(entry, 'resource', 'name', 0, 'family'));
    for (const query of ['_sort=gender,-family', '_sort=gender&_sort=-family', '_sort=gender,-family,family'])
      expect(await families(`Patient?${query}`), query).to.deep.equal(['Cohen', 'Baker', 'Abel']);
  });

  it('takes elements of what is included, and those that every resource has', async () => {
    for (const query of [
      'Patient?_elements=id,meta,name',
      'Patient?_elements=Patient.name, gender',
      'Patient?_elements=name,value&_revinclude=Observation:subject',
    ]) {
      const { status, text } = await get(encodeURI(query));
      expect(status, text).to.equal(200);
    }
  });

  it('leaves nothing out of a bundle without entries', async () => {
    const { body } = await get('Patient?family=nobody&_elements=name');
    expect(body).to.include.keys('total', 'link');
    expect(body).to.not.have.property('meta');
  });

  it('holds for the entries of a bundle too', async () => {
    const entries = ['Patient?_count=-1', 'Patient?_query=x', 'Patient?_summary=short', 'Patient?_count=0'];
    const entry = entries.map((url) => ({ request: { method: 'GET', url } }));
    const { body } = await ask(admin, 'POST', '', { resourceType: 'Bundle', type: 'batch', entry });
    const statuses = listAt(body, 'entry').map((each) => textAt(each, 'response', 'status').slice(0, 3));
    expect(statuses).to.deep.equal(['400', '400', '400', '200']);
  });

  it('names what it left out, and refuses it where that is asked', async () => {
    for (const query of [
      'Patient?_maxresults=2',
      'Patient?_include:deeper=Patient:organization',
      'Patient?_sort:asc=name',
    ]) {
      const { body, status } = await get(query);
      expect(status).to.equal(200);
      const notice = listAt(body, 'entry').find((entry) => at(entry, 'search', 'mode') === 'outcome');
      expect(textAt(notice, 'resource', 'issue', 0, 'diagnostics'), query).to.contain(query.slice(8).split('=')[0]);
      refusedWith(await get(query, 'handling=strict'), 400, 'invalid');
    }
  });
});
