/** What no search value is, asked at every door: the caller learns which parameter it was. */
import { expect } from 'chai';
import { startTestServer, type TestCaller, type TestServer } from '@heddle/core/testing';
import { ask, at, listAt, refusedWith, textAt, type Answered } from './asked.ts';
import { observed, putAll, refer } from './searching.ts';

const names = ['__proto__', 'constructor', 'toString', 'valueOf', 'hasOwnProperty'];

describe('what a search cannot mean', () => {
  let server: TestServer;
  let admin: TestCaller;
  before(async () => {
    server = await startTestServer();
    admin = await server.as('admin');
    await putAll(admin, [
      { resourceType: 'Patient', id: 'p1', name: [{ family: 'Smith' }] },
      observed('o1', { subject: refer('Patient/p1') }),
    ]);
  });
  after(() => server.close());

  const get = (path: string, headers?: Readonly<Record<string, string>>): Promise<Answered> =>
    ask(admin, 'GET', path, undefined, headers);
  const strict = { Prefer: 'handling=strict' };
  const expressionOf = ({ body }: Answered): unknown => at(body, 'issue', 0, 'expression', 0);

  /** 400 that names the parameter. */
  const refuses = async (path: string, name: string): Promise<void> => {
    const answer = await get(path);
    expect(answer.status, `${path} ${answer.text}`).to.equal(400);
    expect(expressionOf(answer), `${path} ${answer.text}`).to.equal(name);
  };

  describe('names that every object has are parameters that nobody knows', () => {
    const doors: readonly (readonly [path: (name: string) => string, told: (name: string) => string])[] = [
      [(name) => `Patient?${name}=x`, (name) => name],
      [(name) => `Patient?${name}:exact=x`, (name) => `${name}:exact`],
      [(name) => `Observation?patient.${name}=x`, (name) => `patient.${name}`],
      [(name) => `Patient?_has:Observation:patient:${name}=x`, (name) => `_has:Observation:patient:${name}`],
      [(name) => `?_type=Patient,Observation&${name}=x`, (name) => name],
      [(name) => `Patient/p1/*?${name}=x`, (name) => name],
      [(name) => `Patient/p1/Observation?${name}=x`, (name) => name],
    ];
    for (const name of names)
      it(name, async () => {
        for (const [path, told] of doors) {
          const lenient = await get(path(name));
          expect(lenient.status, `${path(name)} ${lenient.text}`).to.equal(200);
          expect(lenient.text, path(name)).to.include(`the search parameter ${told(name)} is not known`);
          const answer = await get(path(name), strict);
          refusedWith(answer, 400, 'invalid');
          expect(expressionOf(answer), path(name)).to.equal(told(name));
        }
        for (const path of [
          `Patient?_filter=${name} eq x`,
          `Observation?_filter=patient.${name} eq x`,
          `Patient?name:${name}=x`,
          `Patient?_sort=${name}`,
          `Patient?_include=Patient:${name}`,
          `Patient?_include=${name}:x`,
          `Patient?_elements=${name}`,
          `Patient?_summary=${name}`,
          `Patient?_total=${name}`,
          `Patient?_filter=name ${name} x`,
          `Location?near=1|2|3|${name}`,
          `Observation?code:in=${name}`,
        ])
          refusedWith(await get(path), 400, 'invalid');
        refusedWith(await get(`?_type=${name}`), 400, 'invalid');
        expect((await get(`Patient?_format=${name}`)).status).to.equal(406);
        expect((await get('Patient', { Accept: name })).status).to.equal(406);
        const exists = await ask(
          admin,
          'POST',
          'Patient',
          { resourceType: 'Patient' },
          { 'If-None-Exist': `${name}=x` },
        );
        refusedWith(exists, 400, 'invalid');
        refusedWith(await ask(admin, 'DELETE', `Patient?${name}=x`), 400, 'invalid');
        const entry = [
          { request: { method: 'GET', url: `Patient?${name}=x` } },
          {
            request: { method: 'POST', url: 'Patient', ifNoneExist: `${name}=x` },
            resource: { resourceType: 'Patient' },
          },
        ];
        const batch = await ask(admin, 'POST', '', { resourceType: 'Bundle', type: 'batch', entry });
        const statuses = listAt(batch.body, 'entry').map((each) => textAt(each, 'response', 'status').slice(0, 3));
        expect(statuses).to.deep.equal(['200', '400']);
        const query = { query: `{ PatientList(${name}: "x") { id } }` };
        const graphql = await ask(admin, 'POST', '$graphql', query, { 'Content-Type': 'application/json' });
        expect(graphql.status, graphql.text).to.equal(400);
      });
  });

  describe('control characters', () => {
    const paths: Readonly<Record<string, string>> = {
      'Patient?_id=%00': '_id',
      'Patient?_id=a%00b': '_id',
      'Patient?_id:not=%00': '_id:not',
      'Patient?_list=%00': '_list',
      'Patient?family=%01x': 'family',
      'Patient?family:exact=%7f': 'family:exact',
      'Patient?identifier=a|%1f': 'identifier',
      'Patient?birthdate=2020%00': 'birthdate',
      'Observation?patient._id=%00': 'patient._id',
      'Patient?_has:Observation:patient:_id=%00': '_has:Observation:patient:_id',
      'Patient?_filter=_id%20eq%20%22%00%22': '_filter',
    };
    for (const [path, name] of Object.entries(paths)) it(path, () => refuses(path, name));

    it('in criteria, in a bundle and in GraphQL', async () => {
      const criteria = { 'If-None-Exist': '_id=%00' };
      refusedWith(await ask(admin, 'POST', 'Patient', { resourceType: 'Patient' }, criteria), 400, 'invalid', /_id/);
      const entry = [{ request: { method: 'GET', url: 'Patient?_id=%00' } }];
      const batch = await ask(admin, 'POST', '', { resourceType: 'Bundle', type: 'batch', entry });
      expect(textAt(batch.body, 'entry', 0, 'response', 'status').slice(0, 3)).to.equal('400');
      const query = { query: '{ PatientList(_id: "\\u0000") { id } }' };
      const { status, text } = await ask(admin, 'POST', '$graphql', query, { 'Content-Type': 'application/json' });
      expect(status, text).to.be.below(500);
      expect(text).to.include('_id');
    });

    it('but tabs and line ends are text', async () => {
      expect((await get('Patient?family=a%09b%0d%0ac')).status).to.equal(200);
    });
  });

  describe('wrong values', () => {
    const paths: Readonly<Record<string, string>> = {
      ...{ 'Patient?name=%20': 'name', 'Patient?name=%CC%81': 'name', 'Patient?name=a,%20': 'name' },
      ...{ 'Patient?name:contains=%CC%81': 'name:contains', 'Observation?code:text=%20': 'code:text' },
      ...{ 'Location?near=%20|0': 'near', 'Location?near=1|2|1e999|km': 'near', 'Location?near=1|2|3|km|x': 'near' },
      ...{ 'Observation?date=2013-01-14T24:00': 'date', 'Observation?date=2013-01-14T10:00%2B15:00': 'date' },
      ...{ 'Observation?date=0000': 'date', 'Patient?name=%5C': 'name', 'Patient?name=a%5C%5C%5C': 'name' },
      ...{ 'Patient?name=%FF': 'name', 'Patient?name=%ED%A0%80': 'name', 'Patient?given=a&name=x%C3': 'name' },
      ...{ 'Observation?subject=Patient/': 'subject', 'Observation?subject=Patient/p1/foo': 'subject' },
      ...{ 'Observation?subject=Patient/p1/_history/9': 'subject', 'Patient?_list=$current-problems': '_list' },
      ...{ 'Observation?value-quantity=5.4|http://unitsofmeasure.org': 'value-quantity' },
      ...{
        'Observation?value-quantity=5.4|a|b|c': 'value-quantity',
        'Observation?value-quantity=5.4|': 'value-quantity',
      },
      ...{ 'Patient?_query=x': '_query', 'Observation?code:in=http://x/nope': 'code:in' },
      ...{ 'Patient?active=maybe': 'active', 'Patient?active=TRUE': 'active', 'Patient?deceased=x': 'deceased' },
      'Patient?_summary=text&_revinclude=Observation:patient': '_summary',
    };
    for (const [path, name] of Object.entries(paths)) it(path, () => refuses(path, name));

    it('are refused as criteria of a delete, which would else delete everything', async () => {
      refusedWith(await ask(admin, 'DELETE', 'Patient?name=%20'), 400, 'invalid', /name/);
      expect((await get('Patient/p1')).status).to.equal(200);
    });

    it('more than one search looks for is the fault of the caller', async () => {
      const many = (length: number, of: (n: number) => string): string =>
        Array.from({ length }, (_, n) => of(n)).join();
      const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
      const post = (body: string): Promise<Answered> => ask(admin, 'POST', 'Patient/_search', body, form);
      refusedWith(await post(`name=${many(5_000, (n) => `n${n}`)}`), 400, 'too-costly', /values/);
    });
  });

  describe('empty parameters are left out', () => {
    for (const path of ['Patient?name=&_sort=&_cursor=&_summary=', '?_type=&_id=p1'])
      it(path, async () => {
        const { status, text, body } = await get(path);
        expect(status, text).to.equal(200);
        const self = listAt(body, 'link').find((each) => at(each, 'relation') === 'self');
        expect(textAt(self, 'url')).not.to.match(/[?&][^=]*=(?:&|$)/);
      });

    it('and the self link says how many a page really has', async () => {
      const { body } = await get('Patient?_count=5000');
      expect(textAt(body, 'link', 0, 'url')).to.match(/_count=1000$/);
    });
  });
});
