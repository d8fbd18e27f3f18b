/** Starts Heddle whole, in one process or several, and says when it is ready. */
import cluster from 'node:cluster';
import { rename, writeFile } from 'node:fs/promises';
import { availableParallelism, hostname } from 'node:os';
import { join } from 'node:path';
import type { Loaded } from '../config/load.ts';
import { openLog, type Log } from '../observe/log.ts';
import type { Plugin } from '../plugin/define.ts';
import { realEffects, type Effects } from './effects.ts';
import { prepare, type Prepared } from './prepare.ts';
import { serve, type Serving } from './serve.ts';
import { drawTree, growTree } from './tree.ts';
import { beWorker, startWorkers } from './workers.ts';

export interface StartNeeds {
  readonly loaded: Loaded;
  readonly root: string;
  readonly version: string;
  readonly effects?: Effects;
  readonly plugins?: readonly Plugin[];
  readonly print: (line: string) => void;
  readonly onFatal: (reason: string) => void;
}

export interface Heddle {
  readonly port: number;
  readonly publicUrl: string;
  /** The part that serves in this process; undefined where workers do. */
  readonly serving: Serving | undefined;
  readonly close: () => Promise<void>;
}

const nodeName = (): string => `${hostname()}-${process.pid}`;

const logOf = ({ config }: Loaded, print: (line: string) => void): Log =>
  openLog(config.log.level, { write: (line) => print(line.trimEnd()) }, { node: nodeName() });

const writePorts = async (home: string, ports: Readonly<Record<string, number>>): Promise<void> => {
  const file = join(home, 'ports.json');
  await writeFile(`${file}.new`, `${JSON.stringify(ports)}\n`);
  await rename(`${file}.new`, file);
};

export const startHeddle = async ({
  loaded,
  root,
  version,
  effects = realEffects(),
  plugins = [],
  print,
  onFatal,
}: StartNeeds): Promise<Heddle> => {
  const { config, warnings } = loaded;
  const log = logOf(loaded, print);
  const { grow, parts } = growTree(effects.stopwatch);
  const from = effects.stopwatch();
  const cores = availableParallelism();
  const count = config.workers === 0 ? cores : config.workers;
  for (const warning of warnings) log.warn({}, warning);

  const ground = await prepare({ loaded, root, version, effects, log, grow, plugins }, cores);
  try {
    const { prepared } = ground;
    const serving =
      count === 1
        ? await serve({ loaded, root, version, node: nodeName(), prepared, effects, log, grow, plugins, onFatal })
        : undefined;
    const running =
      serving ??
      (await grow.part(
        'workers',
        () => startWorkers({ count, prepared, log, onFatal }),
        ({ port }) => `${count} on port ${port}`,
      ));
    const { port, publicUrl } = running;
    await writePorts(config.home, { http: port });
    const ms = Math.round((effects.stopwatch() - from) * 1_000);
    print(drawTree(`heddle ${version}, profile ${config.profile}, started in ${ms} ms`, parts));
    print(`heddle ready ${publicUrl}`);
    return {
      port,
      publicUrl,
      serving,
      close: async () => {
        await running.close();
        await ground.stop();
      },
    };
  } catch (thrown) {
    await ground.stop();
    throw thrown;
  }
};

export const isWorker = cluster.isWorker;

/** The life of a worker process; its exit code. */
export const workHeddle = ({
  loaded,
  root,
  version,
  print,
}: Pick<StartNeeds, 'loaded' | 'root' | 'version' | 'print'>): Promise<number> => {
  const effects = realEffects();
  const log = logOf(loaded, print);
  return beWorker(async (prepared: Prepared, { allMetrics, onFatal }) => {
    const { grow } = growTree(effects.stopwatch);
    const node = nodeName();
    const { port, publicUrl, metrics, close } = await serve({
      loaded,
      root,
      version,
      node,
      prepared,
      effects,
      log,
      grow,
      allMetrics,
      onFatal,
    });
    return { port, publicUrl, metrics: () => metrics.registry.getMetricsAsJSON(), close };
  });
};
