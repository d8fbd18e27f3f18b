/** Sessions of browsers with the portal: tokens stay here, sealed, and the browser holds a cookie that is worth nothing in the database. */
import { z } from 'zod';
import type { Database } from '../store/database.ts';
import type { Transaction } from '../store/pool.ts';
import { noTenant } from './accounts.ts';
import { hashOf } from './bearer-hash.ts';
import { end } from './signed-out.ts';
import type { Vault } from './vault.ts';

const held = z.object({
  access: z.string(),
  refresh: z.string().optional(),
  /** Milliseconds since 1970. */
  expires: z.number(),
});

export type Held = z.infer<typeof held>;

export interface Whose {
  readonly sid: string | undefined;
  readonly subject: string;
}

export interface BrowserSessions {
  /** The new cookie. */
  readonly open: (tokens: Held, whose: Whose) => Promise<string>;
  /** An access token that is good for some time; undefined where the session has ended. */
  readonly token: (cookie: string) => Promise<string | undefined>;
  /** Bound to the cookie, and of no use without it. */
  readonly guard: (cookie: string) => string;
  /** What it held, so that the issuer can be told. */
  readonly close: (cookie: string) => Promise<(Held & Whose) | undefined>;
  readonly closeAllOf: (subject: string) => Promise<void>;
  /** The issuer says so. */
  readonly ended: (sid: string | undefined, subject: string | undefined) => Promise<void>;
}

export interface BrowserSessionNeeds {
  readonly database: Database;
  readonly vault: Vault;
  /** New tokens for a refresh token; undefined where the issuer gives none any more. */
  readonly refresh: (refresh: string) => Promise<Held | undefined>;
  readonly idleSeconds: number;
  readonly mostSeconds: number;
  /** How long tokens of an ended session must be refused. */
  readonly tokenSeconds: number;
  readonly now: () => number;
  readonly random: (bytes: number) => Uint8Array;
  readonly pause: (milliseconds: number) => Promise<void>;
}

interface Row {
  readonly id: string;
  readonly sid: string | null;
  readonly subject: string;
  readonly factor_key: string;
  readonly sealed: Buffer;
}

/** A token that is good for less is exchanged before it is used. */
const leastLeftMs = 30_000;
/** So long a process goes by what it knows of a cookie; sign-outs are heard of by the session's id. */
const knownMs = 20_000;
const mostKnown = 10_000;
const leaseSeconds = 10;

export const openBrowserSessions = (needs: BrowserSessionNeeds): BrowserSessions => {
  const { database, vault, idleSeconds, mostSeconds, tokenSeconds, now, random } = needs;
  const known = new Map<string, { readonly access: string; readonly until: number }>();
  const flights = new Map<string, Promise<string | undefined>>();

  const inOne = <T>(work: (transaction: Transaction) => Promise<T>): Promise<T> =>
    database.transactions.transaction(noTenant, work);
  const labelOf = (id: string): string => `browser session ${id}`;

  const sealedOf = (id: string, tokens: Held) => vault.seal(labelOf(id), Buffer.from(JSON.stringify(tokens)));
  const openedOf = ({ id, factor_key: key, sealed }: Row): Held | undefined => {
    const opened = vault.open(labelOf(id), { key, sealed });
    return opened && held.parse(JSON.parse(opened.toString('utf8')));
  };

  /** Looked at is used: it lives on, up to its longest. */
  const look = async (id: string): Promise<Row | undefined> => {
    const [row] = await inOne(({ query }) =>
      query<Row>(
        `update browser_session set seen = now(),
                expires = least(now() + make_interval(secs => $2), started + make_interval(secs => $3))
          where id = $1 and expires > now() returning id, sid, subject, factor_key, sealed`,
        [id, idleSeconds, mostSeconds],
      ),
    );
    return row;
  };

  const drop = async (where: 'id' | 'sid' | 'subject', value: string): Promise<readonly Row[]> => {
    const rows = await inOne(async (transaction) => {
      const gone = await transaction.query<Row>(
        `delete from browser_session where ${where} = $1 returning id, sid, subject, factor_key, sealed`,
        [value],
      );
      const sids = gone.map(({ sid }) => sid).filter((sid) => sid !== null);
      if (sids.length > 0) await end(transaction, 'session', sids, tokenSeconds);
      return gone;
    });
    for (const { id } of rows) known.delete(id);
    return rows;
  };

  /** One process at a time brings a refresh token: brought twice, it would end the session. */
  const lease = async (id: string): Promise<boolean> =>
    (
      await inOne(({ query }) =>
        query(
          `update browser_session set refreshing = now() where id = $1
              and (refreshing is null or refreshing < now() - make_interval(secs => $2)) returning 1`,
          [id, leaseSeconds],
        ),
      )
    ).length === 1;

  const renew = async (id: string, tokens: Held): Promise<Held | undefined> => {
    if (tokens.refresh === undefined) return tokens.expires > now() ? tokens : undefined;
    const fresh = await needs.refresh(tokens.refresh);
    if (!fresh) {
      await drop('id', id);
      return undefined;
    }
    const { key, sealed } = sealedOf(id, fresh);
    await inOne(({ query }) =>
      query('update browser_session set factor_key = $2, sealed = $3, refreshing = null where id = $1', [
        id,
        key,
        sealed,
      ]),
    );
    return fresh;
  };

  const find = async (id: string, tries = 50): Promise<string | undefined> => {
    const row = await look(id);
    const tokens = row && openedOf(row);
    if (!tokens) return undefined;
    const isGood = tokens.expires - leastLeftMs > now();
    if (!isGood && !(await lease(id))) {
      if (tries === 0) return undefined;
      await needs.pause(100);
      return find(id, tries - 1);
    }
    const good = isGood ? tokens : await renew(id, tokens);
    if (!good) return undefined;
    if (known.size >= mostKnown) known.delete(known.keys().next().value ?? '');
    known.set(id, { access: good.access, until: Math.min(now() + knownMs, good.expires - leastLeftMs / 2) });
    return good.access;
  };

  return {
    open: async (tokens, { sid, subject }) => {
      const cookie = Buffer.from(random(32)).toString('base64url');
      const id = hashOf(cookie);
      const { key, sealed } = sealedOf(id, tokens);
      await inOne(({ query }) =>
        query(
          `insert into browser_session (id, sid, subject, factor_key, sealed, expires)
           values ($1, $2, $3, $4, $5, now() + make_interval(secs => $6))`,
          [id, sid ?? null, subject, key, sealed, Math.min(idleSeconds, mostSeconds)],
        ),
      );
      return cookie;
    },
    token: async (cookie) => {
      const id = hashOf(cookie);
      const memory = known.get(id);
      if (memory && memory.until > now()) return memory.access;
      const flight = flights.get(id) ?? find(id).finally(() => flights.delete(id));
      flights.set(id, flight);
      return flight;
    },
    guard: (cookie) => hashOf(`guard ${cookie}`),
    close: async (cookie) => {
      const [row] = await drop('id', hashOf(cookie));
      const tokens = row && openedOf(row);
      return row && tokens && { ...tokens, sid: row.sid ?? undefined, subject: row.subject };
    },
    closeAllOf: async (subject) => void (await drop('subject', subject)),
    ended: async (sid, subject) => {
      if (sid !== undefined) {
        await drop('sid', sid);
        // A bearer of that session that no browser brought.
        await inOne((transaction) => end(transaction, 'session', [sid], tokenSeconds));
      } else if (subject !== undefined) {
        await drop('subject', subject);
        await inOne((transaction) => end(transaction, 'subject', [subject], tokenSeconds));
      }
    },
  };
};
