/** `npm run bench`: import, create, read, update, delete and search on a real Heddle, beside each the bare limit in the same run; prints a table and JSON lines. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLog } from '../../core/src/observe/log.ts';
import { startEmbedded } from '../../core/src/store/embedded/supervisor.ts';
import { urlOf } from '../../core/src/testing/postgres.ts';
import { runHeddle } from '../faults/running.ts';
import { residentMb } from './cpu.ts';
import type { Server } from './drive.ts';
import { table, type Row } from './table.ts';
import { works } from './works.ts';

const closers: (() => Promise<void>)[] = [];

/** The whole of Heddle as `npm start` leaves it, in production's dress: no debug log, its own database. */
const openHeddle = async (folder: string): Promise<Server & { readonly node: number }> => {
  const home = join(folder, 'home');
  const running = runHeddle({ environment: { HEDDLE_HOME: home, HEDDLE__HTTP__BODY_LIMIT_BYTES: '50000000' } });
  closers.push(async () => {
    running.child.kill('SIGTERM');
    await running.exit;
  });
  const url = await running.ready;
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: 'heddle-service',
    client_secret: 'heddle',
  });
  const answer = await fetch(`${url}/realms/heddle/protocol/openid-connect/token`, { method: 'POST', body });
  const { access_token: token } = (await answer.json()) as { access_token?: string };
  if (!token) throw new Error(`no token: ${answer.status}`);
  const postmaster = Number(readFileSync(join(home, 'database/postmaster.pid'), 'utf8').split('\n')[0]);
  const node = running.child.pid ?? 0;
  return { url, node, headers: { Authorization: `Bearer ${token}` }, processes: [node, postmaster] };
};

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
  const heddle = await openHeddle(folder);
  const atStart = residentMb(heddle.node);
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
    `\nmemory of the server's process: ${atStart.toFixed(0)} MB after start, ${residentMb(heddle.node).toFixed(0)} MB at the end\n`,
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
