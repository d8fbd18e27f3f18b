import { join } from 'node:path';
import { expect } from 'chai';
import { attachEmbedded } from '../../core/src/store/embedded/attach.ts';
import { sql } from '../../core/test/store/rig.ts';
import { seeded } from '../../core/test/seeded.ts';
import { childrenOf, inFolder, postmasterOf, runHeddle, tokenOf, type Running } from '../faults/running.ts';

interface Entry {
  readonly response?: { readonly location?: string };
}
interface Body {
  readonly id?: string;
  readonly total?: number;
  readonly entry?: readonly Entry[];
  readonly name?: readonly { readonly family?: string }[];
}

const start = (home: string): Running =>
  runHeddle({ environment: { HEDDLE_HOME: home, HEDDLE__WORKERS: '2', HEDDLE__LOG__LEVEL: 'error' } });

const system = 'http://hospital.example/kill';
const identified = (value: string, family = 'first') => ({
  ...{ resourceType: 'Patient', identifier: [{ system, value }], name: [{ family }] },
});

/** Everything at once and without a word, as when the power goes. */
const killAll = async (running: Running, home: string): Promise<void> => {
  const main = running.child.pid ?? 0;
  for (const pid of [...childrenOf(main), main, postmasterOf(home)]) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (thrown) {
      // The database may go by itself when its supervisor does.
      if ((thrown as NodeJS.ErrnoException).code !== 'ESRCH') throw thrown;
    }
  }
  await running.exit;
};

describe('the store, killed while it writes', () => {
  it('keeps all that it said was done, and nothing by halves', () =>
    inFolder(async (folder) => {
      const home = join(folder, 'home');
      const { seed, whole } = seeded();
      const created = new Map<string, string>();
      const updated = new Map<string, { readonly version: number; readonly family: string }[]>();
      const transactions = { done: new Set<number>(), asked: 0 };
      let number = 0;

      for (let round = 0; round < 3; round++) {
        const running = start(home);
        const url = await running.ready;
        const token = await tokenOf(url);
        const send = async (
          method: string,
          path: string,
          body: unknown,
        ): Promise<{ status: number; body: Body; tag: string }> => {
          const answer = await fetch(`${url}/fhir${path}`, {
            ...{ method, body: JSON.stringify(body) },
            headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/fhir+json' },
          });
          const text = await answer.text();
          return {
            status: answer.status,
            tag: answer.headers.get('etag') ?? '',
            body: (text ? JSON.parse(text) : {}) as Body,
          };
        };
        const life = { killed: false };
        const work = async (): Promise<void> => {
          while (!life.killed) {
            const n = ++number;
            const [known] = [...created.keys()].slice(-1 - whole(20));
            try {
              if (n % 3 === 0 && known !== undefined) {
                const family = `n${n}`;
                const value = created.get(known) ?? '';
                const answer = await send('PUT', `/Patient/${known}`, { ...identified(value, family), id: known });
                if (answer.status === 200)
                  updated.set(known, [
                    ...(updated.get(known) ?? []),
                    { family, version: Number(/\d+/.exec(answer.tag)?.[0]) },
                  ]);
              } else if (n % 3 === 1) {
                transactions.asked = Math.max(transactions.asked, n);
                const entry = Array.from({ length: 5 }, (_, part) => ({
                  fullUrl: `urn:uuid:00000000-0000-4000-8000-00000000000${part}`,
                  resource: identified(`tx-${n}`),
                  // Every other one needs a transaction of several statements.
                  request: {
                    method: 'POST',
                    url: 'Patient',
                    ...(n % 2 ? { ifNoneExist: `identifier=tx-${n}-${part}` } : {}),
                  },
                }));
                if ((await send('POST', '', { resourceType: 'Bundle', type: 'transaction', entry })).status === 200)
                  transactions.done.add(n);
              } else {
                const answer = await send('POST', '/Patient', identified(`one-${n}`));
                if (answer.status === 201) created.set(answer.body.id ?? '', `one-${n}`);
              }
            } catch (thrown) {
              // The answer was lost: it may have been done or not, but not by halves.
              if (!(thrown instanceof TypeError)) throw thrown;
            }
          }
        };
        const working = Array.from({ length: 12 }, work);
        await new Promise((resolve) => setTimeout(resolve, 600 + whole(900)));
        await killAll(running, home);
        life.killed = true;
        await Promise.all(working);
      }

      const running = start(home);
      const url = await running.ready;
      const token = await tokenOf(url);
      const get = async (path: string): Promise<{ status: number; body: Body }> => {
        const answer = await fetch(`${url}/fhir/${path}`, { headers: { Authorization: `Bearer ${token}` } });
        return { status: answer.status, body: (await answer.json()) as Body };
      };
      const told = `seed ${seed}, ${created.size} created, ${transactions.done.size} transactions`;
      expect(created.size, told).to.be.greaterThan(30);
      expect(transactions.done.size, told).to.be.greaterThan(10);
      for (const [id, value] of created) {
        expect((await get(`Patient/${id}`)).status, `${told}, ${id}`).to.equal(200);
        const found = await get(`Patient?identifier=${value}`);
        expect(found.body.entry, `${told}, ${value}`).to.have.length(1);
      }
      for (const [id, versions] of updated)
        for (const { version, family } of versions)
          expect((await get(`Patient/${id}/_history/${version}`)).body.name?.[0]?.family, `${told}, ${id}`).to.equal(
            family,
          );
      for (let n = 1; n <= number; n++) {
        if (n % 3 !== 1) continue;
        const { length } = (await get(`Patient?identifier=tx-${n}`)).body.entry ?? [];
        expect(length, `${told}, transaction ${n}`).to.be.oneOf(transactions.done.has(n) ? [5] : [0, 5]);
      }

      const superuser = await attachEmbedded(home);
      const database = { ...(superuser ?? expect.fail('no database')), database: 'heddle' };
      const [halves] = await sql(
        database,
        'set search_path = heddle',
        `select
           (select count(*)::int from resource r where not exists (
              select 1 from change c where c.tenant = r.tenant and c.type = r.type and c.rid = r.rid and c.version = r.version)) as unlogged,
           (select count(*)::int from resource r where r.version > 1 and (
              select count(*) from history h where h.tenant = r.tenant and h.rid = r.rid) <> r.version - 1) as gaps,
           (select count(*)::int from word w where not exists (
              select 1 from resource r where r.tenant = w.tenant and r.rid = w.rid and not r.deleted)) as orphans,
           (select count(*)::int from resource r where not exists (
              select 1 from word w where w.tenant = r.tenant and w.rid = r.rid)) as unfound`,
      );
      expect(halves, told).to.deep.equal({ unlogged: 0, gaps: 0, orphans: 0, unfound: 0 });
      running.child.kill('SIGTERM');
      await running.exit;
    })).timeout(120_000);
});
