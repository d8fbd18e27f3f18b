/** Starts, watches, restarts and stops the embedded PostgreSQL; never two on one home, never one left behind. docs/decisions/embedded-postgres.md says why each part is there. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { chown, mkdtemp, readFile, rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Log } from '../../observe/log.ts';
import { misconfigured, type Outcome } from '../../outcome/outcome.ts';
import { packagedPostgres, readyBinaries, type Binaries } from './binaries.ts';
import { createCluster } from './create.ts';
import { prepareHome, readCluster } from './home.ts';
import { liveOwner, signalPostmaster, writeOwner } from './owner.ts';
import { chooseAccount, type RunAs } from './run-as.ts';

export interface EmbeddedNeeds {
  readonly home: string;
  readonly fsync: boolean;
  readonly maxConnections: number;
  readonly random: (bytes: number) => Uint8Array;
  readonly log: Log;
  /** Another package's folder, for tests of other versions. */
  readonly folder?: string;
}

export interface Embedded {
  readonly version: string;
  readonly account: string;
  /** The bootstrap superuser: installation and nothing else. */
  readonly superuser: {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly password: string;
    readonly database: string;
  };
  /** The running postmaster; 0 while there is none. */
  readonly pid: () => number;
  readonly stop: () => Promise<void>;
}

/** Chosen by flock for "somebody else holds it" and by the shell line for "my parent died before I began". */
const held = 75;

const longestWait = 15_000;
const logLimit = 10_000_000;

interface Place {
  readonly home: string;
  readonly data: string;
  readonly sockets: string;
  readonly logFile: string;
}

const settings = ({ fsync, maxConnections }: EmbeddedNeeds, sockets: string): string[] =>
  Object.entries({
    listen_addresses: '',
    unix_socket_directories: sockets,
    max_connections: maxConnections,
    fsync: fsync ? 'on' : 'off',
    shared_buffers: '128MB',
    max_wal_size: '1GB',
    wal_compression: 'pglz',
    // A statement and its DETAIL may hold a patient's values: neither is written.
    log_min_messages: 'log',
    log_min_error_statement: 'panic',
    log_error_verbosity: 'terse',
    log_checkpoints: 'off',
    log_timezone: 'UTC',
    timezone: 'UTC',
  }).flatMap(([key, value]) => ['-c', `${key}=${value}`]);

/**
 * flock hands its lock down to every PostgreSQL process, so the home is free exactly when the last has gone. setpriv asks
 * the kernel for SIGINT (fast shutdown) when this process dies; the shell line closes the gap before it asked. The data
 * directory is entered before root is given up, so that no directory above it need be open to the account. Whoever has
 * the lock knows that no PostgreSQL is left on this home: a pid file that is still there names a dead process, or after a
 * power cut a stranger with the same number, and PostgreSQL would refuse to start beside it.
 */
const launch = (binaries: Binaries, runAs: RunAs, place: Place, options: readonly string[]): ChildProcess => {
  const log = openSync(place.logFile, 'a', 0o600);
  const server = [binaries.postgres, '-D', '/proc/self/cwd', ...options];
  const tied = [
    'sh',
    '-c',
    `[ "$PPID" = "$1" ] || exit 76; shift; rm -f postmaster.pid; exec "$@"`,
    'sh',
    String(process.pid),
    ...server,
  ];
  const [first = '', ...rest] = runAs.command(['setpriv', '--pdeathsig', 'INT', ...tied]);
  try {
    const child = spawn(
      'flock',
      ['--no-fork', '--nonblock', '--conflict-exit-code', String(held), join(place.home, 'lock'), first, ...rest],
      {
        cwd: place.data,
        stdio: ['ignore', log, log],
        // A session of its own: Ctrl-C in a terminal must reach Heddle, which drains first, and not the database under it.
        detached: true,
      },
    );
    // Whoever wants the database keeps the process alive, not the database.
    child.unref();
    return child;
  } finally {
    closeSync(log);
  }
};

const exitOf = async (child: ChildProcess): Promise<number> => {
  if (child.pid === undefined) return -1;
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode ?? -1;
};

/** PostgreSQL writes `ready` on the eighth line of its pid file. */
const isReady = async (place: Place, pid: number): Promise<boolean> => {
  try {
    const lines = (await readFile(join(place.data, 'postmaster.pid'), 'utf8')).split('\n');
    return Number(lines[0]) === pid && lines[7]?.trim() === 'ready';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
};

/** What was written since this start; earlier runs had faults of their own. */
const lastWords = async (place: Place, from: number): Promise<string> => {
  const written = (await readFile(place.logFile)).subarray(from).toString('utf8');
  const lines = written.trimEnd().split('\n');
  const grave = lines.filter((line) => /\b(FATAL|PANIC)\b/.test(line));
  return (grave.length > 0 ? grave : lines).slice(-2).join(' | ');
};

/** A file that is not there, or a process that has gone while it was looked at. */
const absent = (error: unknown): undefined => {
  if (['ENOENT', 'ESRCH'].includes(String((error as NodeJS.ErrnoException).code))) return undefined;
  throw error as Error;
};

const cannotSpawn = async (child: ChildProcess): Promise<Outcome> => {
  const [error] = (await once(child, 'error')) as [NodeJS.ErrnoException];
  return misconfigured([
    `'flock' and 'setpriv' are needed to run the embedded database (${String(error.code)}): install util-linux, or set DATABASE_URL`,
  ]);
};

/** flock has given way to the next command only when the lock is its own. */
const hasLock = async (pid: number): Promise<boolean> => {
  const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(absent);
  return name !== undefined && !['flock', 'node', 'MainThread'].includes(name.trim());
};

/** Undefined when the server is ready; otherwise the code it ended with. */
const becomesReady = async (child: ChildProcess, place: Place): Promise<number | undefined> => {
  if (child.pid === undefined) throw await cannotSpawn(child);
  let owned = false;
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null) return exitOf(child);
    if (!owned && (await hasLock(child.pid))) {
      // Before it is ready, which may take long after a crash: a second start must see whose home this is.
      await writeOwner(place.home, place.sockets);
      owned = true;
    }
    if (owned && (await isReady(place, child.pid))) return undefined;
    await pause(15);
  }
};

/** Refuses at once when the holder lives; outwaits or stops a server whose Heddle died. */
const makeWay = async (place: Place, waited: number): Promise<void> => {
  const owner = await liveOwner(place.home);
  if (owner !== undefined)
    throw misconfigured([
      `another Heddle (process ${owner}) runs on HEDDLE_HOME ${place.home}: stop it, or start this one with another HEDDLE_HOME and PORT`,
    ]);
  if (waited > longestWait)
    throw misconfigured([
      `HEDDLE_HOME ${place.home} is held by a process that cannot be seen from here, perhaps in another container: stop it, or use another HEDDLE_HOME`,
    ]);
  if (waited > 10_000) await signalPostmaster(place.data, 'SIGQUIT');
  else if (waited > 4_000) await signalPostmaster(place.data, 'SIGINT');
  await pause(100);
};

export const startEmbedded = async (needs: EmbeddedNeeds): Promise<Embedded> => {
  const { home, log } = needs;
  await prepareHome(home);
  const runAs = chooseAccount(process.getuid?.() ?? 0);
  const binaries = await readyBinaries(needs.folder ?? packagedPostgres(), runAs, home);
  const data = join(home, 'database');
  const cluster =
    (await readCluster(data, binaries.major)) ?? (await createCluster({ ...needs, runAs, binaries, data }));
  if (runAs.drops && (await stat(data)).uid !== runAs.uid)
    throw misconfigured([
      `the database directory ${data} belongs to user ${(await stat(data)).uid} and would run as ${runAs.name} (${runAs.uid}): chown -R ${runAs.name} it, or start as its owner`,
    ]);

  // Not below the home: a socket's path may have 107 characters. Not TMPDIR, which the account may be unable to enter.
  const sockets = await mkdtemp('/tmp/heddle-');
  await chown(sockets, runAs.uid, runAs.gid);
  const place: Place = { home, data, sockets, logFile: join(home, 'postgresql.log') };
  const options = settings(needs, sockets);

  let child: ChildProcess;
  let stopping = false;

  const discard = (): Promise<void> => rm(sockets, { recursive: true, force: true });

  const bringUp = async (): Promise<void> => {
    for (let waited = 0; ; waited += 100) {
      const from = (await stat(place.logFile).catch(absent))?.size ?? 0;
      child = launch(binaries, runAs, place, options);
      const code = await becomesReady(child, place);
      if (code === undefined) return;
      if (code !== held)
        throw misconfigured([
          `the embedded database did not start: ${await lastWords(place, from)} (all of it in ${place.logFile})`,
        ]);
      await makeWay(place, waited);
    }
  };

  const keepUp = async (): Promise<void> => {
    for (let delay = 100; ; delay = Math.min(delay * 2, 3_000)) {
      const code = await exitOf(child);
      if (stopping) return;
      log.error({ code, signal: child.signalCode ?? '' }, 'the embedded database stopped by itself; starting it again');
      await pause(delay);
      if (stopping) return;
      try {
        child = launch(binaries, runAs, place, options);
        if ((await becomesReady(child, place)) !== undefined) continue;
      } catch (error) {
        // The machine is short of something for the moment; the database is still wanted.
        log.error({ err: error }, 'the embedded database could not be started; trying again');
        continue;
      }
      log.info({ pid: child.pid ?? 0 }, 'the embedded database runs again');
      delay = 100;
    }
  };

  try {
    if (((await stat(place.logFile).catch(absent))?.size ?? 0) > logLimit) await truncate(place.logFile);
    await bringUp();
  } catch (error) {
    await discard();
    throw error;
  }
  const kept = keepUp().catch((error: unknown) => {
    log.fatal({ err: error }, 'the embedded database can no longer be supervised');
  });

  return {
    version: binaries.version,
    account: runAs.name,
    superuser: { host: sockets, port: 5432, user: 'postgres', password: cluster.password, database: 'postgres' },
    pid: () => (child.exitCode === null && child.signalCode === null ? (child.pid ?? 0) : 0),
    stop: async () => {
      stopping = true;
      child.kill('SIGINT');
      // Politely, at once, and in the end whether it hears or not: its files survive each of them.
      const insist = [setTimeout(() => child.kill('SIGQUIT'), 10_000), setTimeout(() => child.kill('SIGKILL'), 15_000)];
      await exitOf(child);
      insist.forEach(clearTimeout);
      await kept;
      await discard();
    },
  };
};
