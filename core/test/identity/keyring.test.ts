import { expect } from 'chai';
import { randomBytes } from 'node:crypto';
import { openKeyRing } from '../../src/identity/keyring.ts';
import type { Database } from '../../src/store/database.ts';
import { testDatabase, type TestDatabase } from '../../src/testing/postgres.ts';
import { eventually } from '../eventually.ts';
import { refused } from '../outcomes.ts';
import { openTestDatabase, silent, sql } from '../store/rig.ts';

describe('the key ring', () => {
  const master = randomBytes(32);
  let database: TestDatabase;
  let open: Database;
  const ring = (given: { master?: Uint8Array; previous?: Uint8Array; rotateDays?: number } = {}, on = open) =>
    openKeyRing({
      database: on,
      master,
      previous: undefined,
      rotateDays: 90,
      random: randomBytes,
      log: silent,
      ...given,
    });

  beforeEach(async () => {
    database = await testDatabase();
    // The serving role's password, sealed under the key of all tests: these bring keys of their own.
    await sql(database.superuser, 'delete from heddle.key');
    open = await openTestDatabase(database.serving);
  });
  afterEach(async () => {
    await open.close();
    await database.drop();
  });

  it('makes one key for each purpose, though six nodes start together', async () => {
    const rings = await Promise.all(Array.from({ length: 6 }, () => ring()));
    expect(
      await sql(database.superuser, 'select purpose, count(*)::int as n from heddle.key group by 1 order by 1'),
    ).to.deep.equal(['account', 'audit', 'cookie', 'cursor', 'token'].map((purpose) => ({ purpose, n: 1 })));
    const secrets = rings.map((each) => Buffer.from(each.current('cursor').secret).toString('hex'));
    expect(new Set(secrets).size).to.equal(1);
  });

  it('keeps nothing in the database that opens without the master key', async () => {
    const keys = await ring();
    const secret = Buffer.from(keys.current('cookie').secret);
    const rows = await sql(database.superuser, 'select sealed from heddle.key');
    for (const { sealed } of rows) expect((sealed as Buffer).includes(secret)).to.equal(false);
    await refused(ring({ master: randomBytes(32) }), 500, /sealed under another master key.*HEDDLE__KEYS__PREVIOUS/);
  });

  it('rotates: a new key stands in front, the older one still proves what it signed, and every node hears of it', async () => {
    const other = await openTestDatabase(database.serving);
    try {
      const [here, there] = [await ring(), await ring({}, other)];
      const before = here.current('token').id;
      const after = await here.rotate('token');
      expect(after.id).to.not.equal(before);
      expect(here.all('token').map(({ id }) => id)).to.deep.equal([after.id, before]);
      await eventually(async () => expect(there.current('token').id).to.equal(after.id));
      expect(there.find('token', before)?.secret).to.deep.equal(here.find('token', before)?.secret);
    } finally {
      await other.close();
    }
  });

  it('rotates by itself when a key is too old, and drops what nothing can need any more', async () => {
    const keys = await ring();
    const first = keys.current('token').id;
    await sql(database.superuser, `update heddle.key set created = now() - interval '91 days'`);
    const second = await ring();
    expect(second.current('token').id).to.not.equal(first);
    expect(second.find('token', first)?.id).to.equal(first);
    await sql(database.superuser, `update heddle.key set created = created - interval '8 days'`);
    const third = await ring();
    expect(third.find('token', first)).to.equal(undefined);
    expect(third.all('audit')).to.have.length(2);
  });

  it('changes its master key: the previous one opens, sealing again lets it be forgotten', async () => {
    const keys = await ring();
    const token = keys.current('token');
    const next = randomBytes(32);
    const changing = await ring({ master: next, previous: master });
    expect(changing.current('token').secret).to.deep.equal(token.secret);
    expect(await changing.reseal()).to.equal(5);
    expect(await changing.reseal()).to.equal(0);
    expect((await ring({ master: next })).current('token').secret).to.deep.equal(token.secret);
    await refused(ring({ master }), 500, /another master key/);
  });
});
