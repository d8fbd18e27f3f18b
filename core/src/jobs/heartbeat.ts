/** Says every other second that this worker lives, and frees the jobs of those that have not said so; tells when this one was itself taken for dead. */
import type { Log } from '../observe/log.ts';
import type { Pool } from '../store/pool.ts';
import { within } from '../store/within.ts';

const beatMs = 1_500;
/** A worker that cannot say that it leaves is taken for dead a moment later. */
const silentMs = 2_000;
/** Long enough for a busy process, short enough that its jobs go on within ten seconds of its death. */
const deadSeconds = 5;

export interface HeartbeatNeeds {
  readonly pool: Pool;
  readonly worker: string;
  readonly node: string;
  readonly log: Log;
  /** Others have begun what this one still does. */
  readonly onLost: () => void;
}

const register = `insert into worker (pool, node) values ($1, $2) on conflict (pool) do update set seen = now()`;

/**
 * Whoever deletes the row of a dead worker frees its jobs in the same transaction. A lock whose holder has no row, and which is
 * not from this moment, is of one that died before it was seen.
 */
const free = `
  with dead as (delete from worker where seen < now() - make_interval(secs => $1) returning pool),
  lost as (
    select pool from dead
    union
    select j.locked_by from graphile_worker._private_jobs j
     where j.locked_at < now() - make_interval(secs => $1) and j.locked_by not in (select w.pool from worker w)),
  freed as (select graphile_worker.force_unlock_workers(array_agg(l.pool)) from lost l having count(*) > 0)
  select (select count(*)::int from lost) as lost, (select count(*) from freed) as done`;

/** As the queue does itself: whoever waits for work looks at once. */
const wake = `select pg_notify('jobs:insert', '{"count":16}')`;

const noTenant = 0;

export const openHeartbeat = async ({
  pool,
  worker,
  node,
  log,
  onLost,
}: HeartbeatNeeds): Promise<{ readonly close: () => Promise<void> }> => {
  const beat = (): Promise<void> =>
    pool.transaction(noTenant, async ({ query }) => {
      const [seen] = await query('update worker set seen = now() where pool = $1 returning pool', [worker]);
      if (!seen) {
        onLost();
        await query(register, [worker, node]);
      }
      const [found] = await query<{ lost: number }>(free, [deadSeconds]);
      if (!found || found.lost === 0) return;
      await query(wake);
      log.warn({ workers: found.lost }, 'the jobs of workers that died are free again');
    });

  await pool.transaction(noTenant, ({ query }) => query(register, [worker, node]));
  let beating: Promise<void> | undefined;
  const leave = async (): Promise<void> => {
    await beating;
    await pool
      .transaction(noTenant, ({ query }) => query('delete from worker where pool = $1', [worker]))
      .catch((thrown: unknown) => log.debug({ err: thrown }, 'this worker could not say that it leaves'));
  };
  const timer = setInterval(() => {
    beating ??= beat()
      .catch((thrown: unknown) => log.warn({ err: thrown }, 'the heartbeat failed'))
      .finally(() => (beating = undefined));
  }, beatMs);
  timer.unref();
  return {
    close: async () => {
      clearInterval(timer);
      await within(silentMs, leave());
    },
  };
};
