/** Records which process a home belongs to and finds a server that outlived its Heddle; signals no process that it has not recognised. */
import { readFile, readlink, realpath, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

interface Owner {
  readonly pid: number;
  /** Clock ticks after boot: tells a process from a later one with its number. */
  readonly started: string;
  /** Where its server's socket is; empty where the database is not the embedded one. Cleared away by the next owner. */
  readonly sockets: string;
}

const missing = new Set(['ENOENT', 'ESRCH', 'EACCES']);

const orUndefined = async <T>(work: Promise<T>): Promise<T | undefined> => {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Error && 'code' in error && missing.has(String(error.code))) return undefined;
    throw error;
  }
};

/** When a living process began; a dead one that nobody has buried yet (a zombie) holds nothing. */
const startedAt = async (pid: number): Promise<string | undefined> => {
  const line = await orUndefined(readFile(`/proc/${pid}/stat`, 'utf8'));
  // The name in brackets may hold blanks; behind it stand the state and, 19 further, the start time.
  const fields = line?.slice(line.lastIndexOf(')') + 2).split(' ') ?? [];
  return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
};

export const readOwner = async (home: string): Promise<Owner | undefined> => {
  const written = await orUndefined(readFile(join(home, 'owner.json'), 'utf8'));
  return written === undefined ? undefined : (JSON.parse(written) as Owner);
};

/** Only whoever holds the home's lock may call this. */
export const writeOwner = async (home: string, sockets: string): Promise<void> => {
  const before = await readOwner(home);
  if (before?.sockets.startsWith('/tmp/heddle-') && before.sockets !== sockets)
    await rm(before.sockets, { recursive: true, force: true });
  const owner: Owner = { pid: process.pid, started: (await startedAt(process.pid)) ?? '', sockets };
  await writeFile(join(home, 'owner.json'), `${JSON.stringify(owner)}\n`, { mode: 0o600 });
};

/** The process that holds the home, when it lives. */
export const liveOwner = async (home: string): Promise<number | undefined> => {
  const owner = await readOwner(home);
  if (owner === undefined) return undefined;
  const started = await startedAt(owner.pid);
  return started !== undefined && started === owner.started ? owner.pid : undefined;
};

/** Only a process that works in this very directory is taken for its postmaster. */
export const signalPostmaster = async (data: string, signal: 'SIGINT' | 'SIGQUIT'): Promise<void> => {
  const pid = Number((await orUndefined(readFile(join(data, 'postmaster.pid'), 'utf8')))?.split('\n')[0]);
  if (!Number.isInteger(pid) || pid <= 1) return;
  const works = await orUndefined(readlink(`/proc/${pid}/cwd`));
  if (works === (await realpath(data))) process.kill(pid, signal);
};
