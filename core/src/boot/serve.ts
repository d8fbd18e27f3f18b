/** One serving process: database, keys, plugins, the line and the HTTP server, opened in order and closed in reverse. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Loaded } from '../config/load.ts';
import { buildApp, type AppNeeds } from '../http/app.ts';
import { openServer } from '../http/server.ts';
import { noTenant } from '../identity/accounts.ts';
import { loadDemoAccounts } from '../identity/demo.ts';
import { openKeyRing, type KeyRing } from '../identity/keyring.ts';
import { answerLater } from '../interaction/deferred-task.ts';
import { ownTask } from '../interaction/own-task.ts';
import { jobKind } from '../jobs/job.ts';
import { loadDemoRecord } from './demo-record.ts';
import { openJobs } from '../jobs/runner.ts';
import type { Kernel, Perform } from '../interaction/kernel.ts';
import { openMetrics, type Metrics } from '../observe/metrics.ts';
import { openTracer } from '../observe/tracing.ts';
import type { Log } from '../observe/log.ts';
import { healthRoutes, type PartState } from '../platform/health.ts';
import { platform } from '../platform/platform.ts';
import type { Plugin } from '../plugin/define.ts';
import { routeKind, siteKind } from '../plugin/route.ts';
import { openDatabase, type Database } from '../store/database.ts';
import { judgeLedger, type LedgerRow } from '../store/migrator.ts';
import { openClosers } from './closers.ts';
import type { Effects } from './effects.ts';
import { openIdentity, type Identity } from './open-identity.ts';
import { openKernel } from './open-kernel.ts';
import { migrationsOf, orderedPlugins, type Prepared } from './prepare.ts';
import { setUp } from './setup.ts';
import { openSweeping, sweepAnswers } from './sweeping.ts';
import type { Grow } from './tree.ts';

export interface ServeNeeds {
  readonly loaded: Loaded;
  readonly root: string;
  readonly version: string;
  readonly node: string;
  readonly prepared: Prepared;
  readonly effects: Effects;
  readonly log: Log;
  readonly grow: Grow;
  readonly plugins?: readonly Plugin[];
  /** The metrics of all processes; without it, of this one. */
  readonly allMetrics?: () => Promise<string>;
  /** A fault that this process must not outlive. */
  readonly onFatal: (reason: string) => void;
}

export interface Serving {
  readonly port: number;
  readonly publicUrl: string;
  readonly metrics: Metrics;
  readonly database: Database;
  readonly keys: KeyRing;
  readonly identity: Identity;
  readonly kernel: Kernel;
  readonly perform: Perform;
  readonly close: () => Promise<void>;
}

/** Beside the time that answers on their way are given. */
const closeSlackMs = 10_000;

export const serve = async (needs: ServeNeeds): Promise<Serving> => {
  const { loaded, prepared, effects, log, grow, version, onFatal } = needs;
  const { config } = loaded;
  const { now, stopwatch, random, ids } = effects;
  const closeMs = config.http.noticeMs + config.http.drainMs + closeSlackMs;
  const { add, closing, close } = openClosers(log, closeMs);
  let starting = true;

  const metrics = openMetrics();
  const allMetrics = needs.allMetrics ?? (() => metrics.registry.metrics());

  try {
    const tracer = closing(openTracer({ endpoint: config.tracing.endpoint, now, random, log }));
    const held: { database?: Database } = {};
    const parts = (): PartState[] => {
      const health = held.database?.health();
      return [
        { name: 'kernel', ready: !starting, ...(starting ? { reason: 'starting or stopping' } : {}) },
        {
          name: 'database',
          ready: health?.ready ?? false,
          ...(health?.ready === false ? { reason: health.reason } : {}),
        },
      ];
    };
    const health = { parts, metrics: allMetrics };

    const common: Omit<AppNeeds, 'publicUrl' | 'routes' | 'sites' | 'mounts' | 'fhir'> = {
      ...{ ids, log, metrics, stopwatch },
      ...{
        origins: config.http.cors.origins,
        proxies: config.http.proxies,
        bodyLimitBytes: config.http.bodyLimitBytes,
      },
    };
    const server = await grow.part(
      'http',
      () =>
        openServer(
          config.http,
          buildApp({ ...common, publicUrl: '', routes: healthRoutes(health), sites: [], mounts: [], fhir: undefined }),
        ),
      ({ port }) => `port ${port}`,
    );
    add(server.close);
    const publicUrl = config.publicUrl ?? `${config.http.tls ? 'https' : 'http'}://localhost:${server.port}`;

    const opened = closing(
      await grow.part('lanes', () =>
        openDatabase({ serving: prepared.serving, settings: config.database, node: needs.node, random, metrics, log }),
      ),
    );
    held.database = opened;
    const keys = closing(
      await grow.part('keys', () =>
        openKeyRing({ database: opened, ...prepared, rotateDays: config.keys.rotateDays, random, log }),
      ),
    );
    if (config.identity.demoAccounts)
      await grow.part(
        'demo accounts',
        () => loadDemoAccounts({ database: opened, ids, random }),
        (made) => (made ? 'made' : 'there'),
      );

    const ordered = await orderedPlugins(needs);
    const core = platform(version, health);
    const plugins = [core, ...ordered.map(({ plugin }) => plugin)];
    const { kernel, perform } = openKernel({
      ...{ root: needs.root, version, config, plugins, database: opened, publicUrl },
      ...{ effects, metrics, tracer },
      cursors: {
        keys: { current: () => keys.current('cursor'), find: (id) => keys.find('cursor', id) },
        keepSeconds: config.fhir.search.cursorSeconds,
      },
    });
    const { registry } = kernel;
    // Tests begin with an empty record, and make their own.
    if (config.identity.demoAccounts && config.profile === 'demo')
      await grow.part(
        'demo record',
        () => loadDemoRecord({ root: needs.root, database: opened, perform }),
        (made) => (made ? 'made' : 'there'),
      );
    closing(
      await openJobs({
        ...{ database: opened, perform, node: needs.node, log, metrics, onFatal },
        ...{ concurrency: config.jobs.concurrency, drainMs: config.http.drainMs },
        tasks: [
          answerLater({ kernel, perform, log }),
          ownTask(kernel),
          ...registry.all(jobKind).map(({ value }) => value),
        ],
      }),
    );
    closing(openSweeping(opened, [kernel.store.contents.sweep, sweepAnswers(opened)], log));
    await grow.part('setup', (inner) =>
      setUp({ ordered, perform, effects, log, grow: inner, onClose: (closer) => add(closer) }),
    );

    const watchLedger = async (): Promise<void> => {
      const rows = await opened.transactions.transaction(noTenant, ({ query }) =>
        query<LedgerRow>('select plugin, id, digest, breaking from migration'),
      );
      const [fault] = judgeLedger(rows, migrationsOf(plugins.slice(1)));
      if (fault) onFatal(fault);
    };
    opened.listening.on('migrated', () => {
      watchLedger().catch((error: unknown) => log.error({ err: error }, 'the ledger of migrations could not be read'));
    });

    const identity = await openIdentity({ config, database: opened, keys, publicUrl, perform, effects, log, closing });
    server.use(
      buildApp({
        ...common,
        publicUrl,
        routes: registry.all(routeKind).map(({ value }) => value),
        sites: registry.all(siteKind).map(({ value }) => value),
        mounts: identity.mounts,
        fhir: {
          kernel,
          perform,
          verify: identity.verify,
          portal: identity.portal,
          launches: identity.launches,
          smartFront: identity.smartFront,
          bodyLimitBytes: config.http.bodyLimitBytes,
        },
      }),
    );
    // Opened first, so that readiness can be asked from the beginning; closed first too: what is on the way needs all the rest.
    add(server.close, async () => {
      starting = true;
      if (config.http.noticeMs > 0) await pause(config.http.noticeMs);
    });
    starting = false;
    return { port: server.port, publicUrl, metrics, database: opened, keys, identity, kernel, perform, close };
  } catch (thrown) {
    await close();
    throw thrown;
  }
};
