import { randomBytes } from 'node:crypto';
import { chmodSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import { openLog } from '../../core/src/observe/log.ts';
import { startEmbedded } from '../../core/src/store/embedded/supervisor.ts';
import { addressOf } from '../../core/src/store/address.ts';
import { eventually } from '../../core/test/eventually.ts';
import { sql } from '../../core/test/store/rig.ts';
import { itWhere } from '../cannot-run.ts';
import { folderOf, isHere, startPostgres, type OtherPostgres } from './other-postgres.ts';
import { handOf, idOf, inFolder, runHeddle, type Running } from './running.ts';

const where = (major: number) =>
  itWhere(isHere(major), `the package with PostgreSQL ${major} is not here for this processor`);

const start = (folder: string, url: string, environment: Record<string, string> = {}): Running =>
  runHeddle({
    environment: { HEDDLE_HOME: join(folder, 'home'), DATABASE_URL: url, HEDDLE__LOG__LEVEL: 'warn', ...environment },
  });

const stop = async ({ child, exit }: Running): Promise<void> => {
  child.kill('SIGTERM');
  await exit;
};

const refusedWith = async (running: Running, ...words: readonly RegExp[]): Promise<void> => {
  expect((await running.exit).code, running.output()).to.equal(78);
  for (const each of words) expect(running.output()).to.match(each);
};

describe('a PostgreSQL of one’s own', () => {
  for (const major of [15, 16, 17, 18])
    where(major)(`may be version ${major}`, async () => {
      const server = await startPostgres(folderOf(major));
      try {
        await inFolder(async (folder) => {
          const address = addressOf(server.url(), 'the test');
          await sql(
            address,
            `create role owner login createrole password 'secret'`,
            'create database hospital owner owner',
          );
          const url = server.url('hospital').replace(/\/\/[^@]*@/, '//owner:secret@');
          const first = start(folder, url);
          const hand = await handOf(await first.ready);
          const id = await idOf(await hand.create());
          expect((await hand.read(id)).status).to.equal(200);
          const roles = await sql(
            addressOf(server.url('hospital'), 'the test'),
            `select rolname, rolsuper, rolbypassrls from pg_roles where rolname like 'owner%' order by 1`,
          );
          expect(roles.map(({ rolname }) => rolname)).to.deep.equal(['owner', 'owner_hospital_serving']);
          const users = await sql(
            address,
            `select distinct usename from pg_stat_activity where application_name in ('heddle read', 'heddle write', 'heddle health')`,
          );
          expect(users).to.deep.equal([{ usename: 'owner_hospital_serving' }]);
          await stop(first);
          const second = start(folder, url);
          expect((await (await handOf(await second.ready)).read(id)).status).to.equal(200);
          await stop(second);
        });
      } finally {
        await server.stop();
      }
    });

  where(14)('may not be version 14', async () => {
    const server = await startPostgres(folderOf(14));
    try {
      await inFolder((folder) =>
        refusedWith(start(folder, server.url()), /the database is PostgreSQL 14; Heddle runs on 15 to 18/),
      );
    } finally {
      await server.stop();
    }
  });

  where(17)('of version 17 in an embedded home is refused by 18, and not touched', () =>
    inFolder(async (folder) => {
      const home = join(folder, 'home');
      const log = openLog('silent', { write: () => {} });
      const old = () =>
        startEmbedded({ home, folder: folderOf(17), fsync: false, maxConnections: 20, random: randomBytes, log });
      await (await old()).stop();
      const running = runHeddle({ environment: { HEDDLE_HOME: home } });
      await refusedWith(running, /made by PostgreSQL 17, and this Heddle brings 18\. It was not touched/);
      await (await old()).stop();
    }),
  );

  describe('is judged at the start', () => {
    let server: OtherPostgres;
    const admin = (...statements: readonly string[]) => sql(addressOf(server.url(), 'the test'), ...statements);
    const as = (user: string, database: string): string =>
      server.url(database).replace(/\/\/[^@]*@/, `//${user}:secret@`);
    let count = 0;
    /** A database whose owner may be `rights`. */
    const fresh = async (rights: string): Promise<{ url: string; name: string; owner: string }> => {
      const [name, owner] = [`base_${++count}`, `owner_${count}`];
      await admin(`create role ${owner} login ${rights} password 'secret'`, `create database ${name} owner ${owner}`);
      return { url: as(owner, name), name, owner };
    };
    before(async () => {
      server = await startPostgres(folderOf(18), 30);
    });
    after(() => server.stop());

    it('for an owner who may not create the serving role, and takes one that is given', () =>
      inFolder(async (folder) => {
        const { url, name } = await fresh('nocreaterole');
        await refusedWith(
          start(folder, url),
          /may not create the serving role: alter role "owner_\d+" createrole, or .*HEDDLE__DATABASE__SERVING_URL/,
        );
        await admin(`create role given login password 'secret'`);
        const running = start(folder, url, { HEDDLE__DATABASE__SERVING_URL: as('given', name) });
        expect((await (await handOf(await running.ready)).create()).status).to.equal(201);
        await stop(running);
      }));

    it('for an owner who may not create in the database', () =>
      inFolder(async (folder) => {
        const { name } = await fresh('createrole');
        await admin(`create role guest login createrole password 'secret'`);
        await refusedWith(
          start(folder, as('guest', name)),
          /role guest may not create schemas in database base_\d+: grant create on database/,
        );
      }));

    const unfit: Record<string, [string, RegExp]> = {
      'is a superuser': ['superuser', /superuser, whom row-level security does not bind/],
      'bypasses row-level security': ['bypassrls', /bypasses row-level security/],
    };
    for (const [what, [rights, words]] of Object.entries(unfit))
      it(`for a serving role that ${what}`, () =>
        inFolder(async (folder) => {
          const { url, name } = await fresh('createrole');
          await admin(`create role unfit_${count} login ${rights} password 'secret'`);
          await refusedWith(start(folder, url, { HEDDLE__DATABASE__SERVING_URL: as(`unfit_${count}`, name) }), words);
        }));

    it('for a serving role that is the owner or one of the owner’s', () =>
      inFolder(async (folder) => {
        const { url, name, owner } = await fresh('createrole');
        await refusedWith(
          start(folder, url, { HEDDLE__DATABASE__SERVING_URL: url }),
          /member of the owner's role|owns tables/,
        );
        await admin(`create role friend_${count} login password 'secret'`, `grant ${owner} to friend_${count}`);
        await refusedWith(
          start(folder, url, { HEDDLE__DATABASE__SERVING_URL: as(`friend_${count}`, name) }),
          /member of the owner's role/,
        );
      }));

    it('by the connection that will serve, however its address is written', () =>
      inFolder(async (folder) => {
        const { url, name, owner } = await fresh('createrole');
        const { host } = addressOf(url, 'the test');
        const spelt = `postgresql:///${name}?host=${host}&user=${owner}&password=secret`;
        const running = start(folder, spelt);
        expect((await (await handOf(await running.ready)).create()).status).to.equal(201);
        const users = await admin(
          `select distinct usename from pg_stat_activity where datname = '${name}' and application_name like 'heddle %'`,
        );
        expect(users).to.deep.equal([{ usename: `${owner}_${name}_serving` }]);
        await stop(running);
        await admin(`create role harmless_${count} login password 'secret'`);
        await refusedWith(
          start(folder, url, {
            HEDDLE__DATABASE__SERVING_URL: `${as(`harmless_${count}`, name)}?user=${owner}&password=secret`,
          }),
          /is the owner or a member of the owner's role/,
        );
      }));

    it('for a server with too few connections', () =>
      inFolder(async (folder) => {
        const { url } = await fresh('createrole');
        await refusedWith(
          start(folder, url, { HEDDLE__DATABASE__NODES: '2' }),
          /would open up to 44 database connections \(2 nodes × \(1 processes × 20 \+ 2 to migrate\)\), and the server allows 27: raise max_connections/,
        );
      }));

    it('for a server that is away, or whose password is wrong', () =>
      inFolder(async (folder) => {
        const { url } = await fresh('createrole');
        await refusedWith(start(folder, 'postgresql://u:secret@127.0.0.1:1/x'), /part 'database': .*ECONNREFUSED/);
        const wrong = start(folder, url.replace('secret', 'wrong'));
        await refusedWith(wrong, /part 'database': password authentication failed/);
        expect(wrong.output()).to.not.contain('wrong@');
      }));
  });

  it('is judged for the extensions that search needs', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'heddle-lacking-'));
    cpSync(folderOf(18), folder, { recursive: true, verbatimSymlinks: true });
    chmodSync(folder, 0o755);
    rmSync(join(folder, 'native/share/postgresql/extension/unaccent.control'), { force: true });
    rmSync(join(folder, 'native/share/extension/unaccent.control'), { force: true });
    const server = await startPostgres(folder);
    try {
      await inFolder((home) => refusedWith(start(home, server.url()), /the server lacks the extensions unaccent/));
    } finally {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('changes its master key under running nodes, and refuses a node with another one', async () => {
    const server = await startPostgres(folderOf(18));
    const [first, second] = [randomBytes(32).toString('base64'), randomBytes(32).toString('base64')];
    try {
      await inFolder(async (folder) => {
        const old = start(join(folder, 'a'), server.url(), {
          HEDDLE__KEYS__MASTER: first,
          HEDDLE__DATABASE__NODES: '2',
        });
        const hand = await handOf(await old.ready);
        await refusedWith(
          start(join(folder, 'b'), server.url(), { HEDDLE__KEYS__MASTER: second }),
          /sealed under another master key/,
        );
        const next = start(join(folder, 'c'), server.url(), {
          HEDDLE__KEYS__MASTER: second,
          HEDDLE__KEYS__PREVIOUS: first,
        });
        await next.ready;
        // New connections of the old node still find the password that they know.
        await sql(
          addressOf(server.url(), 'the test'),
          `select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'heddle %' and pid <> pg_backend_pid()`,
        );
        await eventually(async () => expect((await hand.create()).status).to.equal(201));
        await stop(old);
        await stop(next);
      });
    } finally {
      await server.stop();
    }
  });

  it('is not called ready while it is a standby, and no connection is left behind by asking', async () => {
    const server = await startPostgres(folderOf(18));
    try {
      await inFolder(async (folder) => {
        const running = start(folder, server.url());
        const url = await running.ready;
        await server.crash('standby');
        await eventually(async () => {
          const ready = await fetch(`${url}/readyz`);
          expect([ready.status, await ready.text()]).to.satisfy(
            ([status, text]: [number, string]) => status === 503 && text.includes('standby'),
          );
        });
        await pause(3_000);
        const listening = await sql(
          addressOf(server.url(), 'the test'),
          `select count(*)::int as n from pg_stat_activity where application_name = 'heddle listening'`,
        );
        expect(listening[0]?.['n']).to.be.below(3);
        await server.crash();
        await eventually(async () => expect((await fetch(`${url}/readyz`)).status).to.equal(200));
        await stop(running);
      });
    } finally {
      await server.stop();
    }
  });

  it('may fall silent: everybody is answered in time, and Heddle still ends when asked', async () => {
    const server = await startPostgres(folderOf(18));
    try {
      await inFolder(async (folder) => {
        const limits = {
          HEDDLE__DATABASE__TIMEOUTS__LANE_MS: '500',
          HEDDLE__DATABASE__TIMEOUTS__TRANSACTION_MS: '500',
          HEDDLE__DATABASE__TIMEOUTS__CONNECT_MS: '500',
        };
        const running = start(folder, server.url(), limits);
        const url = await running.ready;
        const hand = await handOf(url);
        const { status: before } = await hand.read('none');
        expect(before).to.equal(404);
        server.hold();
        const body = new URLSearchParams({
          grant_type: 'password',
          client_id: 'heddle-cli',
          username: 'doctor',
          password: 'heddle',
        });
        const [read, token] = await Promise.all([
          hand.read('none'),
          fetch(`${url}/realms/heddle/protocol/openid-connect/token`, { method: 'POST', body }),
        ]);
        expect([read.status, token.status]).to.deep.equal([503, 503]);
        for (const answer of [read, token]) expect(answer.headers.get('retry-after')).to.match(/^\d+$/);
        expect((await fetch(`${url}/readyz`)).status).to.equal(503);
        const from = performance.now();
        await stop(running);
        expect(performance.now() - from).to.be.below(15_000);
        server.letGo();
      });
    } finally {
      await server.stop();
    }
  });

  it('may be restarted: 503 with Retry-After, not ready, and back without a restart of Heddle', async () => {
    const server = await startPostgres(folderOf(18));
    await inFolder(async (folder) => {
      const running = start(folder, server.url());
      const url = await running.ready;
      const hand = await handOf(url);
      const kept: string[] = [];
      const work = { goesOn: true };
      const statuses = new Set<number>();
      const writer = (async () => {
        while (work.goesOn) {
          const answer = await hand.create();
          statuses.add(answer.status);
          if (answer.status === 201) kept.push(await idOf(answer));
          else if (answer.status === 503) expect(answer.headers.get('retry-after')).to.match(/^\d+$/);
          else expect(await answer.text()).to.match(/unknown/);
        }
      })();
      await eventually(async () => expect(kept.length).to.be.above(20));
      await server.crash();
      await eventually(async () => expect(statuses.has(503)).to.equal(true));
      await eventually(async () => expect((await fetch(`${url}/readyz`)).status).to.equal(200));
      const before = kept.length;
      await eventually(async () => expect(kept.length).to.be.above(before + 20));
      work.goesOn = false;
      await writer;
      const read = await Promise.all(kept.map((id) => hand.read(id)));
      expect(read.map(({ status }) => status)).to.deep.equal(kept.map(() => 200));
      await stop(running);
    });
    await server.stop();
  });
});
