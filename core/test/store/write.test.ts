import { expect } from 'chai';
import { methodCode, type Change } from '../../src/store/change.ts';
import { findCurrent, findVersion } from '../../src/store/resources.ts';
import { ridOf } from '../../src/store/rid.ts';
import { openWriter, writeOnce } from '../../src/store/writer.ts';
import type { Database } from '../../src/store/database.ts';
import { testDatabase, type TestDatabase } from '../../src/testing/postgres.ts';
import { found, noFence, openTestDatabase, sql } from './rig.ts';

const tenant = 1;
let number = 0;

const change = (id: string, rest: Partial<Change> = {}): Change => ({
  ...{ type: 'Patient', id, rid: ridOf('Patient', ++number), was: 0, method: 'POST', deleted: false },
  ...{ tail: `},"active":true}`, needs: [], ...found() },
  ...rest,
});

describe('the write statement', () => {
  let database: TestDatabase;
  let opened: Database;
  before(async () => {
    database = await testDatabase();
    opened = await openTestDatabase(database.serving);
    await sql(database.owner, `insert into heddle.tenant (name) values ('a')`);
  });
  after(async () => {
    await opened.close();
    await database.drop();
  });
  const write = (changes: readonly Change[], whole = false) =>
    writeOnce({ lane: opened.write, fence: noFence }, tenant, changes, whole);
  const current = (id: string) => findCurrent(opened.read, tenant, 'Patient', id);

  it('makes new resources with their words, spans and changes', async () => {
    const word = { param: 7, value: 'x\u0001y', at: 5 };
    const span = { param: 8, long: false, low: 1, high: 2 };
    const made = change('new', { adds: { words: [word], spans: [span] }, at: 5 });
    expect((await write([made]))[0]).to.include({ outcome: 'written', version: 1 });
    const [row] = await sql(
      database.owner,
      `set search_path = heddle`,
      `select w.value, w.at::int, s.low::int, s.high::int, c.version, r.method, r.at::int as dated
         from resource r join word w using (tenant, rid) join span s using (tenant, rid) join change c using (tenant, rid)
        where r.id = 'new'`,
    );
    expect(row).to.deep.equal({
      value: 'x\u0001y',
      at: 5,
      low: 1,
      high: 2,
      version: 1,
      method: methodCode('POST'),
      dated: 5,
    });
  });

  it('keeps the old version, and only touches the words that differ', async () => {
    const old = { param: 7, value: 'old', at: 0 };
    const fresh = { param: 7, value: 'fresh', at: 0 };
    const made = change('replaced', { adds: { words: [old], spans: [] } });
    await write([made]);
    const next: Change = {
      ...made,
      ...{ was: 1, method: 'PUT', tail: '},"active":false}' },
      ...{ adds: { words: [fresh], spans: [] }, drops: { words: [old], spans: [] } },
    };
    expect((await write([next]))[0]).to.include({ outcome: 'written', version: 2 });
    expect(await current('replaced')).to.include({ version: 2, tail: '},"active":false}' });
    expect(
      await findVersion((statement, values) => opened.read.run(tenant, statement, values), 'Patient', 'replaced', 1),
    ).to.include({
      version: 1,
      tail: '},"active":true}',
    });
    const words = await sql(database.owner, `select value from heddle.word where rid = ${made.rid}`);
    expect(words).to.deep.equal([{ value: 'fresh' }]);
    expect((await write([next]))[0]).to.deep.equal({ outcome: 'stale' });
  });

  it('refuses one change whose reference leads nowhere and writes those beside it', async () => {
    const target = { type: 'Organization', id: 'nowhere' };
    const [bad, good] = await write([change('dangling', { needs: [target] }), change('beside')]);
    expect(bad).to.deep.equal({ outcome: 'missing', targets: [target] });
    expect(good).to.include({ outcome: 'written' });
    expect(await current('dangling')).to.equal(undefined);
  });

  it('writes nothing of a whole of which one is bad', async () => {
    const target = { type: 'Organization', id: 'nowhere' };
    const written = await write([change('whole-1'), change('whole-2', { needs: [target] })], true);
    expect(written.map(({ outcome }) => outcome)).to.deep.equal(['undone', 'missing']);
    expect(await current('whole-1')).to.equal(undefined);
    const stale = await write([change('whole-3'), change('whole-4', { was: 4 })], true);
    expect(stale.map(({ outcome }) => outcome)).to.deep.equal(['stale', 'stale']);
    expect(await current('whole-3')).to.equal(undefined);
  });

  it('tells the second of two who take one id that it is taken', async () => {
    await write([change('taken')]);
    expect((await write([change('taken')]))[0]).to.deep.equal({ outcome: 'stale' });
  });

  it('gathers what comes while a write is on the way, and every one is answered', async () => {
    const writer = openWriter({ lane: opened.write, fence: noFence });
    const changes = Array.from({ length: 300 }, (_, at) => change(`many-${at}`));
    const written = await Promise.all(changes.map((each) => writer.write(tenant, each)));
    expect(written.filter(({ outcome }) => outcome === 'written')).to.have.length(300);
    const bad = [change('good-1'), change('bad', { tail: 'a\u0000b' }), change('good-2')];
    const mixed = await Promise.allSettled(bad.map((each) => writer.write(tenant, each)));
    expect(mixed.map(({ status }) => status)).to.deep.equal(['fulfilled', 'rejected', 'fulfilled']);
  });
});
