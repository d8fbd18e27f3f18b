import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { eventually } from '../../core/test/eventually.ts';
import { childrenOf, handOf, idOf, inFolder, isAlive, postmasterOf, runHeddle, type Running } from './running.ts';

const start = (home: string, more: Readonly<Record<string, string>> = {}): Running =>
  runHeddle({ environment: { HEDDLE_HOME: home, HEDDLE__WORKERS: '2', HEDDLE__LOG__LEVEL: 'warn', ...more } });

const workersOf = ({ child }: Running): number[] =>
  childrenOf(child.pid ?? 0).filter((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('heddle.js'));

describe('several workers', () => {
  it('serve one port, count together, and stop when asked', () =>
    inFolder(async (folder) => {
      const home = join(folder, 'home');
      const running = start(home);
      const url = await running.ready;
      const hand = await handOf(url);
      const ids = await Promise.all(Array.from({ length: 40 }, async () => idOf(await hand.create())));
      const read = await Promise.all(ids.map((id) => hand.read(id)));
      expect(read.map(({ status }) => status)).to.deep.equal(ids.map(() => 200));
      expect(workersOf(running)).to.have.length(2);
      const metrics = await (await fetch(`${url}/metrics`)).text();
      expect(metrics).to.match(/heddle_interaction_seconds_count\{verb="create",status="201"\} 40/);
      const workers = workersOf(running);
      const database = postmasterOf(home);
      running.child.kill('SIGTERM');
      expect((await running.exit).code).to.equal(0);
      for (const pid of [...workers, database]) expect(isAlive(pid)).to.equal(false);
    }));

  it('are replaced when they die, and named', () =>
    inFolder(async (folder) => {
      const running = start(join(folder, 'home'));
      const url = await running.ready;
      const hand = await handOf(url);
      const [first = 0, second = 0] = workersOf(running);
      process.kill(first, 'SIGKILL');
      expect((await eventually(() => hand.create())).status).to.equal(201);
      await eventually(async () => {
        expect(workersOf(running).filter((pid) => pid !== first)).to.have.length(2);
        expect(workersOf(running)).to.include(second);
      });
      expect(running.output()).to.match(/a worker died; another takes its place/);
      expect((await hand.create()).status).to.equal(201);
      running.child.kill('SIGTERM');
      await running.exit;
    }));

  it('may die while the database is away: the others go on, and it is replaced afterwards', () =>
    inFolder(async (folder) => {
      const home = join(folder, 'home');
      const running = start(home, { HEDDLE__DATABASE__TIMEOUTS__CONNECT_MS: '500' });
      const url = await running.ready;
      const hand = await handOf(url);
      const database = postmasterOf(home);
      process.kill(database, 'SIGSTOP');
      const [first = 0] = workersOf(running);
      process.kill(first, 'SIGKILL');
      await eventually(async () => expect(running.output()).to.match(/could not be replaced; trying again/));
      process.kill(database, 'SIGCONT');
      await eventually(async () => expect((await hand.create()).status).to.equal(201));
      await eventually(async () => expect(running.output().match(/another takes its place/g)).to.have.length(1));
      await eventually(async () => expect(workersOf(running)).to.have.length(2));
      running.child.kill('SIGTERM');
      expect((await running.exit).code, running.output()).to.equal(0);
    }));

  it('end with the first process, however it ends, and the database with them', () =>
    inFolder(async (folder) => {
      const home = join(folder, 'home');
      const running = start(home);
      await running.ready;
      const all = [...workersOf(running), postmasterOf(home)];
      running.child.kill('SIGKILL');
      await running.exit;
      await eventually(async () => expect(all.filter(isAlive)).to.deep.equal([]));
    }));

  it('that cannot start are told by their reason', () =>
    inFolder(async (folder) => {
      const first = start(join(folder, 'one/home'));
      const { port } = new URL(await first.ready);
      const second = runHeddle({
        environment: { HEDDLE_HOME: join(folder, 'two/home'), HEDDLE__WORKERS: '2', PORT: port },
      });
      expect((await second.exit).code).to.equal(78);
      expect(second.output()).to.match(new RegExp(`part 'http': port ${port} is in use`));
      first.child.kill('SIGTERM');
      await first.exit;
    }));
});
