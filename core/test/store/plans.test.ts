import { expect } from 'chai';
import { noEntries, type Change } from '../../src/store/change.ts';
import type { Database } from '../../src/store/database.ts';
import { ridOf } from '../../src/store/rid.ts';
import { asks } from '../../src/store/statement.ts';
import { writeOnce } from '../../src/store/writer.ts';
import { testDatabase, type TestDatabase } from '../../src/testing/postgres.ts';
import { found, noFence, openTestDatabase, sql } from './rig.ts';

/** What a session has counted is told now and then, unless it is asked to. */
const tellAll = asks('test.tell-all', 'select pg_stat_force_next_flush()::text where $1::int4 is not null');

/** Generic plans are kept: those that were made while the tables were empty, and nobody has analysed them since, are the ones that a new hospital works with. */
describe('statements planned on empty tables', () => {
  let database: TestDatabase;
  let open: Database;
  const tables = ['resource', 'history', 'change', 'word', 'span'];
  before(async () => {
    database = await testDatabase();
    open = await openTestDatabase(database.serving, { HEDDLE__DATABASE__LANES__WRITE: '1' });
    for (const table of tables) await sql(database.owner, `alter table heddle.${table} set (autovacuum_enabled = off)`);
  });
  after(async () => {
    await open.close();
    await database.drop();
  });

  const word = (n: number) => ({ param: 7, value: `v${n}`, at: 0 });
  const span = (n: number) => ({ param: 8, long: false, low: n, high: n });
  const change = (n: number, was: number): Change => ({
    ...{
      type: 'Patient',
      id: `p${n}`,
      rid: ridOf('Patient', n),
      was,
      method: 'PUT',
      deleted: false,
      tail: '}}',
    },
    ...found({
      adds: { words: [word(n + was)], spans: [span(n + was)] },
      drops: was === 0 ? noEntries : { words: [word(n + was - 1)], spans: [span(n + was - 1)] },
    }),
    needs: n === 1 ? [] : [{ type: 'Patient', id: 'p1' }],
  });
  const write = async (n: number, was: number): Promise<void> => {
    const [written] = await writeOnce({ lane: open.write, fence: noFence }, 1, [change(n, was)], false);
    expect(written).to.deep.include({ outcome: 'written', version: was + 1 });
  };
  /** Pages that statements of the tables have looked at. */
  const pages = async (): Promise<number> => {
    const [row] = await sql(
      database.owner,
      `select sum(heap_blks_hit + heap_blks_read + idx_blks_hit + idx_blks_read)::int as pages from pg_statio_user_tables`,
    );
    return Number(row?.['pages']);
  };

  it('still look up by key when the tables have grown', async () => {
    for (let was = 0; was < 8; was++) await write(1, was);
    await sql(
      database.owner,
      'set search_path = heddle',
      `insert into resource (tenant, type, id, rid, version, updated, tail)
       select 1, 101, 'r' || n, (101::int8 << 44) + n, 1, now(), '}}' from generate_series(100000, 130000) n`,
      `insert into history (tenant, rid, version, updated, method, deleted, tail)
       select 1, (101::int8 << 44) + n, 1, now(), 1, false, '}}' from generate_series(100000, 130000) n`,
      `insert into word (tenant, param, value, at, rid) select 1, 7, 'v' || n, 0, n from generate_series(100000, 130000) n`,
      `insert into span (tenant, param, long, low, high, rid) select 1, 8, false, n, n, n from generate_series(100000, 130000) n`,
      'select pg_stat_force_next_flush()',
      'select 1',
    );
    // The connection has come to the point where it plans anew.
    for (let n = 100; n < 350; n++) await write(n, 0);
    await open.write.run(1, tellAll, []);
    const before = await pages();
    for (let was = 8; was < 28; was++) await write(1, was);
    for (let n = 2; n < 22; n++) await write(n, 0);
    await open.write.run(1, tellAll, []);
    const each = ((await pages()) - before) / 40;
    // Reading one table through would look at thousands.
    expect(each).to.be.lessThan(120);
  });
});
