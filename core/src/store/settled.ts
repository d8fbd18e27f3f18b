/** Waits until nobody can act any more on what was there before this moment. */
import { setTimeout as pause } from 'node:timers/promises';
import { unavailable } from '../outcome/outcome.ts';
import type { Pool } from './pool.ts';

type Transactions = Pick<Pool, 'transaction'>;

/** The next transaction's number. */
const next = `select pg_snapshot_xmax(pg_current_snapshot())::text as xid`;

/** Sessions of ours that still look at the database as it was before a transaction, or that write by an earlier number. */
const older = (what: 'backend_xmin' | 'backend_xid'): string => `
  select count(*)::int4 as n from pg_stat_activity a
   where a.datname = current_database() and a.usename = current_user and a.pid <> pg_backend_pid()
     and a.${what} is not null and age(a.${what}) > age($1::text::xid)`;

const patienceMs = 60_000;
const lookEveryMs = 20;

const ended = async (
  { transaction }: Transactions,
  tenant: number,
  what: 'backend_xmin' | 'backend_xid',
): Promise<void> => {
  const ask = <R extends object>(text: string, values: unknown[] = []): Promise<R[]> =>
    transaction(tenant, ({ query }) => query<R>(text, values));
  const [from] = await ask<{ xid: string }>(next);
  for (let waited = 0; waited < patienceMs; waited += lookEveryMs) {
    const [found] = await ask<{ n: number }>(older(what), [from?.xid]);
    if (found?.n === 0) return;
    await pause(lookEveryMs);
  }
  throw unavailable('another transaction stays open for too long: what has been done is kept, go on later');
};

/** Every statement that began before has ended. */
export const statementsEnded = (transactions: Transactions, tenant: number): Promise<void> =>
  ended(transactions, tenant, 'backend_xmin');

/**
 * Whatever was written by a statement that began before has been committed or undone. A transaction gets its number with
 * its first write: that of a statement of before is there when the statement has ended, and no sooner.
 */
export const writersEnded = async (transactions: Transactions, tenant: number): Promise<void> => {
  await statementsEnded(transactions, tenant);
  await ended(transactions, tenant, 'backend_xid');
};
