/** Several serving processes on one port: the first process prepares, starts and watches them; a worker that dies is named and replaced. */
import cluster, { type Worker } from 'node:cluster';
import { AggregatorRegistry, type MetricObjectWithValues, type MetricValue } from 'prom-client';
import type { Log } from '../observe/log.ts';
import { misconfigured } from '../outcome/outcome.ts';
import type { Prepared } from './prepare.ts';

type MetricsJson = MetricObjectWithValues<MetricValue<string>>[];

/** What a worker says. */
type FromWorker =
  | { readonly say: 'listening'; readonly port: number; readonly publicUrl: string }
  | { readonly say: 'failed' | 'fatal'; readonly reason: string }
  | { readonly say: 'metrics'; readonly ask: number; readonly metrics: MetricsJson }
  | { readonly say: 'all metrics?'; readonly ask: number };

/** What the first process says. */
type ToWorker =
  | { readonly say: 'serve'; readonly prepared: Prepared }
  | { readonly say: 'close' }
  | { readonly say: 'metrics?'; readonly ask: number }
  | { readonly say: 'all metrics'; readonly ask: number; readonly text: string };

export interface Workers {
  readonly port: number;
  readonly publicUrl: string;
  readonly close: () => Promise<void>;
}

const metricsTimeoutMs = 2_000;

const firstDelayMs = 200;
const longestDelayMs = 5_000;
/** Who lives so long did not die of its start. */
const settledMs = 10_000;

/** Longer than a worker takes to drain and to close all it has. */
const closeMs = 60_000;

const send = (worker: Worker, message: ToWorker): void => {
  if (worker.isConnected()) worker.send(message);
};

/** Asks every worker and adds up; one that does not answer in time is left out. */
const gatherMetrics = (workers: readonly Worker[], ask: number): Promise<string> =>
  new Promise((resolve) => {
    const found: MetricsJson[] = [];
    const heard = (_from: Worker, message: FromWorker): void => {
      if (message.say !== 'metrics' || message.ask !== ask) return;
      found.push(message.metrics);
      if (found.length === workers.length) finish();
    };
    const finish = (): void => {
      clearTimeout(timer);
      cluster.off('message', heard);
      resolve(AggregatorRegistry.aggregate(found).metrics());
    };
    const timer = setTimeout(finish, metricsTimeoutMs);
    cluster.on('message', heard);
    for (const worker of workers) send(worker, { say: 'metrics?', ask });
  });

export interface WorkersNeeds {
  readonly count: number;
  readonly prepared: Prepared;
  readonly log: Log;
  readonly onFatal: (reason: string) => void;
}

export const startWorkers = async ({ count, prepared, log, onFatal }: WorkersNeeds): Promise<Workers> => {
  // Keys are bytes, which JSON would spoil.
  cluster.setupPrimary({ serialization: 'advanced' });
  let closing = false;
  let asks = 0;
  const alive = new Set<Worker>();

  /** Resolves when the worker serves; rejects when it ends before. */
  const begin = (onEnd: () => void): Promise<{ port: number; publicUrl: string }> =>
    new Promise((resolve, reject) => {
      const worker = cluster.fork();
      alive.add(worker);
      let reason = '';
      let serving = false;
      worker.on('online', () => send(worker, { say: 'serve', prepared }));
      worker.on('message', (message: FromWorker) => {
        if (message.say === 'listening') {
          serving = true;
          resolve(message);
        } else if (message.say === 'failed') reason = message.reason;
        else if (message.say === 'fatal') onFatal(message.reason);
        else if (message.say === 'all metrics?')
          gatherMetrics([...alive], ++asks).then(
            (text) => send(worker, { say: 'all metrics', ask: message.ask, text }),
            (error: unknown) => log.error({ err: error }, 'the metrics could not be gathered'),
          );
      });
      // A message to one that is dying fails; its exit says the rest.
      worker.on('error', (error) => log.warn({ err: error, worker: worker.id }, 'a worker cannot be reached'));
      worker.on('exit', (code, signal) => {
        alive.delete(worker);
        if (closing) return;
        if (serving) {
          log.error({ worker: worker.id, code, signal }, 'a worker died; another takes its place');
          onEnd();
        } else reject(misconfigured([reason || `a worker ended with ${signal || code} before it served`]));
      });
    });

  /** However often it takes: the database may be away, and the other workers go on. */
  const replace = (delay: number): void => {
    setTimeout(() => {
      if (closing) return;
      let wait = Math.min(delay * 2, longestDelayMs);
      const settled = setTimeout(() => {
        wait = firstDelayMs;
      }, settledMs);
      settled.unref();
      begin(() => replace(wait)).catch((error: unknown) => {
        clearTimeout(settled);
        log.error({ err: error }, 'a worker could not be replaced; trying again');
        replace(wait);
      });
    }, delay);
  };

  const close = async (): Promise<void> => {
    closing = true;
    await Promise.all(
      [...alive].map(
        (worker) =>
          new Promise<void>((resolve) => {
            const late = setTimeout(() => worker.process.kill('SIGKILL'), closeMs);
            worker.once('exit', () => {
              clearTimeout(late);
              resolve();
            });
            send(worker, { say: 'close' });
          }),
      ),
    );
  };

  // One listens first: with PORT 0 the others take the port that it was given.
  try {
    const again = (): void => replace(firstDelayMs);
    const first = await begin(again);
    await Promise.all(Array.from({ length: count - 1 }, () => begin(again)));
    return { ...first, close };
  } catch (thrown) {
    await close();
    throw thrown;
  }
};

export interface Work {
  readonly port: number;
  readonly publicUrl: string;
  readonly metrics: () => Promise<MetricsJson>;
  readonly close: () => Promise<void>;
}

export interface WorkerDoor {
  readonly allMetrics: () => Promise<string>;
  readonly onFatal: (reason: string) => void;
}

const tell = (message: FromWorker): void => void process.send?.(message);

/** The other end: waits to be told to serve, and ends when the first process has gone. */
export const beWorker = (begin: (prepared: Prepared, door: WorkerDoor) => Promise<Work>): Promise<number> =>
  new Promise((resolve) => {
    let work: Work | undefined;
    let asks = 0;
    const waiting = new Map<number, (text: string) => void>();
    const door: WorkerDoor = {
      allMetrics: () =>
        new Promise((answer) => {
          waiting.set(++asks, answer);
          tell({ say: 'all metrics?', ask: asks });
        }),
      onFatal: (reason) => tell({ say: 'fatal', reason }),
    };
    const end = async (code: number): Promise<void> => {
      await work?.close();
      process.channel?.unref();
      resolve(code);
    };
    const hear = async (message: ToWorker): Promise<void> => {
      if (message.say === 'serve') {
        work = await begin(message.prepared, door);
        tell({ say: 'listening', port: work.port, publicUrl: work.publicUrl });
      } else if (message.say === 'metrics?' && work)
        tell({ say: 'metrics', ask: message.ask, metrics: await work.metrics() });
      else if (message.say === 'all metrics') {
        waiting.get(message.ask)?.(message.text);
        waiting.delete(message.ask);
      } else if (message.say === 'close') await end(0);
    };
    // Whoever launched this process may have let go of its channel; a worker lives as long as it.
    process.channel?.ref();
    process.on('message', (message: ToWorker) => {
      hear(message).catch((thrown: unknown) => {
        tell({ say: 'failed', reason: thrown instanceof Error ? thrown.message : String(thrown) });
        void end(1);
      });
    });
    // The first process holds the database: without it there is nothing to serve.
    process.once('disconnect', () => process.exit(1));
    // A terminal's Ctrl-C reaches the whole group; the first process says when to close.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {});
  });
