/** Runs Heddle as an operator does, as a process of its own, and watches it from outside. */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '../..');

export interface Running {
  readonly child: ChildProcess;
  readonly output: () => string;
  /** Resolves with the address of the ready line; rejects with the output when the process ends before. */
  readonly ready: Promise<string>;
  /** From ports.json, where the public address is another. */
  readonly port: () => number;
  readonly exit: Promise<{ readonly code: number | null; readonly signal: string | null }>;
}

export interface RunNeeds {
  readonly args?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Put before the command: `setpriv …`. */
  readonly through?: readonly string[];
  /** What it reads on standard input. */
  readonly input?: string;
}

const bare = ({ PATH = '', LANG = 'C.UTF-8' }: NodeJS.ProcessEnv): Record<string, string> => ({ PATH, LANG });

export const runHeddle = ({ args = ['start'], environment = {}, through = [], input = '' }: RunNeeds): Running => {
  const [command = '', ...rest] = [...through, process.execPath, join(root, 'bin/heddle.js'), ...args];
  const child = spawn(command, rest, {
    env: { ...bare(process.env), PORT: '0', ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.end(input);
  let output = '';
  let found: (url: string) => void = () => {};
  const line = new Promise<string>((resolve) => {
    found = resolve;
  });
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      const [, url] = /^heddle ready (\S+)$/m.exec(output) ?? [];
      if (url) found(url);
    });
  const exit = once(child, 'close').then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as string | null,
  }));
  const ready = Promise.race([line, exit.then(() => Promise.reject(new Error(output)))]);
  // Tests that expect the end do not wait for readiness.
  ready.catch(() => undefined);
  const port = (): number => {
    const file = join(environment['HEDDLE_HOME'] ?? '', 'ports.json');
    return (JSON.parse(readFileSync(file, 'utf8')) as { http: number }).http;
  };
  return { child, output: () => output, ready, exit, port };
};

/** A directory that is gone after `work`, with every process that still works below it. */
export const inFolder = async (work: (folder: string) => Promise<void>, parent = tmpdir()): Promise<void> => {
  const folder = mkdtempSync(join(parent, 'heddle-fault-'));
  try {
    await work(folder);
  } finally {
    for (const pid of postmasters(folder)) process.kill(pid, 'SIGKILL');
    rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
  }
};

const postmasters = (folder: string): number[] => {
  try {
    const pid = Number(readFileSync(join(folder, 'home/database/postmaster.pid'), 'utf8').split('\n')[0]);
    return isAlive(pid) ? [pid] : [];
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw thrown;
  }
};

/** A zombie that nobody has buried is dead. */
export const isAlive = (pid: number): boolean => {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch (thrown) {
    if (['ENOENT', 'ESRCH'].includes((thrown as NodeJS.ErrnoException).code ?? '')) return false;
    throw thrown;
  }
};

export const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);

export const postmasterOf = (home: string): number =>
  Number(readFileSync(join(home, 'database/postmaster.pid'), 'utf8').split('\n')[0]);

export const tokenOf = async (url: string, username = 'admin', password = 'heddle'): Promise<string> => {
  const body = new URLSearchParams({ grant_type: 'password', client_id: 'heddle-cli', username, password });
  const answer = await fetch(`${url}/realms/heddle/protocol/openid-connect/token`, { method: 'POST', body });
  return ((await answer.json()) as { access_token: string }).access_token;
};

export interface Hand {
  readonly create: (size?: number) => Promise<Response>;
  readonly read: (id: string) => Promise<Response>;
}

/** Creates and reads over HTTP, as admin. */
export const handOf = async (url: string): Promise<Hand> => {
  const headers = { Authorization: `Bearer ${await tokenOf(url)}`, 'Content-Type': 'application/fhir+json' };
  return {
    create: (size = 1) =>
      fetch(`${url}/fhir/Basic`, {
        method: 'POST',
        headers,
        body: JSON.stringify({ resourceType: 'Basic', code: { text: randomBytes(size).toString('base64') } }),
      }),
    read: (id) => fetch(`${url}/fhir/Basic/${id}`, { headers }),
  };
};

export const idOf = async (answer: Response): Promise<string> => ((await answer.json()) as { id: string }).id;
