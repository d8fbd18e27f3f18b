/** Brings the queue's own tables forward beside ours, and lets the serving role use them and nothing else of the owner's. */
import { Logger, runMigrations } from 'graphile-worker';
import type { Log } from '../observe/log.ts';
import { misconfigured } from '../outcome/outcome.ts';
import type { Address } from '../store/address.ts';
import { withOwnerPool } from '../store/owner-pool.ts';

/** The package speaks of `info` where nobody needs to know. */
export const queueLogger = (log: Log): Logger =>
  new Logger(({ jobId, taskIdentifier }) => (level, message) => {
    const line = { ...(jobId === undefined ? {} : { job: jobId, task: taskIdentifier }) };
    if (level === 'error') log.warn(line, message);
    else if (level === 'warning') log.warn(line, message);
    else log.debug(line, message);
  });

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/**
 * Its tables have row-level security and no policy, so that nobody but the owner passes. A worker serves every tenant, and a job
 * holds no content: the serving role passes whole.
 */
const admit = (serving: string): readonly string[] => [
  `grant usage on schema graphile_worker to ${serving}`,
  `grant select, insert, update, delete on all tables in schema graphile_worker to ${serving}`,
  `grant usage on all sequences in schema graphile_worker to ${serving}`,
  `do $$
   declare name text;
   begin
     for name in
       select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = 'graphile_worker' and c.relkind = 'r' and c.relrowsecurity
          and not exists (select from pg_policy p where p.polrelid = c.oid and p.polname = 'heddle_serving')
     loop
       execute format('create policy heddle_serving on graphile_worker.%I to public using (true) with check (true)', name);
     end loop;
   end $$`,
];

const revision = 'select max(id)::int4 as id from graphile_worker.migrations';

/** The queue's revision. Each release of the package brings its tables forward by itself and refuses those of a later breaking one. */
export const installQueue = (owner: Address, servingName: string, log: Log): Promise<number> =>
  withOwnerPool(owner, async (pool) => {
    const exit = process.exitCode;
    try {
      await runMigrations({ pgPool: pool, logger: queueLogger(log) });
    } catch (thrown) {
      // The package would end this process with a code of its own.
      process.exitCode = exit;
      throw misconfigured([
        `the job queue could not be brought forward: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
      ]);
    }
    for (const statement of admit(quoted(servingName))) await pool.query(statement);
    const { rows } = await pool.query<{ id: number }>(revision);
    return rows[0]?.id ?? 0;
  });
