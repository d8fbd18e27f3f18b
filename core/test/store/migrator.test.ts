import { expect } from 'chai';
import { openFrame } from '../../src/store/frame.ts';
import { kernelMigrations } from '../../src/store/kernel-migrations.ts';
import { connect } from '../../src/store/link.ts';
import type { Migration, PluginMigrations } from '../../src/store/migration.ts';
import { migrate } from '../../src/store/migrator.ts';
import { testDatabase, type TestDatabase } from '../../src/testing/postgres.ts';
import { refused } from '../outcomes.ts';
import { silent, sql } from './rig.ts';

const first: Migration = {
  id: '001-runs',
  up: ({ serving }) => [
    'create table lab_run (id int primary key, name text)',
    `grant select on lab_run to ${serving}`,
  ],
};
const second: Migration = {
  id: '002-length',
  up: () => [
    'alter table lab_run add column length int',
    'update lab_run set length = length(name)',
    'alter table lab_run alter column length set not null',
  ],
};
const lab = (...migrations: readonly Migration[]): PluginMigrations => ({ plugin: 'lab', migrations });

describe('the migrator', () => {
  let database: TestDatabase;
  const run = (...plugins: readonly PluginMigrations[]) => migrate({ ...database, plugins, log: silent });

  beforeEach(async () => {
    database = await testDatabase({ bare: true });
  });
  afterEach(() => database.drop());

  it('brings an empty database forward once, though eight nodes start together', async () => {
    const ran = await Promise.all(Array.from({ length: 8 }, () => run(kernelMigrations, lab(first, second))));
    expect(ran.flat().toSorted()).to.deep.equal([
      'core 001-frame',
      'core 002-versions',
      'core 003-bytes',
      'core 004-jobs',
      'core 005-word-of',
      'core 006-own-parameters',
      'core 007-sign-in',
      'lab 001-runs',
      'lab 002-length',
    ]);
  });

  it('leaves tables that are what their EntitySchemas say', async () => {
    await run(kernelMigrations);
    const frame = await openFrame(database.owner);
    const { upQueries } = await frame.driver.createSchemaBuilder().log();
    await frame.destroy();
    expect(upQueries.map(({ query }) => query)).to.deep.equal([]);
  });

  it('goes forward on populated tables', async () => {
    await run(kernelMigrations, lab(first));
    await sql(
      database.owner,
      `insert into plugin_lab.lab_run select n, repeat('x', n) from generate_series(1, 1000) n`,
    );
    expect(await run(kernelMigrations, lab(first, second))).to.deep.equal(['lab 002-length']);
    expect(await sql(database.owner, 'select sum(length)::int as sum from plugin_lab.lab_run')).to.deep.equal([
      { sum: 500_500 },
    ]);
  });

  it('makes bytes of the data of Binaries, old versions too', async () => {
    const { plugin, migrations } = kernelMigrations;
    await run({ plugin, migrations: migrations.slice(0, 2) });
    const data = Buffer.alloc(600_000, 'abc').toString('base64');
    await sql(
      database.owner,
      'set search_path = heddle',
      `insert into resource (tenant, type, id, version, updated, tail, rid)
         values (1, 8, 'b', 2, now(), '},"contentType":"a/b","data":"${data}"}', (8::int8 << 44) + 1)`,
      `insert into history (tenant, rid, version, updated, method, deleted, tail)
         values (1, (8::int8 << 44) + 1, 1, now(), 1, false, '},"data":"AAEC","contentType":"a/b"}')`,
    );
    await run(kernelMigrations);
    const [row] = await sql(
      database.owner,
      'set search_path = heddle',
      `select (select tail from resource) as now, (select tail from history) as before,
              (select array_agg(c.size order by c.version) from content c) as sizes,
              (select string_agg(p.bytes, '' order by p.at) = convert_to(repeat('abc', 200000), 'UTF8') from piece p join content c using (number) where c.version = 2) as same,
              (select count(*)::int from upload) as uploads`,
    );
    expect(row).to.deep.equal({
      ...{ now: '},"contentType":"a/b"}', before: '},"contentType":"a/b"}', sizes: ['3', '600000'], same: true },
      uploads: 0,
    });
  });

  it('gives the resources of an older release row ids, history and a place among the changes', async () => {
    const { plugin, migrations } = kernelMigrations;
    await run({ plugin, migrations: migrations.slice(0, 1) });
    await sql(
      database.owner,
      `insert into heddle.resource (tenant, type, id, version, updated, tail)
       select 1 + n % 2, 101 + n % 3, 'r' || n, 1, '2026-01-01'::timestamptz + n * interval '1 second', '}}' from generate_series(1, 600) n`,
    );
    expect(await run(kernelMigrations)).to.include('core 002-versions');
    const [found] = await sql(
      database.owner,
      'set search_path = heddle',
      `select count(*)::int as resources, count(distinct rid)::int as rids,
              bool_and(rid >> 44 = type) as typed,
              (select count(*)::int from change c join resource r using (tenant, type, rid, version, updated)) as changes
         from resource`,
    );
    expect(found).to.deep.equal({ resources: 600, rids: 600, typed: true, changes: 600 });
    await sql(database.owner, `select nextval('heddle.rid_block')`);
  });

  it('undoes a migration that fails half way, its row in the ledger too', async () => {
    const broken: Migration = { id: '002-broken', up: () => ['create table half (id int)', 'select 1 / 0'] };
    await refused(
      run(kernelMigrations, lab(first, broken)),
      500,
      /migration lab 002-broken failed and was undone: division by zero/,
    );
    expect(
      await sql(
        database.owner,
        `select to_regclass('plugin_lab.half') as half, (select string_agg(id, ',' order by id) from heddle.migration) as ran`,
      ),
    ).to.deep.equal([
      {
        half: null,
        ran: '001-frame,001-runs,002-versions,003-bytes,004-jobs,005-word-of,006-own-parameters,007-sign-in',
      },
    ]);
    expect(await run(kernelMigrations, lab(first, second))).to.deep.equal(['lab 002-length']);
  });

  it('refuses a migration that was changed after it ran', async () => {
    await run(kernelMigrations, lab(first));
    const changed: Migration = { ...first, up: () => ['create table other (id int)'] };
    await refused(run(kernelMigrations, lab(changed)), 500, /lab 001-runs was changed after it ran here/);
  });

  it('lets an older release go on beside a newer one, until a migration is breaking', async () => {
    await run(kernelMigrations, lab(first, second));
    expect(await run(kernelMigrations, lab(first))).to.deep.equal([]);
    await run(
      kernelMigrations,
      lab(first, second, { id: '003-split', breaking: true, up: () => ['alter table lab_run drop column length'] }),
    );
    await refused(run(kernelMigrations, lab(first, second)), 500, /later release \(lab 003-split\).*upgrade this node/);
  });

  it('keeps a ledger and a schema for each plugin', async () => {
    const same: Migration = { id: '001-runs', up: () => ['create table lab_run (other text)'] };
    expect(await run(kernelMigrations, lab(first), { plugin: 'blood-bank', migrations: [same] })).to.include(
      'blood-bank 001-runs',
    );
    expect(
      await sql(
        database.owner,
        `select table_schema as schema from information_schema.tables where table_name = 'lab_run' order by 1`,
      ),
    ).to.deep.equal([{ schema: 'plugin_blood_bank' }, { schema: 'plugin_lab' }]);
  });

  it('lets a table that is in use be used, and tries again', async function () {
    this.timeout(20_000);
    await run(kernelMigrations, lab(first));
    const { client } = await connect({ address: database.owner, name: 'test', connectMs: 5_000, statementMs: 0 });
    await client.query('begin; select * from plugin_lab.lab_run');
    const warned: string[] = [];
    const letGo = {
      ...silent,
      warn: (_: object, message: string) =>
        void (warned.push(message), client.query('commit').catch(() => warned.push('no commit'))),
    };
    const ran = await migrate({
      ...database,
      plugins: [kernelMigrations, lab(first, second)],
      log: letGo as typeof silent,
    });
    await client.end();
    expect(ran).to.deep.equal(['lab 002-length']);
    expect(warned).to.deep.equal(['a table is in use; the migration lets others pass and tries again']);
  });
});
