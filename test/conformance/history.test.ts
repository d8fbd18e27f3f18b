import { expect } from 'chai';
import { startTestServer, type TestCaller, type TestServer } from '@heddle/core/testing';
import { ask, at, listAt, made, patient, refusedWith, textAt } from './asked.ts';

describe('history', () => {
  let server: TestServer;
  let admin: TestCaller;
  let id: string;
  const versions = (body: unknown): unknown[] =>
    listAt(body, 'entry').map((entry) => [at(entry, 'request', 'method'), at(entry, 'response', 'etag')]);
  before(async () => {
    server = await startTestServer();
    admin = await server.as('admin');
    id = await made(admin, patient({ active: true }));
    await ask(admin, 'PUT', `Patient/${id}`, patient({ id, active: false }));
    await ask(admin, 'PATCH', `Patient/${id}`, JSON.stringify([{ op: 'add', path: '/gender', value: 'other' }]), {
      'Content-Type': 'application/json-patch+json',
    });
    await ask(admin, 'DELETE', `Patient/${id}`);
  });
  after(() => server.close());

  it('of a resource tells every version, latest first, and how each came about', async () => {
    const { status, body } = await ask(admin, 'GET', `Patient/${id}/_history`);
    expect([status, at(body, 'type')]).to.deep.equal([200, 'history']);
    expect(versions(body)).to.deep.equal([
      ['DELETE', 'W/"4"'],
      ['PATCH', 'W/"3"'],
      ['PUT', 'W/"2"'],
      ['POST', 'W/"1"'],
    ]);
    expect(at(body, 'entry', 0)).not.to.have.property('resource');
    expect(at(body, 'entry', 1, 'resource', 'gender')).to.equal('other');
    expect(at(body, 'entry', 3, 'request', 'url')).to.equal('Patient');
    expect(at(body, 'entry', 3, 'response', 'status')).to.equal('201');
  });

  it('comes in pages, each version once', async () => {
    const seen: unknown[] = [];
    for (let path = `Patient/${id}/_history?_count=1`; path !== '';) {
      const { body } = await ask(admin, 'GET', path);
      seen.push(...versions(body).flat());
      const next = listAt(body, 'link').find((link) => at(link, 'relation') === 'next');
      path = next ? textAt(next, 'url').replace(`${server.url}/fhir/`, '') : '';
    }
    expect(seen).to.deep.equal(['DELETE', 'W/"4"', 'PATCH', 'W/"3"', 'PUT', 'W/"2"', 'POST', 'W/"1"']);
  });

  it('refuses a parameter it does not know when strict handling is preferred', async () => {
    const path = `Patient/${id}/_history?_foo=1`;
    refusedWith(await ask(admin, 'GET', path, undefined, { Prefer: 'handling=strict' }), 400, 'invalid', /_foo/);
    expect((await ask(admin, 'GET', path)).status).to.equal(200);
  });

  it('_since leaves out what was made before; _at tells what was current then', async () => {
    const times = listAt((await ask(admin, 'GET', `Patient/${id}/_history`)).body, 'entry').map((entry) =>
      textAt(entry, 'response', 'lastModified'),
    );
    const [, third = '', second = ''] = times;
    const since = await ask(admin, 'GET', `Patient/${id}/_history?_since=${third}`);
    expect(versions(since.body)).to.deep.equal([
      ['DELETE', 'W/"4"'],
      ['PATCH', 'W/"3"'],
    ]);
    const then = await ask(admin, 'GET', `Patient/${id}/_history?_at=${second}`);
    expect(versions(then.body)).to.deep.equal([['PUT', 'W/"2"']]);
    const before = await ask(admin, 'GET', `Patient/${id}/_history?_at=2001`);
    expect(versions(before.body)).to.deep.equal([]);
    refusedWith(await ask(admin, 'GET', `Patient/${id}/_history?_since=yesterday`), 400, 'invalid');
  });

  it('of a type and of the system tells the versions of many, latest first', async () => {
    const organization = await made(admin, { resourceType: 'Organization', name: 'A' });
    const other = await made(admin, patient());
    const type = await ask(admin, 'GET', 'Patient/_history?_count=2');
    expect(listAt(type.body, 'entry').map((entry) => at(entry, 'response', 'location'))).to.deep.equal([
      `Patient/${other}/_history/1`,
      `Patient/${id}/_history/4`,
    ]);
    const system = await ask(admin, 'GET', '_history?_count=3');
    expect(listAt(system.body, 'entry').map((entry) => at(entry, 'response', 'location'))).to.deep.equal([
      `Patient/${other}/_history/1`,
      `Organization/${organization}/_history/1`,
      `Patient/${id}/_history/4`,
    ]);
    const pages: unknown[] = [];
    for (let path = '_history?_count=2'; path !== '';) {
      const { body } = await ask(admin, 'GET', path);
      pages.push(...listAt(body, 'entry').map((entry) => at(entry, 'response', 'location')));
      const next = listAt(body, 'link').find((link) => at(link, 'relation') === 'next');
      path = next ? textAt(next, 'url').replace(`${server.url}/fhir/`, '') : '';
    }
    expect(new Set(pages).size).to.equal(6);
    expect(pages).to.have.length(6);
  });

  it('of a resource that never was is 404, and of another tenant is too', async () => {
    refusedWith(await ask(admin, 'GET', 'Patient/never/_history'), 404, 'not-found');
    const there = await server.as('otherhospital-admin');
    refusedWith(await ask(there, 'GET', `Patient/${id}/_history`), 404, 'not-found');
    expect((await ask(there, 'GET', `Patient/${id}/_history/1`)).status).to.equal(404);
    expect(listAt((await ask(there, 'GET', '_history')).body, 'entry')).to.deep.equal([]);
  });

  it('of the system tells a caller nothing of types that the role may not see', async () => {
    refusedWith(await ask(await server.as('labtech'), 'GET', '_history'), 403, 'forbidden');
    refusedWith(await ask(await server.as('labtech'), 'GET', 'Coverage/_history'), 403, 'forbidden');
  });
});
