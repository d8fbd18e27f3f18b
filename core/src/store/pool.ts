/** A bounded pool for work of unknown length: transactions, searches, jobs. Each piece of work has one tenant, a time limit, and is cancelled when its caller hangs up. */
import { Socket } from 'node:net';
import pg from 'pg';
import { hungUp, unavailable } from '../outcome/outcome.ts';
import { within } from './within.ts';
import { faultOf, isAnswer } from './fault.ts';
import { linkConfig, type LinkSettings } from './link.ts';
import { openReplan, replanning } from './replan.ts';
import type { Statement } from './statement.ts';

export interface Transaction {
  readonly query: <Row extends object>(text: string, values?: readonly unknown[]) => Promise<Row[]>;
  /** A prepared statement, its tenant bound as on a lane. */
  readonly run: <Row extends object>(statement: Statement, values: readonly unknown[]) => Promise<Row[]>;
}

export interface Pool {
  /** Runs `work` in one transaction bound to `tenant`; commits when it resolves, rolls back when it throws. */
  readonly transaction: <T>(
    tenant: number,
    work: (transaction: Transaction) => Promise<T>,
    signal?: AbortSignal,
  ) => Promise<T>;
  /** One prepared statement, on a connection of its own while it runs. */
  readonly run: <Row extends object>(
    tenant: number,
    statement: Statement,
    values: readonly unknown[],
    signal?: AbortSignal,
  ) => Promise<Row[]>;
  readonly close: () => Promise<void>;
  /** Ends its connections at once: whoever waits for an answer is told that there is none. */
  readonly cut: () => void;
  /** For a library that brings its own statements. */
  readonly connections: pg.Pool;
}

export interface PoolNeeds {
  readonly settings: LinkSettings;
  readonly size: number;
  readonly onFault: (thrown: unknown) => void;
  /** Asks the server to stop what a backend is doing. */
  readonly cancel: (pid: number) => Promise<void>;
}

interface Held {
  readonly client: pg.PoolClient;
  /** Until COMMIT is sent the server undoes everything by itself, so no fault before it leaves anything behind. */
  readonly ask: <R>(question: Promise<R>, sent?: 'commit') => Promise<R>;
  readonly isBroken: () => boolean;
  readonly giveUp: (thrown: Error) => void;
}

/** More callers than this in line for one connection wait longer than they would stay. */
const longestLine = 50;

const pidOf = async (client: pg.PoolClient): Promise<number> =>
  Number((await client.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]?.pid);

export const openPool = ({ settings, size, onFault, cancel }: PoolNeeds): Pool => {
  const sockets = new Set<Socket>();
  const stream = (): Socket => {
    const socket = new Socket();
    sockets.add(socket);
    return socket.once('close', () => sockets.delete(socket));
  };
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const pool = new pg.Pool({
    ...linkConfig(settings),
    stream,
    max: size,
    idleTimeoutMillis: 30_000,
    // A server that vanished without a word does not keep its own time limit.
    query_timeout: settings.statementMs + 2_000,
  });
  const pids = new WeakMap<pg.PoolClient, number>();
  const replans = new WeakMap<pg.PoolClient, () => boolean>();
  // An idle connection that breaks has nobody waiting; the pool drops it by itself.
  pool.on('error', onFault);
  // A library that has one may not listen any more when it breaks: the job queue stops at the first of two errors.
  pool.on('connect', (client) => client.on('error', onFault));

  const acquire = async (): Promise<pg.PoolClient> => {
    if (pool.waitingCount >= size * longestLine)
      throw unavailable(`too many requests wait for the ${settings.name} lane; nothing was changed`);
    try {
      return await pool.connect();
    } catch (thrown) {
      onFault(thrown);
      throw faultOf(thrown, { sent: false, writes: false });
    }
  };

  const begin = async (client: pg.PoolClient, tenant: number): Promise<void> => {
    if (!pids.has(client)) pids.set(client, await pidOf(client));
    // One round trip. The setting ends with the transaction; when it fails there is no transaction to work in.
    await client.query(`begin; select set_config('heddle.tenant', '${tenant}', true)`);
  };

  /** Resolves when no cancellation can hit a later statement of the same connection. */
  const cancelOn = (signal: AbortSignal | undefined, client: pg.PoolClient): (() => Promise<void>) => {
    if (!signal) return async () => {};
    let cancelling = Promise.resolve();
    const stop = (): void => {
      cancelling = cancel(pids.get(client) ?? 0).catch(onFault);
    };
    signal.addEventListener('abort', stop, { once: true });
    return async () => {
      signal.removeEventListener('abort', stop);
      await cancelling;
    };
  };

  /** A client for one piece of work; given back when it is done, or given up when it broke. */
  const lend = async <T>(signal: AbortSignal | undefined, work: (held: Held) => Promise<T>): Promise<T> => {
    if (signal?.aborted) throw hungUp();
    const client = await acquire();
    // Who hung up while he waited: nobody is told of it again.
    if (signal?.aborted) {
      client.release();
      throw hungUp();
    }
    let broken: Error | undefined;
    const onError = (thrown: Error): void => void (broken = thrown);
    client.on('error', onError);

    const ask: Held['ask'] = async (question, sent) => {
      try {
        return await question;
      } catch (thrown) {
        onFault(thrown);
        // Not an answer of the server: what the connection is in the middle of is unknown, and nobody else may have it.
        if (!isAnswer(thrown)) broken ??= thrown instanceof Error ? thrown : new Error('the connection failed');
        throw signal?.aborted && sent !== 'commit'
          ? hungUp()
          : faultOf(thrown, { sent: true, writes: sent === 'commit' });
      }
    };
    const replan = replans.get(client) ?? openReplan();
    replans.set(client, replan);
    try {
      if (replan()) await ask(client.query(replanning));
      return await work({
        client,
        ask,
        isBroken: () => broken !== undefined,
        giveUp: (thrown) => void (broken ??= thrown),
      });
    } finally {
      client.off('error', onError);
      client.release(broken);
    }
  };

  const transaction: Pool['transaction'] = (tenant, work, signal) =>
    lend(signal, async ({ client, ask, isBroken, giveUp }) => {
      let release = async (): Promise<void> => {};
      let open = true;
      try {
        await ask(begin(client, tenant));
        release = cancelOn(signal, client);
        // What is asked at the same time goes one by one: the connection answers in order anyway, and pg will refuse it otherwise.
        let before: Promise<unknown> = Promise.resolve();
        const asked = <Row extends object>(question: () => Promise<pg.QueryResult<Row>>): Promise<Row[]> => {
          const mine = before.then(async () => (await ask(question())).rows);
          before = mine.catch(() => undefined);
          return mine;
        };
        const query: Transaction['query'] = async (text, values = []) => {
          if (signal?.aborted) throw hungUp();
          return asked<never>(() => client.query(text, [...values]));
        };
        const run: Transaction['run'] = async ({ name, text }, values) => {
          if (signal?.aborted) throw hungUp();
          return asked<never>(() => client.query({ name, text, values: [tenant, ...values] }));
        };
        const result = await work({ query, run });
        if (signal?.aborted) throw hungUp();
        await release();
        open = false;
        const { command } = await ask(client.query('commit'), 'commit');
        // A transaction whose statement failed and whose work went on answers COMMIT with ROLLBACK.
        if (command !== 'COMMIT') throw unavailable('the transaction was rolled back; nothing was changed');
        return result;
      } catch (thrown) {
        await release();
        if (open && !isBroken()) await client.query('rollback').catch(giveUp);
        throw thrown;
      }
    });

  /** The tenant that a client's session stands at, outside of transactions. */
  const tenants = new WeakMap<pg.PoolClient, number>();
  const enter = async (client: pg.PoolClient, tenant: number, { ask, giveUp }: Held): Promise<void> => {
    if (tenants.get(client) === tenant) return;
    try {
      await ask(client.query(`select set_config('heddle.tenant', $1, false)`, [String(tenant)]));
      tenants.set(client, tenant);
    } catch (thrown) {
      giveUp(new Error('the tenant could not be set'));
      throw thrown;
    }
  };

  const run: Pool['run'] = (tenant, { name, text }, values, signal) =>
    lend(signal, async (held) => {
      const { client, ask } = held;
      await enter(client, tenant, held);
      if (signal && !pids.has(client)) pids.set(client, await pidOf(client));
      const release = cancelOn(signal, client);
      try {
        return (await ask(client.query({ name, text, values: [tenant, ...values] }))).rows as never[];
      } finally {
        await release();
      }
    });

  const close = async (): Promise<void> => {
    await within(2_000, pool.end());
    cut();
  };
  return { connections: pool, transaction, run, close, cut };
};
