/** Runs a program in a process group of its own, so that it can be ended with all that it started; leaves none behind, tells when one tried to stay. */
import { spawn, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
  readonly seconds: number;
  /** Ended from outside: by whoever runs the tests, or because it took too long. */
  readonly wasStopped: boolean;
  readonly leftProcesses: boolean;
}

interface Orders {
  readonly args: readonly string[];
  readonly cwd: string;
  readonly shown: boolean;
  readonly secondsAllowed?: number;
}

const endings = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const msToObey = 10_000;
const msToFollow = 3_000;

const isAlive = (group: number): boolean => {
  try {
    return process.kill(-group, 0);
  } catch (thrown) {
    // EPERM: what is left of it belongs to another user, and lives.
    return (thrown as NodeJS.ErrnoException).code === 'EPERM';
  }
};

const kill = (group: number, signal: NodeJS.Signals): void => {
  if (isAlive(group)) process.kill(-group, signal);
};

/** What children start may need a moment to notice that they are gone. */
const leavesProcesses = async (group: number): Promise<boolean> => {
  for (const patience = performance.now() + msToFollow; isAlive(group) && performance.now() < patience;)
    await sleep(50);
  const left = isAlive(group);
  kill(group, 'SIGKILL');
  return left;
};

/** The arguments are those of Node, which is this one. */
export const runNode = async ({ args, cwd, shown, secondsAllowed }: Orders): Promise<Ended> => {
  const start = performance.now();
  const stdio: StdioOptions = shown ? ['ignore', 'inherit', 'inherit'] : ['ignore', 'pipe', 'pipe'];
  const child = spawn(process.execPath, args, { cwd, stdio, detached: true });
  const group = child.pid;
  if (group === undefined) throw new Error(`${process.execPath} could not be started`);
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => (output += text));

  let wasStopped = false;
  let last: NodeJS.Timeout | undefined;
  const stop = (): void => {
    if (wasStopped) return;
    wasStopped = true;
    child.kill('SIGINT');
    last = setTimeout(() => kill(group, 'SIGKILL'), msToObey);
  };
  for (const ending of endings) process.on(ending, stop);
  const limit = secondsAllowed === undefined ? undefined : setTimeout(stop, secondsAllowed * 1_000);

  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  for (const ending of endings) process.off(ending, stop);
  clearTimeout(limit);
  clearTimeout(last);
  const seconds = (performance.now() - start) / 1_000;
  return { code, signal, output, seconds, wasStopped, leftProcesses: await leavesProcesses(group) };
};
