/** Watches whether the database answers and has room to write; asks at once after a fault and each second otherwise. */
import type pg from 'pg';
import type { Log } from '../observe/log.ts';
import type { Metrics } from '../observe/metrics.ts';
import { unavailable } from '../outcome/outcome.ts';
import { isDiskFull } from './fault.ts';
import { connect, endSoon, type Connected, type LinkSettings } from './link.ts';

export type Health = { readonly ready: true } | { readonly ready: false; readonly reason: string };

export interface HealthWatch {
  readonly health: () => Health;
  /** Look again now; a full disk is believed from the fault itself. */
  readonly onFault: (thrown: unknown) => void;
  readonly cancel: (pid: number) => Promise<void>;
  readonly close: () => Promise<void>;
}

export interface HealthNeeds {
  readonly settings: LinkSettings;
  readonly node: string;
  readonly random: (bytes: number) => Uint8Array;
  readonly metrics: Metrics;
  readonly log: Log;
}

const everyMs = 1_000;
const whileDownMs = 200;

/** Enough to need new pages, so that a nearly full disk is not called well. */
const proofBytes = 256 * 1024;

export const watchHealth = async ({ settings, node, random, metrics, log }: HealthNeeds): Promise<HealthWatch> => {
  let control: Connected | undefined;
  let state: Health = { ready: true };
  let full = false;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> | undefined;

  const client = async (): Promise<pg.Client> => {
    if (!control) {
      const connected = await connect(settings);
      connected.client.on('error', () => drop(connected));
      connected.client.on('end', () => drop(connected));
      control = connected;
    }
    return control.client;
  };

  const drop = (connected: Connected): void => {
    if (control === connected) control = undefined;
    connected.cut();
    if (!closed) soon(0);
  };

  const become = (next: Health): void => {
    if (next.ready !== state.ready) {
      if (next.ready) log.info({}, 'the database answers and takes writes');
      else log.error({ reason: next.reason }, 'the database is not usable');
    }
    state = next;
    metrics.databaseUp.set(next.ready ? 1 : 0);
  };

  const look = async (): Promise<void> => {
    // A server that vanished without a word would keep this waiting for ever.
    const late = setTimeout(() => control && drop(control), settings.connectMs);
    try {
      const asked = await client();
      if (full) {
        await asked.query(
          'insert into node_probe (node, filler) values ($1, $2) on conflict (node) do update set filler = excluded.filler',
          [node, Buffer.from(random(proofBytes))],
        );
        full = false;
      } else {
        const { rows } = await asked.query<{ closed: boolean }>(
          `select pg_is_in_recovery() or current_setting('default_transaction_read_only')::bool as closed`,
        );
        if (rows[0]?.closed) {
          become({ ready: false, reason: 'the database takes no writes: it is a standby or read-only' });
          return;
        }
      }
      become({ ready: true });
    } catch (thrown) {
      if (isDiskFull(thrown)) full = true;
      become({ ready: false, reason: full ? 'the database has no room to write' : 'the database cannot be reached' });
      if (!full && control) drop(control);
    } finally {
      clearTimeout(late);
    }
  };

  const soon = (milliseconds: number): void => {
    if (closed) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      looking ??= look().finally(() => {
        looking = undefined;
        soon(state.ready ? everyMs : whileDownMs);
      });
    }, milliseconds);
    timer.unref();
  };

  await client();
  metrics.databaseUp.set(1);
  soon(everyMs);

  return {
    health: () => state,
    onFault: (thrown) => {
      if (isDiskFull(thrown)) {
        full = true;
        become({ ready: false, reason: 'the database has no room to write' });
      }
      soon(0);
    },
    cancel: async (pid) => {
      if (!state.ready) throw unavailable('the database cannot be reached');
      await (await client()).query('select pg_cancel_backend($1)', [pid]);
    },
    close: async () => {
      closed = true;
      clearTimeout(timer);
      await looking;
      if (control) await endSoon(control);
    },
  };
};
