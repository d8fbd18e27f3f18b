import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { eventually } from '../../core/test/eventually.ts';
import { itWhere } from '../cannot-run.ts';
import { childrenOf, handOf, idOf, inFolder, isAlive, postmasterOf, runHeddle, type Running } from './running.ts';

const start = (home: string, environment: Record<string, string> = {}): Running =>
  runHeddle({ environment: { HEDDLE_HOME: home, HEDDLE__LOG__LEVEL: 'warn', ...environment } });

const stop = async ({ child, exit }: Running): Promise<void> => {
  child.kill('SIGTERM');
  expect((await exit).code).to.equal(0);
};

const refusedWith = async (running: Running, words: RegExp): Promise<void> => {
  expect((await running.exit).code, running.output()).to.equal(78);
  expect(running.output()).to.match(words);
};

const gone = (pid: number) => eventually(async () => expect(isAlive(pid)).to.equal(false));

const isRoot = process.getuid?.() === 0;
const nobody = ['setpriv', '--reuid=nobody', '--regid=nogroup', '--clear-groups'];
const runsAs = ([command = '', ...args]: readonly string[]): boolean => {
  try {
    execFileSync(command, [...args, process.execPath, '--version'], { stdio: 'ignore' });
    return true;
  } catch (thrown) {
    if (thrown instanceof Error) return false;
    throw thrown;
  }
};

describe('the embedded database', () => {
  it('keeps what it holds over a restart and over kill -9, and leaves no orphan', () =>
    inFolder(async (folder) => {
      const home = join(folder, 'home');
      const first = start(home);
      const ids = [await idOf(await (await handOf(await first.ready)).create())];
      const firstDatabase = postmasterOf(home);
      await stop(first);
      expect(isAlive(firstDatabase)).to.equal(false);

      const second = start(home);
      const hand = await handOf(await second.ready);
      expect((await hand.read(ids[0] ?? '')).status).to.equal(200);
      const made = await Promise.all(Array.from({ length: 200 }, () => hand.create()));
      for (const answer of made) if (answer.status === 201) ids.push(await idOf(answer));
      const database = postmasterOf(home);
      second.child.kill('SIGKILL');
      await second.exit;

      // At once, while the old server may still be on its way down.
      const third = start(home);
      const again = await handOf(await third.ready);
      expect(isAlive(database)).to.equal(false);
      const read = await Promise.all(ids.map((id) => again.read(id)));
      expect(read.map(({ status }) => status)).to.deep.equal(ids.map(() => 200));
      const last = postmasterOf(home);
      third.child.kill('SIGKILL');
      await third.exit;
      await gone(last);
    }));

  it('refuses a second server on the same home, and the first goes on', () =>
    inFolder(async (folder) => {
      const home = join(folder, 'home');
      const first = start(home);
      const url = await first.ready;
      await refusedWith(
        start(home),
        new RegExp(
          `another Heddle \\(process ${first.child.pid}\\) runs on HEDDLE_HOME .*another HEDDLE_HOME and PORT`,
        ),
      );
      expect((await fetch(`${url}/readyz`)).status).to.equal(200);
      await stop(first);
    }));

  it('is made once when two start together on a new home', () =>
    inFolder(async (folder) => {
      const home = join(folder, 'home');
      const both = [start(home), start(home)];
      const settled = await Promise.allSettled(both.map(({ ready }) => ready));
      expect(
        settled.map(({ status }) => status).toSorted(),
        both.map((each) => each.output()).join('\n--\n'),
      ).to.deep.equal(['fulfilled', 'rejected']);
      const winner = both[settled.findIndex(({ status }) => status === 'fulfilled')];
      const loser = both[settled.findIndex(({ status }) => status === 'rejected')];
      expect(loser?.output()).to.contain('another Heddle');
      expect(readdirSync(home).filter((name) => name.startsWith('database.'))).to.deep.equal([]);
      if (winner) await stop(winner);
    }));

  it('is stopped when it outlived its Heddle and nothing told it to go', () =>
    inFolder(async (folder) => {
      const home = join(folder, 'home');
      const first = start(home);
      await first.ready;
      const pid = postmasterOf(home);
      // A stopped process hears no signal of its parent's death: an orphan that holds the home.
      process.kill(pid, 'SIGSTOP');
      first.child.kill('SIGKILL');
      await first.exit;
      const second = start(home);
      setTimeout(() => process.kill(pid, 'SIGCONT'), 1_000);
      await second.ready;
      expect(isAlive(pid)).to.equal(false);
      await stop(second);
    }));

  it('belongs to the first who took it, though that one is slow to start', () =>
    inFolder(async (folder) => {
      const home = join(folder, 'home');
      const made = start(home);
      await made.ready;
      await stop(made);
      const slow = start(home);
      // As after a crash, when recovery takes its time.
      const pid = await eventually(async () => {
        const found = childrenOf(slow.child.pid ?? 0).find((child) =>
          /postgres\0-D/.test(readFileSync(`/proc/${child}/cmdline`, 'utf8')),
        );
        return found ?? expect.fail('no server yet');
      }, 2_000);
      process.kill(pid, 'SIGSTOP');
      const second = start(home);
      const refused = await second.exit;
      process.kill(pid, 'SIGCONT');
      expect(refused.code, second.output()).to.equal(78);
      expect(second.output()).to.match(/another Heddle \(process \d+\) runs/);
      await slow.ready;
      await stop(slow);
    }));

  it('is started again when its processes are killed, without a restart of Heddle', () =>
    inFolder(async (folder) => {
      const home = join(folder, 'home');
      const running = start(home);
      const url = await running.ready;
      const hand = await handOf(url);
      const id = await idOf(await hand.create());
      process.kill(postmasterOf(home), 'SIGKILL');
      await eventually(async () => expect((await fetch(`${url}/readyz`)).status).to.equal(503));
      const answer = await hand.read(id);
      if (answer.status !== 200) {
        expect(answer.status).to.equal(503);
        expect(answer.headers.get('retry-after')).to.match(/^\d+$/);
      }
      await eventually(async () => expect((await fetch(`${url}/readyz`)).status).to.equal(200));
      await eventually(async () => expect((await hand.read(id)).status).to.equal(200));
      expect((await hand.create()).status).to.equal(201);
      expect(running.output()).to.contain('stopped by itself');
      await stop(running);
    }));

  it('lives below a home that only its owner may enter, with blanks and far down', () =>
    inFolder(async (folder) => {
      chmodSync(folder, 0o700);
      const home = join(folder, 'a home with blanks', 'ü'.repeat(60), 'deep'.repeat(20), 'home');
      const running = start(home);
      expect((await (await handOf(await running.ready)).create()).status).to.equal(201);
      expect(statSync(home).mode & 0o777).to.equal(0o700);
      await stop(running);
    }));

  itWhere(isRoot, 'these tests do not run as root')('does not run as root when it was started by root', () =>
    inFolder(async (folder) => {
      const running = start(join(folder, 'home'));
      await running.ready;
      const uid = Number(
        /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${postmasterOf(join(folder, 'home'))}/status`, 'utf8'))?.[1],
      );
      expect(uid).to.not.equal(0);
      await stop(running);
    }),
  );

  itWhere(runsAs(nobody), 'only root can become another user, and that one must reach this folder')(
    'does not need root to run',
    () =>
      inFolder(async (folder) => {
        chmodSync(folder, 0o777);
        const home = join(folder, 'of a user', 'home');
        const running = runHeddle({
          through: nobody,
          environment: { HEDDLE_HOME: home, HEDDLE__LOG__LEVEL: 'warn', HOME: folder },
        });
        expect((await (await handOf(await running.ready)).create()).status).to.equal(201);
        expect(statSync(join(home, 'database')).uid)
          .to.equal(statSync(home).uid)
          .and.not.equal(0);
        await stop(running);
      }),
  );

  it('needs no user namespace, which many machines forbid', () =>
    inFolder(async (folder) => {
      chmodSync(folder, 0o700);
      const running = start(join(folder, 'home'));
      await running.ready;
      const namespaceOf = (pid: number | 'self'): string => readlinkSync(`/proc/${pid}/ns/user`);
      expect(namespaceOf(postmasterOf(join(folder, 'home')))).to.equal(namespaceOf('self'));
      await stop(running);
    }));

  it('begins anew after a kill in the middle of its making', () =>
    inFolder(async (folder) => {
      const home = join(folder, 'home');
      const first = start(home);
      await eventually(async () =>
        expect(existsSync(home) && readdirSync(home).some((name) => name.startsWith('database.'))).to.equal(true),
      );
      first.child.kill('SIGKILL');
      await first.exit;
      expect(existsSync(join(home, 'database'))).to.equal(false);
      const second = start(home);
      await second.ready;
      await stop(second);
    }));

  describe('refuses', () => {
    const damaged: Record<string, [(home: string) => void, RegExp]> = {
      'a directory without its version': [
        (home) => rmSync(join(home, 'database/PG_VERSION')),
        /damaged or not Heddle's: PG_VERSION cannot be read.*restore a backup/,
      ],
      'a version that is none': [
        (home) => writeFileSync(join(home, 'database/PG_VERSION'), '\0\0'),
        /PG_VERSION holds no version/,
      ],
      'a control file that was cut off': [
        (home) => truncateSync(join(home, 'database/global/pg_control'), 4),
        /pg_control cannot be read/,
      ],
      'a control file that was overwritten': [
        (home) => {
          const file = join(home, 'database/global/pg_control');
          const bytes = readFileSync(file);
          writeFileSync(file, Buffer.concat([bytes.subarray(0, 8), Buffer.alloc(bytes.length - 8, 7)]));
        },
        /part 'database': the embedded database did not start: .*FATAL/,
      ],
      'a directory of another version': [
        (home) => writeFileSync(join(home, 'database/PG_VERSION'), '17\n'),
        /made by PostgreSQL 17, and this Heddle brings 18\. It was not touched.*heddle backup.*heddle restore/,
      ],
      'another database in its place': [
        (home) => {
          const file = join(home, 'database/heddle-cluster.json');
          const { password } = JSON.parse(readFileSync(file, 'utf8')) as { password: string };
          writeFileSync(file, JSON.stringify({ password, system: '1' }));
        },
        /another database than the one that Heddle made here/,
      ],
      'its own note when that is not readable': [
        (home) => writeFileSync(join(home, 'database/heddle-cluster.json'), '{'),
        /heddle-cluster\.json is not JSON/,
      ],
    };

    let sound = '';
    before(async () => {
      sound = mkdtempSync(join(tmpdir(), 'heddle-fault-'));
      const running = start(join(sound, 'home'));
      await running.ready;
      await stop(running);
    });
    after(() => rmSync(sound, { recursive: true, force: true }));

    for (const [what, [spoil, words]] of Object.entries(damaged))
      it(what, () =>
        inFolder(async (folder) => {
          const home = join(folder, 'home');
          execFileSync('cp', ['-a', join(sound, 'home'), home]);
          spoil(home);
          await refusedWith(start(home), words);
        }),
      );

    it('nothing of a copy that was not spoilt', () =>
      inFolder(async (folder) => {
        execFileSync('cp', ['-a', join(sound, 'home'), join(folder, 'home')]);
        const running = start(join(folder, 'home'));
        await running.ready;
        await stop(running);
      }));

    it('a home that is somebody else’s directory, and writes nothing into it', () =>
      inFolder(async (folder) => {
        const home = join(folder, 'home');
        mkdirSync(home);
        writeFileSync(join(home, 'thesis.txt'), 'x');
        await refusedWith(start(home), /holds files and is not Heddle's/);
        expect(readdirSync(home)).to.deep.equal(['thesis.txt']);
        await refusedWith(start(join(home, 'thesis.txt')), /is not a directory/);
      }));

    it('a port that is in use, and leaves nothing running', () =>
      inFolder(async (folder) => {
        const first = start(join(folder, 'one/home'));
        const { port } = new URL(await first.ready);
        const home = join(folder, 'home');
        await refusedWith(start(home, { PORT: port }), new RegExp(`part 'http': port ${port} is in use`));
        expect(existsSync(join(home, 'database/postmaster.pid'))).to.equal(false);
        await stop(first);
      }));
  });
});
