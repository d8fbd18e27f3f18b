/** The database as the kernel holds it: lanes under the serving role, health, announcements; closes what it opened. */
import type { Configuration } from '../config/schema.ts';
import type { Log } from '../observe/log.ts';
import type { Metrics } from '../observe/metrics.ts';
import { watchHealth, type Health } from './health.ts';
import { openLane, type Lane } from './lane.ts';
import type { Address } from './address.ts';
import type { LinkSettings } from './link.ts';
import { listen, type Listening } from './listening.ts';
import { openPool, type Pool } from './pool.ts';

export interface Database {
  /** Pipelined: single statements bound by key or index. Writing ones have links of their own, so that no read waits for a commit. */
  readonly read: Lane;
  readonly write: Lane;
  /** For statements that write many resources at once: those take longer, and single writes must not wait behind them. */
  readonly bulk: Lane;
  readonly transactions: Pool;
  /** For searches of unknown cost: nothing waits behind them but other searches. */
  readonly searches: Pool;
  readonly jobs: Pool;
  /** One connection that waits behind nothing: by it the others see that this process lives. */
  readonly heartbeat: Pool;
  readonly listening: Listening;
  readonly health: () => Health;
  readonly close: () => Promise<void>;
}

type DatabaseSettings = Configuration['database'];

export interface DatabaseNeeds {
  readonly serving: Address;
  readonly settings: DatabaseSettings;
  readonly node: string;
  readonly random: (bytes: number) => Uint8Array;
  readonly metrics: Metrics;
  readonly log: Log;
}

/** One for listening, one for health and cancellation, one for the heartbeat. */
const besideLanes = 3;

/** While it migrates, a node holds the owner's connections too. */
const ofOwner = 2;

/** What all processes of all nodes may hold at once, and how it adds up. */
export const connectionsWanted = (
  { lanes, nodes }: DatabaseSettings,
  workers: number,
): { total: number; sum: string } => {
  const inLanes = Object.values(lanes).reduce((sum, size) => sum + size, 0);
  const each = inLanes + besideLanes;
  return {
    total: nodes * (workers * each + ofOwner),
    sum: `${nodes} nodes × (${workers} processes × ${each} + ${ofOwner} to migrate)`,
  };
};

export const openDatabase = async ({
  serving,
  settings,
  node,
  random,
  metrics,
  log,
}: DatabaseNeeds): Promise<Database> => {
  const { lanes, timeouts } = settings;
  const closers: (() => Promise<void>)[] = [];
  /** Health comes last: the others cancel by its connection. */
  const close = async (): Promise<void> => {
    const [first, ...others] = closers.splice(0);
    await Promise.all(others.map((closer) => closer()));
    await first?.();
  };
  const closing = <T extends { close: () => Promise<void> }>(part: T): T => {
    closers.push(part.close);
    return part;
  };
  const link = (name: string, statementMs: number): LinkSettings => ({
    address: serving,
    name,
    connectMs: timeouts.connectMs,
    statementMs,
  });

  try {
    const watch = closing(
      await watchHealth({ settings: link('health', timeouts.connectMs), node, random, metrics, log }),
    );
    const { onFault, cancel } = watch;
    const lane = async (name: 'read' | 'write' | 'bulk', statementMs: number): Promise<Lane> =>
      closing(await openLane({ settings: link(name, statementMs), links: lanes[name], metrics, log, onFault }));
    const pool = (name: 'transaction' | 'search' | 'jobs', statementMs: number): Pool =>
      closing(openPool({ settings: link(name, statementMs), size: lanes[name], onFault, cancel }));
    return {
      read: await lane('read', timeouts.laneMs),
      write: await lane('write', timeouts.laneMs),
      bulk: await lane('bulk', timeouts.transactionMs),
      transactions: pool('transaction', timeouts.transactionMs),
      searches: pool('search', timeouts.searchMs),
      jobs: pool('jobs', timeouts.jobsMs),
      heartbeat: closing(openPool({ settings: link('heartbeat', timeouts.laneMs), size: 1, onFault, cancel })),
      listening: closing(await listen(link('listening', 0), log)),
      health: watch.health,
      close,
    };
  } catch (thrown) {
    await close();
    throw thrown;
  }
};
