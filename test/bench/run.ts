/** `npm run bench`: import, create, read, update, delete and search on a real Heddle, beside each the bare limit in the same run; prints a table and JSON lines. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLog } from '../../core/src/observe/log.ts';
import { startEmbedded } from '../../core/src/store/embedded/supervisor.ts';
import { urlOf } from '../../core/src/testing/postgres.ts';
import { residentMb } from './cpu.ts';
import type { Server } from './drive.ts';
import { openHeddle } from './open.ts';
import { table, type Row } from './table.ts';
import { works } from './works.ts';

const closers: (() => Promise<void>)[] = [];

/** A database with the same settings, and the smallest server that could be called one. */
const openBare = async (folder: string): Promise<Server> => {
  const random = (bytes: number): Uint8Array => randomBytes(bytes);
  const home = join(folder, 'bare');
  const embedded = await startEmbedded({
    home,
    fsync: true,
    maxConnections: 20,
    random,
    log: openLog('silent', { write: () => {} }),
  });
  closers.push(() => embedded.stop());
  const child = spawn(process.execPath, [join(import.meta.dirname, 'bare.ts'), urlOf(embedded.superuser)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  closers.push(async () => void child.kill('SIGTERM'));
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const port = Number(/bare ready (\d+)/.exec(line.toString())?.[1]);
  return { url: `http://127.0.0.1:${port}`, headers: {}, processes: [child.pid ?? 0, embedded.pid()] };
};

const measure = async (folder: string, seconds: number, only: string | undefined): Promise<void> => {
  const { server: heddle, pid, close } = await openHeddle(join(folder, 'home'));
  closers.push(close);
  const atStart = residentMb(pid);
  const bare = await openBare(folder);
  const rows: Row[] = [];
  for (const work of works({ heddle, bare, seconds })) {
    if (only !== undefined && !work.name.includes(only) && !work.always) continue;
    const row: Row = { name: work.name, each: work.each, ...(await work.run()) };
    rows.push(row);
    process.stdout.write(`${JSON.stringify(row)}\n`);
  }
  process.stdout.write(`\n${table(rows)}\n`);
  process.stdout.write(
    `\nmemory of the server's process: ${atStart.toFixed(0)} MB after start, ${residentMb(pid).toFixed(0)} MB at the end\n`,
  );
};

/** `npm run bench -- 10 read`: seconds for each work, and which alone. */
export const main = async ([seconds = '6', only]: readonly string[]): Promise<number> => {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-bench-'));
  try {
    await measure(folder, Number(seconds), only);
    return 0;
  } finally {
    for (const close of closers.toReversed()) await close();
    rmSync(folder, { recursive: true, force: true });
  }
};
