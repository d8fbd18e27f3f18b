import { expect } from 'chai';
import type { Database } from '../../src/store/database.ts';
import { findCurrent } from '../../src/store/resources.ts';
import { reads } from '../../src/store/statement.ts';
import { testDatabase, type TestDatabase } from '../../src/testing/postgres.ts';
import { refused } from '../outcomes.ts';
import { startProxy } from '../proxy.ts';
import { seeded } from '../seeded.ts';
import { eventually } from '../eventually.ts';
import { insertResource, openTestDatabase, sql } from './rig.ts';

const slow = reads('test.slow', 'select pg_sleep($2)::text as slept, count(*) from resource where tenant = $1');
const count = reads('test.count', 'select count(*)::int8 as count from resource where tenant = $1');
/** Forgets its tenant on purpose, as no statement of the house can. */
const forgetful = { name: 'test.forgetful', text: 'select tenant from resource where $1 <> 0', writes: false };

describe('a lane', () => {
  let database: TestDatabase;
  let open: Database;

  beforeEach(async () => {
    database = await testDatabase();
    open = await openTestDatabase(database.serving, {
      HEDDLE__DATABASE__LANES__READ: '1',
      HEDDLE__DATABASE__LANES__WRITE: '1',
      HEDDLE__DATABASE__TIMEOUTS__LANE_MS: '300',
    });
  });
  afterEach(async () => {
    await open.close();
    await database.drop();
  });

  it('answers each of many callers of many tenants on one connection with its own rows', async () => {
    const { seed, whole } = seeded();
    const tenants = [1, 2, 3, 4];
    for (const tenant of tenants) await insertResource(open, tenant, 'Basic', 'x', `},"n":${tenant}}`);
    const asked = Array.from({ length: 3_000 }, () => 1 + whole(tenants.length));
    const found = await Promise.all(asked.map((tenant) => findCurrent(open.read, tenant, 'Basic', 'x')));
    expect(
      found.map((row) => row?.tail),
      `seed ${seed}`,
    ).to.deep.equal(asked.map((tenant) => `},"n":${tenant}}`));
  });

  it('lets no statement run under the tenant of another when the change of tenant fails', async () => {
    await insertResource(open, 1, 'Basic', 'of-one', '}}');
    expect(await open.read.run(1, forgetful, [])).to.deep.equal([{ tenant: 1 }]);
    // The lane's connection stands at tenant 1. From here on it cannot be moved.
    await sql(database.superuser, 'revoke execute on function pg_catalog.set_config(text, text, boolean) from public');
    const behind = await Promise.allSettled([
      open.read.run(2, forgetful, []),
      findCurrent(open.read, 2, 'Basic', 'of-one'),
      findCurrent(open.read, 2, 'Basic', 'none'),
    ]);
    for (const result of behind) {
      expect(result.status).to.equal('rejected');
      if (result.status === 'rejected') expect(result.reason).to.include({ status: 503 });
    }
    const writes = await Promise.allSettled([
      insertResource(open, 3, 'Basic', 'of-three', '}}'),
      insertResource(open, 2, 'Basic', 'of-two', '}}'),
    ]);
    expect(writes.map(({ status }) => status)).to.deep.equal(['rejected', 'rejected']);
    await sql(database.superuser, 'grant execute on function pg_catalog.set_config(text, text, boolean) to public');
    const after = await eventually(() => open.read.run(2, forgetful, []));
    expect(after).to.deep.equal([]);
    expect(await sql(database.superuser, `select tenant, id from heddle.resource where id <> 'of-one'`)).to.deep.equal(
      [],
    );
  });

  it('cancels a slow statement and keeps the connection and what waits behind it', async () => {
    const [late, behind] = await Promise.allSettled([open.read.run(1, slow, [5]), open.read.run(1, count, [])]);
    expect(late.status === 'rejected' && late.reason).to.include({ status: 503 });
    expect(behind).to.deep.equal({ status: 'fulfilled', value: [{ count: 0 }] });
  });

  it('reads while a write waits', async () => {
    const block = sql(
      database.superuser,
      'begin',
      'lock heddle.resource in share mode',
      'select pg_sleep(0.25)',
      'commit',
    );
    const order: string[] = [];
    await Promise.all([
      block,
      eventually(async () => {
        const locked = await sql(
          database.superuser,
          `select 1 from pg_locks where mode = 'ShareLock' and relation = 'heddle.resource'::regclass`,
        );
        expect(locked).to.have.length(1);
      }).then(() =>
        Promise.all([
          insertResource(open, 1, 'Basic', 'w', '}}').then(() => order.push('write')),
          findCurrent(open.read, 1, 'Basic', 'r').then(() => order.push('read')),
        ]),
      ),
    ]);
    expect(order).to.deep.equal(['read', 'write']);
  });

  it('comes back by itself after its connections were cut', async () => {
    await sql(
      database.superuser,
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name in ('heddle read', 'heddle write') and datname = current_database()`,
    );
    await eventually(() => insertResource(open, 1, 'Basic', 'after', '}}'));
    expect((await eventually(() => findCurrent(open.read, 1, 'Basic', 'after')))?.version).to.equal(1);
  });
});

describe('a write whose answer is lost', () => {
  it('is told as unknown, is not repeated, and may have happened', async () => {
    const database = await testDatabase();
    const proxy = await startProxy(database.serving);
    const open = await openTestDatabase(proxy.address(database.serving));
    try {
      await eventually(() => insertResource(open, 1, 'Basic', 'first', '}}'));
      proxy.loseAnswerTo('lost-one');
      const outcome = await refused(insertResource(open, 1, 'Basic', 'lost-one', '}}'), 500, /unknown.*not repeated/);
      expect(outcome.headers).to.not.have.property('Retry-After');
      expect(
        await sql(database.superuser, `select count(*)::int as n from heddle.resource where id = 'lost-one'`),
      ).to.deep.equal([{ n: 1 }]);
      // A read is safe to send again, and says so.
      proxy.loseAnswerTo('unread');
      const read = await refused(findCurrent(open.read, 1, 'Basic', 'unread'), 503);
      expect(read.headers).to.have.property('Retry-After');
      await eventually(() => findCurrent(open.read, 1, 'Basic', 'first'));
    } finally {
      await open.close();
      await proxy.close();
      await database.drop();
    }
  });

  it('is told as unknown when the server falls silent', async function () {
    this.timeout(15_000);
    const database = await testDatabase();
    const proxy = await startProxy(database.serving);
    const open = await openTestDatabase(proxy.address(database.serving), {
      HEDDLE__DATABASE__TIMEOUTS__LANE_MS: '50',
      HEDDLE__DATABASE__TIMEOUTS__CONNECT_MS: '300',
    });
    try {
      await insertResource(open, 1, 'Basic', 'before', '}}');
      proxy.freeze();
      await Promise.all([
        refused(insertResource(open, 1, 'Basic', 'silent', '}}'), 500, /unknown/),
        refused(findCurrent(open.read, 1, 'Basic', 'before'), 503),
      ]);
      await eventually(async () => expect(open.health().ready).to.equal(false));
    } finally {
      await proxy.close();
      await open.close();
      await database.drop();
    }
  });
});
