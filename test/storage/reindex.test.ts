import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { bodyOf, parseBody } from '../../core/src/fhir/body.ts';
import type { Caller } from '../../core/src/fhir/interaction.ts';
import { textOf } from '../../core/src/fhir/stored.ts';
import { reindexPage } from '../../core/src/store/reindex.ts';
import { testMaster } from '../../core/src/testing/postgres.ts';
import { startTestServer, type TestServer } from '../../core/src/testing/server.ts';
import { seeded as anySeed, seededBy, type Seeded } from '../../core/test/seeded.ts';
import { sql } from '../../core/test/store/rig.ts';
import { observation } from '../bench/data.ts';
import { heddle } from '../faults/installation.ts';

describe('heddle reindex', () => {
  let server: TestServer;
  let ids: string[];
  let caller: Caller;
  const { seed } = anySeed();
  before(async () => {
    server = await startTestServer();
    caller = await server.caller('admin');
    await server.perform({
      ...{ verb: 'update', type: 'Patient', id: 'p', caller },
      body: bodyOf({ resourceType: 'Patient', id: 'p' }),
    });
    const seeded = seededBy(seed);
    ids = Array.from({ length: 700 }, (_, n) => `o-${n}`);
    await Promise.all(ids.map((id) => put(id, seeded)));
  });
  after(() => server.close());

  const put = async (id: string, seeded: Seeded): Promise<void> => {
    const body = bodyOf({ ...observation(seeded, 'Patient/p'), id });
    await server.perform({ verb: 'update', type: 'Observation', id, caller, body });
  };
  const forget = () =>
    sql(server.database.owner, 'truncate heddle.word, heddle.span', 'update heddle.resource set at = 0');

  /** What the tables hold beside what they should. */
  const unlike = async (): Promise<{ missing: number; wrong: number }> => {
    const { owner } = server.database;
    const rows = await sql(
      owner,
      `select rid, type, id, version, (extract(epoch from updated) * 1000)::int8 as updated, deleted, at, tail
         from heddle.resource where type = (select type from heddle.resource where id = 'o-0') and not deleted`,
    );
    const wanted = new Set<string>();
    for (const row of rows) {
      const stored = { ...row, type: 'Observation', updated: Number(row['updated']) } as never;
      const { entries, at } = server.serving.kernel.store.base.index('Observation', parseBody(textOf(stored)).resource);
      const rid = Number(row['rid']);
      if (Number(row['at']) !== at) wanted.add(`${rid} has another date`);
      for (const { param, value, at: place } of entries.words) wanted.add(`w ${rid} ${param} ${value} ${place}`);
      for (const { param, long, low, high } of entries.spans) wanted.add(`s ${rid} ${param} ${long} ${low} ${high}`);
    }
    const ofType = `rid >> 44 = (select rid >> 44 from heddle.resource where id = 'o-0')`;
    const held = [
      ...(await sql(owner, `select concat_ws(' ', 'w', rid, param, value, at) as e from heddle.word where ${ofType}`)),
      ...(await sql(
        owner,
        `select concat_ws(' ', 's', rid, param, long::text, low, high) as e from heddle.span where ${ofType}`,
      )),
    ].map(({ e }) => String(e));
    const there = new Set(held);
    return {
      missing: [...wanted].filter((each) => !there.has(each)).length,
      wrong: held.filter((each) => !wanted.has(each)).length,
    };
  };

  it('finds what was stored before there was an index', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'heddle-reindex-'));
    try {
      await forget();
      const admin = await server.as('admin');
      const found = async (): Promise<unknown> =>
        ((await (await admin.send('GET', '/fhir/Observation?patient=p&_count=1000')).json()) as { entry?: unknown[] })
          .entry?.length;
      expect(await found()).to.not.equal(700);
      const { code, output } = await heddle(['reindex', '--types', 'Observation'], {
        ...{ HEDDLE_HOME: join(folder, 'home'), DATABASE_URL: server.database.url },
        ...{ HEDDLE__KEYS__MASTER: testMaster, HEDDLE__LOG__LEVEL: 'warn' },
      });
      expect(code, output).to.equal(0);
      expect(output).to.match(/reindex: 700 resources/);
      expect(await found()).to.equal(700);
      expect(await unlike()).to.deep.equal({ missing: 0, wrong: 0 });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }).timeout(60_000);

  it('leaves nothing wrong though others write the same resources without a pause', async () => {
    const seeded = seededBy(seed + 1);
    for (let round = 0; round < 3; round++) {
      await forget();
      const work = { goesOn: true };
      const writers = Array.from({ length: 6 }, async () => {
        while (work.goesOn) await put(seeded.pick(ids), seeded);
      });
      const { store } = server.serving.kernel;
      const needs = { transactions: store.database.transactions, index: store.base.index };
      const { tenant } = caller;
      for (let behind: number | undefined = 0; behind !== undefined;)
        ({ behind } = await reindexPage(needs, { tenant, type: 'Observation', behind, limit: 50 }));
      work.goesOn = false;
      await Promise.all(writers);
      expect(await unlike(), `seed ${seed}`).to.deep.equal({ missing: 0, wrong: 0 });
    }
  }).timeout(120_000);
});
