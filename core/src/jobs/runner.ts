/** Performs jobs in this process, each as the caller that it was asked for by; tries again what may succeed later and gives up what was refused. */
import { EventEmitter } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { runTaskList, type JobHelpers, type TaskList, type WorkerEvents, type WorkerPool } from 'graphile-worker';
import type { Answer, Interaction } from '../fhir/interaction.ts';
import type { Log } from '../observe/log.ts';
import type { Metrics } from '../observe/metrics.ts';
import { asOutcome, type Outcome } from '../outcome/outcome.ts';
import type { Database } from '../store/database.ts';
import { within } from '../store/within.ts';
import { openHeartbeat } from './heartbeat.ts';
import { queueLogger } from './install.ts';
import { payload, type JobTask } from './job.ts';

export interface JobsNeeds {
  readonly database: Pick<Database, 'jobs' | 'heartbeat' | 'health'>;
  readonly tasks: readonly JobTask[];
  readonly perform: (interaction: Interaction) => Promise<Answer>;
  readonly concurrency: number;
  /** What still runs after so long of closing is broken off and tried again elsewhere. */
  readonly drainMs: number;
  readonly node: string;
  readonly log: Log;
  readonly metrics: Metrics;
  /** The queue's tables were changed by a later release that this one must not run beside. */
  readonly onFatal: (reason: string) => void;
}

/** Refusals that another try may not meet. */
const passing = new Set([408, 409, 412, 423, 424, 425, 429, 499]);

const isFinal = ({ status }: Outcome): boolean => status >= 400 && status < 500 && !passing.has(status);

/** The job stays, with what was said of it, and nobody tries it again. */
const giveUp = `update graphile_worker._private_jobs set attempts = max_attempts where id = $1 and attempts < max_attempts`;

/** Beside new ones, which are heard of: those whose time has come. */
const pollMs = 1_000;

/** What the package sets when it meets tables of a later release. */
const ofBreaking = 57;

/** To note what became of jobs that were broken off. */
const slackMs = 2_000;

export const openJobs = async (needs: JobsNeeds): Promise<{ readonly close: () => Promise<void> }> => {
  const { database, tasks, perform, concurrency, drainMs, node, log, metrics, onFatal } = needs;
  if (concurrency === 0) return { close: async () => {} };
  const lost = { controller: new AbortController() };
  const state = { closing: false };

  const attempt = async (task: JobTask, given: unknown, helpers: JobHelpers): Promise<void> => {
    const { id, attempts, max_attempts: most } = helpers.job;
    const told = log.child({ job: id, task: task.name });
    const signal = AbortSignal.any([lost.controller.signal, ...(helpers.abortSignal ? [helpers.abortSignal] : [])]);
    const { caller, about } = payload.parse(given);
    try {
      await task.run({
        ...{ caller, about, signal, log: told, attempt: attempts, last: attempts >= most },
        perform: (interaction) => perform({ ...interaction, caller, signal }),
      });
      metrics.jobs.inc({ task: task.name, result: 'done' });
    } catch (thrown) {
      const outcome = asOutcome(thrown);
      const final = isFinal(outcome) || attempts >= most;
      if (final && attempts < most) await helpers.query(giveUp, [id]);
      metrics.jobs.inc({ task: task.name, result: final ? 'given up' : 'failed' });
      told.warn({ err: outcome.cause ?? outcome, attempt: attempts, final }, 'a job failed');
      // The queue keeps this text where no row is bound to a tenant: what nobody foresaw says nothing of its cause.
      throw new TypeError(outcome.message, { cause: thrown });
    }
  };

  const taskList: TaskList = Object.fromEntries(
    tasks.map((task) => [task.name, (given: unknown, helpers: JobHelpers) => attempt(task, given, helpers)]),
  );
  const events: WorkerEvents = new EventEmitter();
  const options = {
    ...{ concurrency, events, pollInterval: pollMs, noHandleSignals: true, gracefulShutdownAbortTimeout: drainMs },
    logger: queueLogger(log),
    // With a delay, be it none, the queue ends when it cannot note what became of a job; without one it rejects where nobody listens.
    preset: { worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
  };
  const open = (): WorkerPool => {
    const opened = runTaskList(options, taskList, database.jobs.connections);
    // Its end is waited for where it is closed.
    opened.promise.catch((thrown: unknown) => log.warn({ err: thrown }, 'the job queue ended with a fault'));
    return opened;
  };
  /** Others have begun what runs here, or soon will. */
  const breakOff = (): void => {
    lost.controller.abort();
    lost.controller = new AbortController();
  };
  const beat = (worker: string): ReturnType<typeof openHeartbeat> =>
    openHeartbeat({
      ...{ pool: database.heartbeat, worker, node, log },
      onLost: () => {
        log.error({}, 'this process was taken for dead; what it was doing is broken off, because others do it');
        breakOff();
      },
    });
  /** The queue waits for the database as long as its statements may last; one that is silent answers none. */
  const end = async (ending: WorkerPool): Promise<void> => {
    const ended = Promise.resolve(ending.gracefulShutdown());
    const ms = database.health().ready ? drainMs + slackMs : slackMs;
    if ((await within(ms, ended)) === 'late') database.jobs.cut();
    await ended;
  };
  let pool = open();
  let heartbeat = await beat(pool.id);

  /** The package ends where it cannot note what became of a job, as of a database that is away; what it held is free for others then. */
  const reopen = async (): Promise<void> => {
    breakOff();
    await heartbeat.close();
    while (!state.closing) {
      await pause(pollMs);
      const next = open();
      try {
        heartbeat = await beat(next.id);
        pool = next;
        return;
      } catch (thrown) {
        log.warn({ err: thrown }, 'the job queue could not be opened again; it is tried once more');
        await end(next).catch((late: unknown) => log.warn({ err: late }, 'the job queue ended with a fault'));
      }
    }
  };
  let reopening: Promise<void> | undefined;
  events.on('pool:gracefulShutdown', () => {
    if (state.closing || reopening) return;
    if (process.exitCode === ofBreaking)
      return onFatal(
        'the job queue was changed by a later release that this one must not run beside: upgrade this node',
      );
    reopening = reopen().finally(() => (reopening = undefined));
  });
  return {
    close: async () => {
      state.closing = true;
      await reopening;
      try {
        await end(pool);
      } finally {
        await heartbeat.close();
      }
    },
  };
};
