import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import type { Caller } from '../../core/src/fhir/interaction.ts';
import { addJob, type NewJob } from '../../core/src/jobs/job.ts';
import type { Database } from '../../core/src/store/database.ts';
import type { Run } from '../../core/src/store/statement.ts';
import { testDatabase, type TestDatabase } from '../../core/src/testing/postgres.ts';
import { eventually } from '../../core/test/eventually.ts';
import { openTestDatabase, sql } from '../../core/test/store/rig.ts';

const caller: Caller = { tenant: 1, tenantName: 'hospital', subject: 'somebody', kind: 'user', roles: ['admin'] };

interface Worker {
  readonly child: ChildProcess;
  readonly said: string[];
}

describe('the job queue', () => {
  let database: TestDatabase;
  let open: Database;
  const workers: Worker[] = [];
  beforeEach(async () => {
    database = await testDatabase();
    open = await openTestDatabase(database.serving);
  });
  afterEach(async () => {
    for (const { child } of workers.splice(0)) child.kill('SIGKILL');
    await open.close();
    await database.drop();
  });

  const start = async (): Promise<Worker> => {
    const child = spawn(
      process.execPath,
      [join(import.meta.dirname, 'job-worker.ts'), JSON.stringify(database.serving)],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    const worker: Worker = { child, said: [] };
    workers.push(worker);
    child.stdout?.on('data', (chunk: Buffer) => worker.said.push(...chunk.toString().trim().split('\n')));
    await eventually(async () => expect(worker.said).to.include('ready'));
    return worker;
  };
  const said = (): string[] => workers.flatMap((worker) => worker.said.filter((line) => line !== 'ready'));
  const add = (run: Run, name: string, ms = 0, rest: Partial<NewJob> = {}): Promise<void> =>
    addJob({ run }, { task: 'wait', caller, about: { name, ms }, ...rest });
  const left = async (): Promise<unknown> =>
    (await sql(database.owner, 'select count(*)::int as n from graphile_worker._private_jobs'))[0]?.n;

  it('runs a job once though two processes wait, if its transaction commits, and never if it does not', async () => {
    await Promise.all([start(), start()]);
    await open.transactions.transaction(1, ({ run }) => add(run, 'done'));
    await open.transactions
      .transaction(1, async ({ run }) => {
        await add(run, 'undone');
        throw new RangeError('undone');
      })
      .catch(() => undefined);
    for (let n = 0; n < 20; n++) await open.transactions.transaction(1, ({ run }) => add(run, `n${n}`));
    await eventually(async () => expect(await left()).to.equal(0));
    const ended = said().filter((line) => line.startsWith('end'));
    expect(ended.toSorted()).to.deep.equal(
      ['done', ...Array.from({ length: 20 }, (_, n) => `n${n}`)].map((name) => `end ${name}`).toSorted(),
    );
  }).timeout(30_000);

  it('gives the jobs of a process that was killed to another within ten seconds', async () => {
    const first = await start();
    await open.transactions.transaction(1, ({ run }) => add(run, 'long', 60_000));
    await eventually(async () => expect(first.said).to.include('begin long'));
    const second = await start();
    const from = performance.now();
    first.child.kill('SIGKILL');
    await eventually(async () => expect(second.said).to.include('begin long'), 600);
    expect((performance.now() - from) / 1_000).to.be.lessThan(10);
  }).timeout(30_000);

  it('lets a process that stood still break off what another has begun', async () => {
    const first = await start();
    await open.transactions.transaction(1, ({ run }) => add(run, 'still', 9_000));
    await eventually(async () => expect(first.said).to.include('begin still'));
    const second = await start();
    first.child.kill('SIGSTOP');
    await eventually(async () => expect(second.said).to.include('begin still'), 600);
    first.child.kill('SIGCONT');
    await eventually(async () => expect(second.said).to.include('end still'), 600);
    expect(first.said).not.to.include('end still');
    expect(await left()).to.equal(0);
  }).timeout(40_000);

  it('breaks a job off where its process stops, and another does it from the beginning', async () => {
    const first = await start();
    await open.transactions.transaction(1, ({ run }) => add(run, 'stopped', 5_000));
    await eventually(async () => expect(first.said).to.include('begin stopped'));
    const exit = once(first.child, 'exit');
    first.child.kill('SIGTERM');
    expect((await exit)[0]).to.equal(0);
    expect(first.said).not.to.include('end stopped');
    const second = await start();
    await eventually(async () => expect(second.said).to.include('begin stopped'), 600);
    expect(await sql(database.owner, 'select count(*)::int as n from heddle.worker')).to.deep.equal([{ n: 1 }]);
  }).timeout(30_000);

  it('goes on after a database that could not be told how a job ended', async () => {
    const { superuser, name } = database;
    const postgres = { ...superuser, database: 'postgres' };
    const worker = await start();
    await open.transactions.transaction(1, ({ run }) => add(run, 'unheard', 1_500));
    await eventually(async () => expect(worker.said).to.include('begin unheard'));
    await sql(
      postgres,
      `alter database ${name} allow_connections false`,
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`,
    );
    await eventually(async () => expect(worker.said).to.include('end unheard'));
    await pause(1_500);
    await sql(postgres, `alter database ${name} allow_connections true`);
    await eventually(async () => expect(await left()).to.equal(0), 600);
    expect(worker.child.exitCode).to.equal(null);
    expect(worker.said.filter((line) => line === 'end unheard')).to.have.length(2);
  }).timeout(40_000);

  it('keeps one job of a key, the last that was asked for, for each tenant', async () => {
    for (const tenant of [1, 2])
      for (const name of ['a', 'b'])
        await open.transactions.transaction(tenant, ({ run }) =>
          add(run, `${name}${tenant}`, 0, { key: 'single', caller: { ...caller, tenant } }),
        );
    await start();
    await eventually(async () => expect(await left()).to.equal(0));
    expect(
      said()
        .filter((line) => line.startsWith('begin'))
        .toSorted(),
    ).to.deep.equal(['begin b1', 'begin b2']);
  }).timeout(30_000);

  it('holds the caller and names, and refuses what could be content', async () => {
    await open.transactions.transaction(1, ({ run }) => add(run, 'Patient/1'));
    expect(await sql(database.owner, 'select payload from graphile_worker._private_jobs')).to.deep.equal([
      { payload: { caller, about: { name: 'Patient/1', ms: 0 } } },
    ]);
    for (const content of ['{"resourceType":"Patient"}', 'John Doe', 'x'.repeat(300)])
      expect(
        await open.transactions
          .transaction(1, ({ run }) => add(run, content))
          .then(
            () => 'taken',
            () => 'refused',
          ),
      ).to.equal('refused');
  });

  it('is brought forward and opened to the serving role, which owns nothing of it', async () => {
    const [found] = await sql(
      database.owner,
      `select max(id)::int >= 20 as current,
              (select count(*)::int from pg_class c join pg_namespace n on n.oid = c.relnamespace
                where n.nspname = 'graphile_worker' and c.relkind = 'r' and pg_get_userbyid(c.relowner) <> 'heddle') as strange
         from graphile_worker.migrations`,
    );
    expect(found).to.deep.equal({ current: true, strange: 0 });
    expect(
      await sql(database.serving, 'create table graphile_worker.mine (id int)').then(
        () => 'done',
        () => 'refused',
      ),
    ).to.equal('refused');
  });
});
