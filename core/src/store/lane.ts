/** A lane of pipelined connections for single statements bound by key or index; refuses every answer behind a tenant change that failed, and never sends a statement twice. */
import type { Log } from '../observe/log.ts';
import type { Metrics } from '../observe/metrics.ts';
import { outcomeUnknown, unavailable, type Outcome } from '../outcome/outcome.ts';
import { faultOf, isAnswer } from './fault.ts';
import { connect, endSoon, type Connected, type LinkSettings } from './link.ts';
import { openReplan, replanning } from './replan.ts';
import type { Statement } from './statement.ts';

export interface Lane {
  readonly run: <Row extends object>(
    tenant: number,
    statement: Statement,
    values: readonly unknown[],
  ) => Promise<Row[]>;
  readonly close: () => Promise<void>;
}

export interface LaneNeeds {
  readonly settings: LinkSettings;
  readonly links: number;
  readonly metrics: Metrics;
  readonly log: Log;
  /** Told of every fault, so that the database's health is looked at without delay. */
  readonly onFault: (thrown: unknown) => void;
}

const enter = { name: 'enter', text: `select set_config('heddle.tenant', $1, false)` };

/** One connection of the lane. `tenant` is the one asked for last; 0 is none. */
interface Link {
  connected: Connected | undefined;
  tenant: number;
  waiting: number;
  /** Nothing was answered since the last look, although something waited. */
  silent: boolean;
  failure: unknown;
  replan: () => boolean;
}

/** For an answer that came over a connection that was given up; an error of the statement itself still proves that nothing was written. */
const disbelieved = (mayHaveWritten: boolean, cause: unknown): Outcome =>
  mayHaveWritten ? outcomeUnknown(cause) : unavailable('the database connection failed; nothing was changed', 1, cause);

const mostInPacket = 16;

const backoffMs = { first: 50, most: 2_000 };

export const openLane = async ({ settings, links: size, metrics, log, onFault }: LaneNeeds): Promise<Lane> => {
  const { name } = settings;
  let closed = false;
  const timers = new Set<NodeJS.Timeout>();
  const links: Link[] = Array.from({ length: size }, () => ({
    connected: undefined,
    tenant: 0,
    waiting: 0,
    silent: false,
    failure: undefined,
    replan: openReplan(),
  }));
  const answers = { ok: metrics.statements.labels(name, 'ok'), error: metrics.statements.labels(name, 'error') };

  const later = (milliseconds: number, work: () => void): void => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      work();
    }, milliseconds);
    timers.add(timer);
  };

  const reopen = (link: Link, delay: number): void => {
    if (closed) return;
    later(delay, () => {
      open(link).catch((thrown: unknown) => {
        onFault(thrown);
        reopen(link, Math.min(delay * 2, backoffMs.most));
      });
    });
  };

  /** From here on nothing that this connection answers is believed. */
  const giveUp = (link: Link, connected: Connected, thrown: unknown): void => {
    if (link.connected !== connected) return;
    link.connected = undefined;
    link.failure = thrown;
    connected.cut();
    if (closed) return;
    metrics.laneFailures.inc({ lane: name });
    log.warn({ err: thrown, lane: name, waiting: link.waiting }, 'a connection was given up');
    onFault(thrown);
    reopen(link, backoffMs.first);
  };

  const open = async (link: Link): Promise<void> => {
    const connected = await connect({ ...settings, pipeline: true });
    if (closed) return connected.cut();
    connected.client.on('error', (thrown) => giveUp(link, connected, thrown));
    connected.client.on('end', () => giveUp(link, connected, new Error('the connection ended')));
    Object.assign(link, {
      ...{ connected, tenant: 0, waiting: 0, silent: false, failure: undefined },
      replan: openReplan(),
    });
  };

  /** A server that vanished without a word answers nothing, not even its own time limit. */
  const watch = setInterval(() => {
    for (const link of links) {
      const waits = link.waiting > 0 && link.connected !== undefined;
      if (waits && link.silent && link.connected)
        giveUp(link, link.connected, new Error('no answer within the time limit'));
      link.silent = waits;
    }
  }, settings.statementMs + 2_000);
  watch.unref();

  const pick = (tenant: number): Link | undefined => {
    let best: Link | undefined;
    for (const link of links) {
      if (!link.connected) continue;
      // One packet for all of this turn: a second one to a neighbour costs more than the wait.
      if (link.tenant === tenant && link.waiting < mostInPacket && link.connected.gathers()) return link;
      const better = !best || link.waiting < best.waiting || (link.waiting === best.waiting && link.tenant === tenant);
      if (better) best = link;
    }
    return best;
  };

  const run = <Row extends object>(
    tenant: number,
    { name: prepared, text, writes }: Statement,
    values: readonly unknown[],
  ): Promise<Row[]> =>
    new Promise((resolve, reject) => {
      const link = pick(tenant);
      const connected = link?.connected;
      if (!link || !connected) {
        reject(unavailable('the database cannot be reached; nothing was changed'));
        return;
      }
      const { client } = connected;
      connected.gather();
      if (link.tenant !== tenant) {
        link.tenant = tenant;
        client.query({ ...enter, values: [String(tenant)] }, (thrown: Error | null) => {
          if (thrown) giveUp(link, connected, thrown);
        });
      }
      if (link.replan()) client.query(replanning, (thrown: Error | null) => thrown && onFault(thrown));
      link.waiting++;
      client.query<Row>({ name: prepared, text, values: [tenant, ...values] }, (thrown: Error | null, result) => {
        const believed = link.connected === connected;
        if (believed) {
          link.waiting--;
          link.silent = false;
        }
        (thrown ? answers.error : answers.ok).inc();
        if (thrown) onFault(thrown);
        if (!believed) reject(disbelieved(writes && !isAnswer(thrown), link.failure));
        else if (thrown) reject(faultOf(thrown, { sent: true, writes }));
        else resolve(result.rows);
      });
    });

  const close = async (): Promise<void> => {
    closed = true;
    clearInterval(watch);
    for (const timer of timers) clearTimeout(timer);
    await Promise.all(links.flatMap(({ connected }) => (connected ? [endSoon(connected)] : [])));
  };

  const opened = await Promise.allSettled(links.map(open));
  const failed = opened.find((result) => result.status === 'rejected');
  if (failed) {
    await close();
    throw failed.reason;
  }
  return { run, close };
};
