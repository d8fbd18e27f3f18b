/** Knows in every process, within a moment, which tokens hold no more though their signature and time do: of ended sessions, closed accounts, or taken back one by one. */
import type { Log } from '../observe/log.ts';
import type { Database } from '../store/database.ts';
import type { Transaction } from '../store/pool.ts';
import { noTenant } from './accounts.ts';

export type EndedKind = 'session' | 'subject' | 'token';

export interface Bearer {
  readonly subject: string;
  readonly session: string | undefined;
  readonly token: string | undefined;
  /** Milliseconds since 1970. */
  readonly issued: number;
}

export interface SignedOut {
  readonly holds: (bearer: Bearer) => boolean;
  /** Called after whatever is known of it has changed. */
  readonly onChange: (hear: () => void) => void;
  readonly reload: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Kept until no token of before can be alive. */
export const end = async (
  { query }: Transaction,
  kind: EndedKind,
  keys: readonly string[],
  seconds: number,
): Promise<void> => {
  await query(
    `insert into signed_out (kind, key, until)
     select $1, key, now() + make_interval(secs => $3) from unnest($2::text[]) key
     on conflict (kind, key) do update set at = excluded.at, until = excluded.until`,
    [kind, [...new Set(keys)], seconds],
  );
};

interface Row {
  readonly kind: EndedKind;
  readonly key: string;
  readonly at: Date;
}

type Ended = Record<EndedKind, Map<string, number>>;

const nothing = (): Ended => ({ session: new Map(), subject: new Map(), token: new Map() });

/** So long may a transaction take that writes such a row: what began earlier may become visible later. */
const overlapMs = 60_000;
const sweepMs = 600_000;

export const openSignedOut = async (database: Database, log: Log, skewSeconds: number): Promise<SignedOut> => {
  let ended = nothing();
  const listeners: (() => void)[] = [];
  let latest = 0;
  let loading: Promise<void> | undefined;
  let again = false;

  const load = async (all: boolean): Promise<void> => {
    // What is known holds until the new is whole.
    const target = all ? nothing() : ended;
    const rows = await database.transactions.transaction(noTenant, ({ query }) =>
      query<Row>('select kind, key, at from signed_out where at > $1 and until > now()', [
        new Date(all ? 0 : latest - overlapMs),
      ]),
    );
    for (const { kind, key, at } of rows) {
      target[kind].set(key, at.getTime());
      latest = Math.max(latest, at.getTime());
    }
    ended = target;
    for (const hear of listeners) hear();
  };

  /** One at a time; whoever asks meanwhile gets one that began after he asked. */
  const reload = async (): Promise<void> => {
    if (loading) {
      again = true;
      return loading;
    }
    const run = async (): Promise<void> => {
      do {
        again = false;
        await load(false);
      } while (again);
    };
    loading = run().finally(() => (loading = undefined));
    return loading;
  };

  const sweep = async (): Promise<void> => {
    await database.transactions.transaction(noTenant, async ({ query }) => {
      await query('delete from signed_out where until < now()');
      await query('delete from sign_in where expires < now()');
      await query('delete from browser_session where expires < now()');
      await query('delete from pending where expires < now()');
      await query(`delete from sign_in_failure where last < now() - interval '1 day'`);
    });
    await load(true);
  };

  const tell = (error: unknown): void => log.error({ err: error }, 'who has signed out could not be read');
  database.listening.on('signed-out', () => void reload().catch(tell));
  await reload();
  const timer = setInterval(() => void sweep().catch(tell), sweepMs);
  timer.unref();

  return {
    holds: ({ subject, session, token, issued }) => {
      if (session !== undefined && ended.session.has(session)) return false;
      if (token !== undefined && ended.token.has(token)) return false;
      const closed = ended.subject.get(subject);
      // Tokens say in whole seconds when they were made, by another clock than this row.
      return closed === undefined || issued > closed + skewSeconds * 1_000;
    },
    onChange: (hear) => void listeners.push(hear),
    reload,
    close: async () => clearInterval(timer),
  };
};
