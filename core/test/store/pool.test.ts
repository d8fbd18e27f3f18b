import { expect } from 'chai';
import type { Database } from '../../src/store/database.ts';
import { testDatabase, type TestDatabase } from '../../src/testing/postgres.ts';
import { eventually } from '../eventually.ts';
import { refused } from '../outcomes.ts';
import { startProxy } from '../proxy.ts';
import { openTestDatabase, sql } from './rig.ts';

const insert = `insert into resource (tenant, type, id, rid, version, updated, tail)
  values ($1, 1, $2, nextval('rid_block'), 1, now(), '}}')`;

describe('a pool', () => {
  let database: TestDatabase;
  let open: Database;

  beforeEach(async () => {
    database = await testDatabase();
    open = await openTestDatabase(database.serving, {
      HEDDLE__DATABASE__LANES__TRANSACTION: '2',
      HEDDLE__DATABASE__TIMEOUTS__SEARCH_MS: '200',
    });
  });
  afterEach(async () => {
    await open.close();
    await database.drop();
  });
  const ids = async () =>
    (await sql(database.superuser, 'select id from heddle.resource order by id')).map(({ id }) => id);

  it('commits all of a transaction or nothing', async () => {
    await open.transactions.transaction(1, async ({ query }) => {
      await query(insert, [1, 'a']);
      await query(insert, [1, 'b']);
    });
    const broken = open.transactions.transaction(1, async ({ query }) => {
      await query(insert, [1, 'c']);
      await query(insert, [1, 'a']);
    });
    await refused(broken, 500);
    expect(await ids()).to.deep.equal(['a', 'b']);
  });

  it('hands on what its work throws as it was, and undoes the work', async () => {
    const own = new RangeError('mine');
    const thrown = await open.transactions
      .transaction(1, async ({ query }) => {
        await query(insert, [1, 'a']);
        throw own;
      })
      .catch((error: unknown) => error);
    expect(thrown).to.equal(own);
    expect(await ids()).to.deep.equal([]);
  });

  it('takes a transaction whose fault was swallowed for what it is: rolled back', async () => {
    const work = open.transactions.transaction(1, async ({ query }) => {
      await query(insert, [1, 'a']);
      await query('select 1 / 0').catch(() => 'swallowed');
    });
    await refused(work, 503, /rolled back/);
    expect(await ids()).to.deep.equal([]);
  });

  it('binds each transaction to its tenant and leaves no tenant behind', async () => {
    await refused(
      open.transactions.transaction(1, ({ query }) => query(insert, [2, 'a'])),
      500,
    );
    await open.transactions.transaction(1, ({ query }) => query(insert, [1, 'a']));
    const tenants = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        open.transactions.transaction(n, ({ query }) => query(`select current_setting('heddle.tenant') as t`)),
      ),
    );
    expect(tenants.flat()).to.deep.equal(Array.from({ length: 20 }, (_, n) => ({ t: String(n) })));
  });

  it('stops what runs when its caller hangs up, and the connection is good for the next', async () => {
    const controller = new AbortController();
    const running = open.searches.transaction(
      1,
      ({ query }) => query('select pg_sleep(0.15), pg_sleep(60)'),
      controller.signal,
    );
    await eventually(async () => {
      const active = await sql(
        database.superuser,
        `select 1 from pg_stat_activity where application_name = 'heddle search' and state = 'active' and query like '%pg_sleep%'`,
      );
      expect(active).to.have.length(1);
    });
    controller.abort();
    await refused(running, 499);
    expect(
      await sql(
        database.superuser,
        `select count(*)::int as n from pg_stat_activity where application_name = 'heddle search' and state = 'active'`,
      ),
    ).to.deep.equal([{ n: 0 }]);
    expect(await open.searches.transaction(1, ({ query }) => query('select 1 as one'))).to.deep.equal([{ one: 1 }]);
  });

  it('outlives a connection that breaks when the library that has it does not listen any more', async () => {
    const client = await open.jobs.connections.connect();
    client.emit('error', new Error('it broke'));
    client.release(new Error('it broke'));
    expect(await open.jobs.transaction(1, ({ query }) => query('select 1 as one'))).to.deep.equal([{ one: 1 }]);
  });

  it('begins nothing for a caller who has already gone', async () => {
    await refused(
      open.searches.transaction(1, () => expect.fail('it ran'), AbortSignal.abort()),
      499,
    );
  });

  it('stops what runs past its limit', async () => {
    await refused(
      open.searches.transaction(1, ({ query }) => query('select pg_sleep(5)')),
      503,
      /time limit/,
    );
  });

  it('turns callers away when too many wait', async () => {
    let letGo: () => void = () => {};
    const held = new Promise<void>((resolve) => (letGo = resolve));
    const holding = [1, 2].map(() => open.transactions.transaction(1, () => held));
    const waiting = Array.from({ length: 110 }, () =>
      open.transactions.transaction(1, async () => 'served').catch((error: { status: number }) => error.status),
    );
    const refusedAtOnce = await Promise.race([...waiting.slice(105)]);
    expect(refusedAtOnce).to.equal(503);
    letGo();
    await Promise.all(holding);
    const results = await Promise.all(waiting);
    expect(results.filter((result) => result === 'served').length).to.be.at.least(100);
  });
});

describe('a transaction whose COMMIT has no answer', () => {
  it('is told as unknown; one that broke before is told as undone', async () => {
    const database = await testDatabase();
    const proxy = await startProxy(database.serving);
    const open = await openTestDatabase(proxy.address(database.serving));
    try {
      proxy.loseAnswerTo('commit');
      const lost = await refused(
        open.transactions.transaction(1, ({ query }) => query(insert, [1, 'done'])),
        500,
        /unknown/,
      );
      expect(lost.headers).to.not.have.property('Retry-After');
      proxy.loseAnswerTo('undone');
      const undone = await refused(
        eventually(() => open.transactions.transaction(1, ({ query }) => query(insert, [1, 'undone'])), 0),
        503,
        /nothing was changed/,
      );
      expect(undone.headers).to.have.property('Retry-After');
      expect(await sql(database.superuser, 'select id from heddle.resource')).to.deep.equal([{ id: 'done' }]);
    } finally {
      await open.close();
      await proxy.close();
      await database.drop();
    }
  });
});
