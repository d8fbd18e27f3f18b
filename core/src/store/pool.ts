/** A bounded pool for work of unknown length: transactions, searches, jobs. Each piece of work has one tenant, a time limit, and is cancelled when its caller hangs up. */
import pg from 'pg';
import { hungUp, unavailable } from '../outcome/outcome.ts';
import { within } from './within.ts';
import { faultOf, isAnswer } from './fault.ts';
import { linkConfig, type LinkSettings } from './link.ts';
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
  readonly close: () => Promise<void>;
}

export interface PoolNeeds {
  readonly settings: LinkSettings;
  readonly size: number;
  readonly onFault: (thrown: unknown) => void;
  /** Asks the server to stop what a backend is doing. */
  readonly cancel: (pid: number) => Promise<void>;
}

/** More callers than this in line for one connection wait longer than they would stay. */
const longestLine = 50;

const pidOf = async (client: pg.PoolClient): Promise<number> =>
  Number((await client.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]?.pid);

export const openPool = ({ settings, size, onFault, cancel }: PoolNeeds): Pool => {
  const pool = new pg.Pool({
    ...linkConfig(settings),
    max: size,
    idleTimeoutMillis: 30_000,
    // A server that vanished without a word does not keep its own time limit.
    query_timeout: settings.statementMs + 2_000,
  });
  const pids = new WeakMap<pg.PoolClient, number>();
  // An idle connection that breaks has nobody waiting; the pool drops it by itself.
  pool.on('error', onFault);

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

  const transaction = async <T>(
    tenant: number,
    work: (transaction: Transaction) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> => {
    if (signal?.aborted) throw hungUp();
    const client = await acquire();
    let broken: Error | undefined;
    const onError = (thrown: Error): void => void (broken = thrown);
    client.on('error', onError);

    /** Until COMMIT is sent the server undoes everything by itself, so no fault leaves anything behind. */
    const ask = async <R>(question: Promise<R>, writes = false): Promise<R> => {
      try {
        return await question;
      } catch (thrown) {
        onFault(thrown);
        // Not an answer of the server: what the connection is in the middle of is unknown, and nobody else may have it.
        if (!isAnswer(thrown)) broken ??= thrown instanceof Error ? thrown : new Error('the connection failed');
        throw signal?.aborted && !writes ? hungUp() : faultOf(thrown, { sent: true, writes });
      }
    };
    let release = async (): Promise<void> => {};
    let open = true;
    try {
      await ask(begin(client, tenant));
      release = cancelOn(signal, client);
      const query = async <Row extends object>(text: string, values: readonly unknown[] = []): Promise<Row[]> => {
        if (signal?.aborted) throw hungUp();
        return (await ask(client.query<Row>(text, [...values]))).rows;
      };
      const run = async <Row extends object>({ name, text }: Statement, values: readonly unknown[]): Promise<Row[]> => {
        if (signal?.aborted) throw hungUp();
        return (await ask(client.query<Row>({ name, text, values: [tenant, ...values] }))).rows;
      };
      const result = await work({ query, run });
      if (signal?.aborted) throw hungUp();
      await release();
      open = false;
      const { command } = await ask(client.query('commit'), true);
      // A transaction whose statement failed and whose work went on answers COMMIT with ROLLBACK.
      if (command !== 'COMMIT') throw unavailable('the transaction was rolled back; nothing was changed');
      return result;
    } catch (thrown) {
      await release();
      if (open && !broken) await client.query('rollback').catch(onError);
      throw thrown;
    } finally {
      client.off('error', onError);
      client.release(broken);
    }
  };

  return { transaction, close: async () => void (await within(5_000, pool.end())) };
};
