/** PostgreSQL of a chosen major version, run as an operator runs a server of his own; from the packages that only tests install. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addressOf } from '../../core/src/store/address.ts';
import { eventually } from '../../core/test/eventually.ts';
import { sql } from '../../core/test/store/rig.ts';
import { packagedPostgres, readyBinaries } from '../../core/src/store/embedded/binaries.ts';
import { chooseAccount } from '../../core/src/store/embedded/run-as.ts';
import { urlOf } from '../../core/src/testing/postgres.ts';
import { root } from './running.ts';

export const folderOf = (major: number): string =>
  major === 18 ? packagedPostgres() : join(root, `node_modules/postgres-${major}-${process.arch}`);

export const isHere = (major: number): boolean => existsSync(folderOf(major));

export interface OtherPostgres {
  /** The superuser's address of a database. */
  readonly url: (database?: string) => string;
  /** Kills it without a word and starts it again, perhaps as a standby of nobody. */
  readonly crash: (as?: 'standby') => Promise<void>;
  /** Every process of it stands still: it neither answers nor goes away. */
  readonly hold: () => void;
  readonly letGo: () => void;
  readonly stop: () => Promise<void>;
}

const signalAll = (data: string, signal: 'SIGSTOP' | 'SIGCONT'): void => {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      if (readlinkSync(`/proc/${pid}/cwd`) === data) process.kill(Number(pid), signal);
    } catch (thrown) {
      // Processes come and go while they are looked at.
      if (!(thrown instanceof Error && 'code' in thrown)) throw thrown;
    }
  }
};

export const startPostgres = async (folder: string, maxConnections = 60): Promise<OtherPostgres> => {
  const home = mkdtempSync(join(tmpdir(), 'heddle-other-'));
  const account = chooseAccount(process.getuid?.() ?? 0);
  const { initdb, postgres } = await readyBinaries(folder, account, home);
  const data = join(home, 'data');
  mkdirSync(data);
  const passwordFile = join(home, 'password');
  writeFileSync(passwordFile, 'secret');
  for (const path of [home, data, passwordFile]) chownSync(path, account.uid, account.gid);
  chmodSync(home, 0o755);
  const [command = '', ...making] = account.command([
    initdb,
    '-D',
    data,
    '-U',
    'postgres',
    '-E',
    'UTF8',
    '--locale=C',
    '--no-sync',
    '-A',
    'scram-sha-256',
    '--pwfile',
    passwordFile,
  ]);
  execFileSync(command, making, { stdio: 'ignore', cwd: '/' });
  const url = (database = 'postgres'): string => urlOf({ host: home, user: 'postgres', password: 'secret', database });

  let child: ChildProcess;
  const begin = async (): Promise<void> => {
    const settings = [
      'listen_addresses=',
      'fsync=off',
      `unix_socket_directories=${home}`,
      `max_connections=${maxConnections}`,
    ];
    const [run = '', ...args] = account.command([postgres, '-D', data, ...settings.flatMap((each) => ['-c', each])]);
    const launch = (): ChildProcess =>
      spawn('setpriv', ['--pdeathsig', 'KILL', run, ...args], { stdio: 'ignore', cwd: '/' });
    child = launch();
    await eventually(() => {
      // It refuses to start as long as a process of one that was killed still lives.
      if (child.exitCode !== null) child = launch();
      return sql(addressOf(url(), 'the test'), 'select 1');
    });
  };
  const end = async (signal: 'SIGKILL' | 'SIGINT'): Promise<void> => {
    child.kill(signal);
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  };
  await begin();
  return {
    url,
    crash: async (as) => {
      await end('SIGKILL');
      const signal = join(data, 'standby.signal');
      if (as === 'standby') writeFileSync(signal, '');
      else rmSync(signal, { force: true });
      await begin();
    },
    hold: () => signalAll(data, 'SIGSTOP'),
    letGo: () => signalAll(data, 'SIGCONT'),
    stop: async () => {
      await end('SIGINT');
      rmSync(home, { recursive: true, force: true });
    },
  };
};
