/** The whole of Heddle as `npm start` leaves it, in production's dress: no debug log, its own database; asked as a service. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runHeddle } from '../faults/running.ts';
import type { Server } from './drive.ts';

export interface Opened {
  readonly server: Server;
  /** Of the server's process. */
  readonly pid: number;
  readonly close: () => Promise<void>;
}

export const openHeddle = async (home: string): Promise<Opened> => {
  const running = runHeddle({ environment: { HEDDLE_HOME: home, HEDDLE__HTTP__BODY_LIMIT_BYTES: '50000000' } });
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
  const pid = running.child.pid ?? 0;
  return {
    server: { url, headers: { Authorization: `Bearer ${token}` }, processes: [pid, postmaster] },
    pid,
    close: async () => {
      running.child.kill('SIGTERM');
      await running.exit;
    },
  };
};
