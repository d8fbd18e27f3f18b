import { expect } from 'chai';
import { startTestServer, type TestCaller, type TestServer } from '@heddle/core/testing';
import { ask, at, listAt, refusedWith, textAt, type Json } from './asked.ts';
import { idsIn as ids } from './searching.ts';

describe('a search in pages', () => {
  let server: TestServer;
  let admin: TestCaller;
  before(async () => {
    server = await startTestServer();
    admin = await server.as('admin');
  });
  after(() => server.close());

  const nextOf = (body: unknown): string => {
    const url = textAt(
      listAt(body, 'link').find((each) => at(each, 'relation') === 'next'),
      'url',
    );
    return url.slice(url.indexOf('/fhir/') + 6);
  };

  it('shows what matched at first once, what changed since at most once, and nothing later', async () => {
    const names = Array.from({ length: 9 }, (_, n) => `paged-${n}`);
    const put = (id: string, rest: Json = {}) =>
      ask(admin, 'PUT', `Group/${id}`, { resourceType: 'Group', id, type: 'person', actual: true, ...rest });
    for (const id of names) await put(id);
    for (const sort of ['', '&_sort=_id', '&_sort=-_lastUpdated', '&_sort=-type']) {
      const seen: string[] = [];
      let { body } = await ask(admin, 'GET', `Group?type=person&_count=2${sort}`);
      seen.push(...ids(body));
      await put('paged-4', { active: sort !== '' });
      await put(`later${sort.replace(/\W/g, '')}`);
      await ask(admin, 'DELETE', 'Group/paged-7');
      while (listAt(body, 'link').some((each) => at(each, 'relation') === 'next')) {
        ({ body } = await ask(admin, 'GET', nextOf(body)));
        seen.push(...ids(body));
      }
      expect(new Set(seen).size, `${sort} ${seen.join()}`).to.equal(seen.length);
      const steady = names.filter((id) => id !== 'paged-4' && id !== 'paged-7');
      expect(seen, sort).to.include.members(steady);
      expect(seen, sort).not.to.include(`later${sort.replace(/\W/g, '')}`);
      await put('paged-7');
    }
  });

  it('shows each resource once in the order of its last change, however often it was changed', async () => {
    const put = (id: string, active: boolean) =>
      ask(admin, 'PUT', `Endpoint/${id}`, {
        ...{ resourceType: 'Endpoint', id, status: active ? 'active' : 'off', address: 'http://x.example' },
        ...{ connectionType: { code: 'dicom-wado-rs' }, payloadType: [{ text: 'x' }] },
      });
    for (const id of ['first', 'second', 'third']) await put(id, false);
    for (const id of ['second', 'first', 'second']) await put(id, true);
    await put('gone', true);
    await ask(admin, 'DELETE', 'Endpoint/gone');
    const wanted = ['third', 'first', 'second'];
    for (const [sort, names] of [
      ['_lastUpdated', wanted],
      ['-_lastUpdated', wanted.toReversed()],
    ] as const) {
      const { body } = await ask(admin, 'GET', `Endpoint?_sort=${sort}`);
      expect(ids(body), sort).to.deep.equal(names);
      const seen: string[] = [];
      for (let next = `Endpoint?_sort=${sort}&_count=1`; next !== '';) {
        const page = await ask(admin, 'GET', next);
        seen.push(...ids(page.body));
        const more = listAt(page.body, 'link').some((each) => at(each, 'relation') === 'next');
        next = more ? nextOf(page.body) : '';
      }
      expect(seen, `${sort} in pages`).to.deep.equal(names);
    }
  });

  it('takes no cursor that was made up, or that is of another question or tenant', async () => {
    const { body } = await ask(admin, 'GET', 'Group?type=person&_count=2');
    const next = nextOf(body);
    const other = await server.as('otherhospital-admin');
    refusedWith(await ask(other, 'GET', next), 400, 'invalid', /_cursor/);
    refusedWith(await ask(admin, 'GET', next.replace('person', 'animal')), 400, 'invalid', /_cursor/);
    refusedWith(await ask(admin, 'GET', next.replace(/_cursor=./, '_cursor=X')), 400, 'invalid', /_cursor/);
    refusedWith(await ask(admin, 'GET', 'Group?_cursor=abc'), 400, 'invalid', /_cursor/);
  });
});
