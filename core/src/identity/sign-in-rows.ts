/** Keeps what the embedded provider must remember of a sign-in, under hashes of what bearers hold; ends sessions, and says so to every process. */
import type { Database } from '../store/database.ts';
import type { Transaction } from '../store/pool.ts';
import { noTenant } from './accounts.ts';
import { end } from './signed-out.ts';
import { hashOf } from './bearer-hash.ts';

/** A row as the provider's package knows it: its own members, and ours beside. */
export type Payload = Record<string, unknown>;

export interface Launch {
  readonly patient?: string;
  readonly encounter?: string;
  readonly needPatientBanner?: boolean;
}

export interface SignInRows {
  readonly put: (model: string, id: string, payload: Payload, seconds: number) => Promise<void>;
  /** False when the id was there already. */
  readonly putOnce: (model: string, id: string, payload: Payload, seconds: number) => Promise<boolean>;
  readonly find: (model: string, id: string) => Promise<Payload | undefined>;
  readonly findByUid: (model: string, uid: string) => Promise<Payload | undefined>;
  /** False when somebody was quicker. */
  readonly consume: (model: string, id: string) => Promise<boolean>;
  readonly remove: (model: string, id: string) => Promise<void>;
  /** A grant is what one client has in one session; its id is the `sid` of the tokens. */
  readonly endGrant: (grant: string) => Promise<void>;
  readonly setLaunch: (grant: string, launch: Launch) => Promise<void>;
  readonly launchOf: (grant: string) => Promise<Launch | undefined>;
  /** The sessions of a person in browsers and scripts. */
  readonly sessionsOf: (account: string) => Promise<readonly Payload[]>;
  /** The session that a grant belongs to, by what its client still holds. */
  readonly sessionOfGrant: (grant: string) => Promise<Payload | undefined>;
  /** What clients hold in a session, but for offline access: that outlives it. */
  readonly grantsOf: (uid: string) => Promise<readonly { readonly grant: string; readonly client: string }[]>;
  readonly endSession: (uid: string) => Promise<void>;
  /** A session that is used lives on, up to its longest. */
  readonly touch: (uid: string, idleSeconds: number, mostSeconds: number) => Promise<void>;
  readonly isEnded: (kind: string, key: string) => Promise<boolean>;
  readonly endToken: (id: string, seconds: number) => Promise<void>;
}

interface Row {
  readonly payload: string;
  readonly consumed: Date | null;
  readonly expires: Date;
}

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);

const payloadOf = ({ payload, consumed, expires }: Row, id?: string): Payload => ({
  ...(JSON.parse(payload) as Payload),
  ...(id === undefined ? {} : { jti: id }),
  ...(consumed ? { consumed: Math.floor(consumed.getTime() / 1_000) } : {}),
  exp: Math.floor(expires.getTime() / 1_000),
});

export const openSignInRows = ({ transactions }: Database, tokenSeconds: number): SignInRows => {
  const inOne = <T>(work: (transaction: Transaction) => Promise<T>): Promise<T> =>
    transactions.transaction(noTenant, work);
  const ask = <R extends object>(statement: string, values: readonly unknown[]): Promise<R[]> =>
    inOne(({ query }) => query<R>(statement, values));

  const insert = `insert into sign_in (model, id, payload, grant_id, uid, account, expires)
    values ($1, $2, $3, $4, $5, $6, now() + make_interval(secs => $7))`;
  const valuesOf = (model: string, id: string, { jti: _held, ...rest }: Payload, seconds: number): unknown[] => [
    ...[model, hashOf(id), JSON.stringify(rest), text(rest['grantId']), text(rest['uid'] ?? rest['sessionUid'])],
    ...[text(rest['accountId']), seconds],
  ];

  const endGrants = async (transaction: Transaction, grants: readonly string[]): Promise<void> => {
    if (grants.length === 0) return;
    await transaction.query('delete from sign_in where grant_id = any($1) or (model = $2 and id = any($3))', [
      grants,
      'Grant',
      grants.map(hashOf),
    ]);
    await end(transaction, 'session', grants, tokenSeconds);
  };

  return {
    put: async (model, id, payload, seconds) => {
      await ask(
        `${insert} on conflict (model, id) do update set payload = excluded.payload, grant_id = excluded.grant_id,
           uid = excluded.uid, account = excluded.account, expires = excluded.expires`,
        valuesOf(model, id, payload, seconds),
      );
    },
    putOnce: async (model, id, payload, seconds) =>
      (await ask(`${insert} on conflict do nothing returning 1`, valuesOf(model, id, payload, seconds))).length === 1,
    find: async (model, id) => {
      const [row] = await ask<Row>(
        'select payload, consumed, expires from sign_in where model = $1 and id = $2 and expires > now()',
        [model, hashOf(id)],
      );
      return row && payloadOf(row, id);
    },
    findByUid: async (model, uid) => {
      const [row] = await ask<Row>(
        'select payload, consumed, expires from sign_in where model = $1 and uid = $2 and expires > now()',
        [model, uid],
      );
      return row && payloadOf(row);
    },
    consume: async (model, id) =>
      (
        await ask('update sign_in set consumed = now() where model = $1 and id = $2 and consumed is null returning 1', [
          model,
          hashOf(id),
        ])
      ).length === 1,
    remove: async (model, id) => {
      await ask('delete from sign_in where model = $1 and id = $2', [model, hashOf(id)]);
    },
    endGrant: (grant) => inOne((transaction) => endGrants(transaction, [grant])),
    setLaunch: async (grant, launch) => {
      await ask('update sign_in set launch = $3 where model = $1 and id = $2', [
        'Grant',
        hashOf(grant),
        JSON.stringify(launch),
      ]);
    },
    launchOf: async (grant) => {
      const [row] = await ask<{ launch: string | null }>('select launch from sign_in where model = $1 and id = $2', [
        'Grant',
        hashOf(grant),
      ]);
      return row?.launch ? (JSON.parse(row.launch) as Launch) : undefined;
    },
    sessionsOf: async (account) =>
      (
        await ask<Row>(
          'select payload, consumed, expires from sign_in where model = $1 and account = $2 and expires > now()',
          ['Session', account],
        )
      ).map((row) => payloadOf(row)),
    sessionOfGrant: async (grant) => {
      const [row] = await ask<Row>(
        `select payload, consumed, expires from sign_in where model = 'Session' and expires > now()
            and uid = (select held.uid from sign_in held where held.grant_id = $1 and held.uid is not null limit 1)`,
        [grant],
      );
      return row && payloadOf(row);
    },
    grantsOf: (uid) =>
      ask(
        `select distinct grant_id as "grant", payload::json->>'clientId' as client from sign_in
          where model in ('RefreshToken', 'AuthorizationCode') and uid = $1 and grant_id is not null
            and not 'offline_access' = any(string_to_array(coalesce(payload::json->>'scope', ''), ' '))`,
        [uid],
      ),
    endSession: async (uid) => {
      await ask('delete from sign_in where model = $1 and uid = $2', ['Session', uid]);
    },
    touch: async (uid, idleSeconds, mostSeconds) => {
      await ask(
        `update sign_in set expires = greatest(expires, least(now() + make_interval(secs => $3),
           to_timestamp((payload::json->>'loginTs')::float8) + make_interval(secs => $4)))
         where model = $1 and uid = $2`,
        ['Session', uid, idleSeconds, mostSeconds],
      );
    },
    isEnded: async (kind, key) =>
      (await ask('select 1 from signed_out where kind = $1 and key = $2 and until > now()', [kind, key])).length > 0,
    endToken: (id, seconds) => inOne((transaction) => end(transaction, 'token', [id], seconds)),
  };
};
