import { expect } from 'chai';
import { findCurrent } from '../../src/store/resources.ts';
import type { Database } from '../../src/store/database.ts';
import { testDatabase, type TestDatabase } from '../../src/testing/postgres.ts';
import { insertResource, openTestDatabase, sql } from './rig.ts';

const set = (tenant: number) => `select set_config('heddle.tenant', '${tenant}', false)`;

describe('the serving role', () => {
  let database: TestDatabase;
  let open: Database;

  before(async () => {
    database = await testDatabase();
    open = await openTestDatabase(database.serving);
    await insertResource(open, 1, 'Patient', 'same', '},"active":true}');
    await insertResource(open, 2, 'Patient', 'same', '},"active":false}');
    await insertResource(open, 2, 'Patient', 'other', '}}');
  });
  after(async () => {
    await open.close();
    await database.drop();
  });

  it('owns nothing, is no superuser and cannot bypass row-level security', async () => {
    const rows = await sql(
      database.serving,
      `select rolsuper, rolbypassrls, rolcreaterole, rolcreatedb,
              (select count(*)::int from pg_class where relowner = r.oid) as owns,
              pg_has_role(current_user, 'heddle', 'member') as member
         from pg_roles r where rolname = current_user`,
    );
    expect(rows).to.deep.equal([
      { rolsuper: false, rolbypassrls: false, rolcreaterole: false, rolcreatedb: false, owns: 0, member: false },
    ]);
  });

  it('cannot read, change, move or add a row of another tenant, whatever SQL it sends', async () => {
    expect(await sql(database.serving, set(1), 'select tenant, id from resource')).to.deep.equal([
      { tenant: 1, id: 'same' },
    ]);
    expect(
      await sql(database.serving, set(1), `update resource set tail = 'x' where tenant = 2 returning id`),
    ).to.deep.equal([]);
    expect(await sql(database.serving, set(1), 'delete from resource where tenant = 2 returning id')).to.deep.equal([]);
    for (const attempt of [
      `insert into resource values (2, 1, 'new', 1, now(), false, '}}', 1)`,
      `update resource set tenant = 2 where tenant = 1`,
    ])
      expect(await sql(database.serving, set(1), attempt).catch((error: Error) => error.message)).to.match(
        /row-level security/,
      );
  });

  it('is bound by a policy on every table that holds what belongs to a tenant', async () => {
    const rows = await sql(
      database.serving,
      `select c.relname as name, c.relrowsecurity as bound,
              coalesce((select string_agg(p.qual || ' / ' || p.with_check, ', ') from pg_policies p where p.tablename = c.relname), '') as policy
         from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant'
        where c.relkind = 'r' and c.relnamespace = 'heddle'::regnamespace order by 1`,
    );
    // The directory says to which tenant somebody belongs; it is read before a tenant is known.
    const directory = ['account', 'client'];
    const unbound = rows.filter(({ bound }) => bound !== true).map(({ name }) => name);
    expect(unbound).to.deep.equal(directory);
    const rule = `(tenant = (current_setting('heddle.tenant'::text))::integer)`;
    for (const { name, policy } of rows)
      if (!directory.includes(String(name))) expect(policy, String(name)).to.equal(`${rule} / ${rule}`);
  });

  it('sees nothing but an error where no tenant was set', async () => {
    for (const before of ['select 1', `select set_config('heddle.tenant', '', false)`])
      expect(
        await sql(database.serving, before, 'select * from resource').catch((error: Error) => error.message),
      ).to.match(/heddle\.tenant|invalid input syntax/);
  });

  it('cannot take the policy away', async () => {
    for (const attempt of [
      'alter table resource disable row level security',
      'drop policy own_tenant on resource',
      'set role heddle',
      'create table heddle.x (id int)',
    ])
      expect(
        await sql(database.serving, attempt).then(
          () => 'done',
          () => 'refused',
        ),
        attempt,
      ).to.equal('refused');
  });

  it('pays for the policy with one test a statement and still uses the key', async () => {
    const rows = await sql(
      database.serving,
      set(1),
      'set plan_cache_mode = force_generic_plan',
      'prepare by_id as select tail from resource where tenant = $1 and type = $2 and id = $3',
      `explain execute by_id(1, 102, 'same')`,
    );
    const plan = rows.map((row) => String(row['QUERY PLAN'])).join('\n');
    expect(plan)
      .to.match(/One-Time Filter: .*heddle\.tenant/)
      .and.match(/Index Scan using resource_pkey/);
  });

  it('is the one that the lanes use, and each tenant has its own resource of one id', async () => {
    expect((await findCurrent(open.read, 1, 'Patient', 'same'))?.tail).to.equal('},"active":true}');
    expect((await findCurrent(open.read, 2, 'Patient', 'same'))?.tail).to.equal('},"active":false}');
    expect(await findCurrent(open.read, 1, 'Patient', 'other')).to.equal(undefined);
  });
});
