/** Runs searches so that dear ones wait for each other and cheap ones for none of them: whatever runs long is stopped and begun again in the line of the dear. */
import { Outcome } from '../outcome/outcome.ts';
import type { Pool } from './pool.ts';
import type { Statement } from './statement.ts';
import { openTurns, type Turns } from './turns.ts';

export interface SearchLane {
  readonly run: Pool['run'];
  /** For work that takes the processor of this process for long, however quick its statements are. */
  readonly looking: Turns;
  /** No search is allowed more. */
  readonly mostMs: number;
}

export interface SearchLaneNeeds {
  readonly pool: Pick<Pool, 'run'>;
  /** Connections of the pool. */
  readonly size: number;
  readonly mostMs: number;
  readonly now: () => number;
}

interface Question {
  readonly tenant: number;
  readonly statement: Statement;
  readonly values: readonly unknown[];
  readonly signal: AbortSignal | undefined;
}

/** A search of a page by an index takes a few milliseconds. */
const cheapMs = 250;

/** So long a question that was dear is not tried as a cheap one. */
const rememberedMs = 20_000;
const mostRemembered = 1_000;
const longestLine = 200;

export const openSearchLane = ({ pool, size, mostMs, now }: SearchLaneNeeds): SearchLane => {
  const waiting = { longestLine, mostWaitMs: mostMs };
  const ofDear = Math.max(1, Math.floor(size / 4));
  const dear = openTurns({ name: 'costly searches', atOnce: ofDear, ...waiting });
  // Together they fit the pool: nobody waits for a connection while the time runs by which he is judged.
  const cheap = openTurns({ name: 'searches', atOnce: Math.max(1, size - ofDear), ...waiting });
  const looking = openTurns({ name: 'searches through texts', atOnce: 2, ...waiting });
  /** Tenants and shapes of statements, with the time until which they are taken for dear. */
  const known = new Map<string, number>();

  const isDear = (name: string): boolean => {
    const until = known.get(name);
    if (until === undefined) return false;
    if (until > now()) return true;
    known.delete(name);
    return false;
  };
  const remember = (name: string): void => {
    if (known.size >= mostRemembered) known.clear();
    known.set(name, now() + rememberedMs);
  };

  /** Undefined: it was stopped because it is dear. */
  const quick = async <Row extends object>(name: string, { tenant, statement, values, signal }: Question) => {
    const late = new AbortController();
    const onAbort = (): void => late.abort();
    signal?.addEventListener('abort', onAbort, { once: true });
    const timer = setTimeout(() => {
      remember(name);
      late.abort();
    }, cheapMs);
    try {
      return await pool.run<Row>(tenant, statement, values, late.signal);
    } catch (thrown) {
      if (late.signal.aborted && !signal?.aborted && thrown instanceof Outcome && thrown.status === 499)
        return undefined;
      throw thrown;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    }
  };

  const run: Pool['run'] = async <Row extends object>(
    ...[tenant, statement, values, signal]: Parameters<Pool['run']>
  ): Promise<Row[]> => {
    const name = `${tenant} ${statement.text}`;
    const full = (): Promise<Row[]> => pool.run<Row>(tenant, statement, values, signal);
    if (isDear(name)) return dear.take(full, signal);
    const rows = await cheap.take(() => quick<Row>(name, { tenant, statement, values, signal }), signal);
    return rows ?? dear.take(full, signal);
  };

  return { run, looking, mostMs };
};
