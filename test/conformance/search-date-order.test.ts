import { expect } from 'chai';
import { startTestServer, type TestCaller, type TestServer } from '@heddle/core/testing';
import { ask, at, listAt, observation, refusedWith, textAt, type Json } from './asked.ts';

const period = (start?: string, end?: string): Json => ({
  effectivePeriod: { ...(start === undefined ? {} : { start }), ...(end === undefined ? {} : { end }) },
});

/** From the latest to the earliest; ties are left out. */
const dated: readonly (readonly [id: string, rest: Json])[] = [
  ['now', { effectiveDateTime: '2026-05-01T10:00:00Z' }],
  ['last-century', { effectiveDateTime: '1999-12-31' }],
  ['first-day', { effectiveDateTime: '1970-01-01T00:00:01Z' }],
  ['epoch', { effectiveDateTime: '1970-01-01T00:00:00Z' }],
  ['just-before', { effectiveDateTime: '1969-12-31T23:59:59Z' }],
  ['a-year-before', { effectiveDateTime: '1969' }],
  ['since', period('1930-02-03')],
  ['old', { effectiveDateTime: '1899-12-31' }],
  ['until', period(undefined, '1800-01-01')],
];

describe('the order of dates', () => {
  let server: TestServer;
  let admin: TestCaller;
  before(async () => {
    server = await startTestServer();
    admin = await server.as('admin');
    await ask(admin, 'PUT', 'Patient/ann', { resourceType: 'Patient', id: 'ann' });
    // Written in no order at all.
    const all = [...dated, ['none', {}] as const, ['none-either', {}] as const];
    for (const [id, rest] of all.toSorted(([a], [b]) => a.length - b.length)) {
      const written = await ask(admin, 'PUT', `Observation/${id}`, observation('Patient/ann', { id, ...rest }));
      expect(written.status, written.text).to.equal(201);
    }
  });
  after(() => server.close());

  const pages = async (query: string): Promise<string[]> => {
    const seen: string[] = [];
    for (let next: string | undefined = query; next !== undefined;) {
      const { body, status, text } = await ask(admin, 'GET', next);
      expect(status, text).to.equal(200);
      seen.push(...listAt(body, 'entry').map((entry) => textAt(entry, 'resource', 'id')));
      const link = listAt(body, 'link').find((each) => at(each, 'relation') === 'next');
      next = link === undefined ? undefined : textAt(link, 'url').replace(/.*\/fhir\/?/, '');
    }
    return seen;
  };

  const ids = dated.map(([id]) => id);
  // Read by one index in its order, by a sort of what another finds, and by a sort of the whole type.
  for (const narrowed of [
    'patient=ann',
    'subject=Patient/ann',
    'code=8480-6',
    'code=http://loinc.org|8480-6',
    'status=final',
    '',
  ])
    for (const count of [1, 2, 3, 50])
      it(`puts what has no date last, whichever way, of Observation?${narrowed} in pages of ${count}`, async () => {
        const down = await pages(`Observation?${narrowed}&_sort=-date&_count=${count}`);
        expect(down.slice(0, -2)).to.deep.equal(ids);
        expect(down.slice(-2).toSorted()).to.deep.equal(['none', 'none-either']);
        const up = await pages(`Observation?${narrowed}&_sort=date&_count=${count}`);
        expect(up.slice(0, -2)).to.deep.equal(ids.toReversed());
        expect(up.slice(-2).toSorted()).to.deep.equal(['none', 'none-either']);
      });

  it('merges several types in the same order', async () => {
    const composition = { resourceType: 'List', id: 'before', status: 'current', mode: 'working', date: '1950-01-01' };
    await ask(admin, 'PUT', 'List/before', composition);
    await ask(admin, 'PUT', 'List/undated', { ...composition, id: 'undated', date: undefined });
    for (const count of [1, 4, 50]) {
      const down = await pages(`?_type=Observation,List&_sort=-date&_count=${count}`);
      expect(down.slice(0, -3)).to.deep.equal([...ids.slice(0, 6), 'before', ...ids.slice(6)]);
    }
    for (const id of ['before', 'undated']) await ask(admin, 'DELETE', `List/${id}`);
  });

  it('finds dates of before 1970 by every prefix', async () => {
    const found = async (date: string) => (await pages(`Observation?patient=ann&date=${date}`)).toSorted();
    expect(await found('lt1970-01-01')).to.deep.equal(
      ['a-year-before', 'just-before', 'old', 'since', 'until'].toSorted(),
    );
    expect(await found('1970-01-01T00:00:00Z')).to.deep.equal(['epoch']);
    expect(await found('1969')).to.deep.equal(['a-year-before', 'just-before']);
    expect(await found('eb1900')).to.deep.equal(['old', 'until']);
    refusedWith(await ask(admin, 'GET', 'Observation?date=1969-13'), 400, 'invalid');
  });

  it('follows a date that is taken away or moved across 1970', async () => {
    const put = (rest: Json) =>
      ask(admin, 'PUT', 'Observation/now', observation('Patient/ann', { id: 'now', ...rest }));
    const down = () => pages('Observation?patient=ann&code=8480-6&_sort=-date&_count=3');
    await put({ effectiveDateTime: '1969-12-31T23:59:59.5Z' });
    expect((await down()).indexOf('now')).to.equal(3);
    await put({});
    expect((await down()).indexOf('now')).to.be.above(6);
    await put({ effectiveDateTime: '2026-05-01T10:00:00Z' });
    expect((await down()).indexOf('now')).to.equal(0);
  });
});
