/** Gathers the changes that arrive while one write is on its way and sends them as the next one; without a timer, one tenant a statement. Each change stands for itself. */
import { asOutcome, unavailable } from '../outcome/outcome.ts';
import type { Change, Written } from './change.ts';
import type { Lane } from './lane.ts';
import { writeFenced, type Fence } from './fenced.ts';
import type { WriteRow } from './write-statement.ts';

export interface Writer {
  readonly write: (tenant: number, change: Change) => Promise<Written>;
}

export interface WriterNeeds {
  readonly lane: Lane;
  readonly fence: Fence;
}

interface Waiting {
  readonly change: Change;
  readonly resolve: (written: Written) => void;
  readonly reject: (thrown: unknown) => void;
}

interface Queue {
  readonly waiting: Waiting[];
  onTheWay: number;
}

/** Longer statements would make those behind them wait. */
const largestGroup = 256;
/** A second one on the way would leave with fewer: measured, it costs more than it saves. */
const mostOnTheWay = 1;
/** More would wait longer than their callers stay. */
const longestQueue = 10_000;

/** One call of the write statement, for changes that are independent (`whole` false) or belong together. */
export const writeOnce = (
  { lane, fence }: WriterNeeds,
  tenant: number,
  changes: readonly Change[],
  whole: boolean,
): Promise<Written[]> =>
  writeFenced(fence, tenant, changes, whole, (statement, values) => lane.run<WriteRow>(tenant, statement, values));

/** Whether the write was done is not known: to send it again could do it twice. */
const isUnknown = (thrown: unknown): boolean => asOutcome(thrown).issues.some(({ code }) => code === 'incomplete');

/** The first of each resource, in order; a second change of one waits for the next group, which sees the first. */
const takeGroup = (waiting: Waiting[]): Waiting[] => {
  const taken = new Set<number>();
  const group: Waiting[] = [];
  for (let at = 0; at < waiting.length && group.length < largestGroup;) {
    const next = waiting[at];
    if (!next || taken.has(next.change.rid)) at++;
    else {
      taken.add(next.change.rid);
      group.push(next);
      waiting.splice(at, 1);
    }
  }
  // In the order in which all lock rows.
  return group.toSorted((a, b) => a.change.rid - b.change.rid);
};

export const openWriter = (needs: WriterNeeds): Writer => {
  const queues = new Map<number, Queue>();

  const alone = async (tenant: number, { change, resolve, reject }: Waiting): Promise<void> => {
    try {
      const [written] = await writeOnce(needs, tenant, [change], false);
      if (written) resolve(written);
    } catch (thrown) {
      reject(thrown);
    }
  };

  /** An error of the statement undid all of it: each is tried alone, so that one bad change harms no other. */
  const send = async (tenant: number, group: readonly Waiting[]): Promise<void> => {
    const [only] = group;
    if (only && group.length === 1) return alone(tenant, only);
    try {
      const written = await writeOnce(
        needs,
        tenant,
        group.map(({ change }) => change),
        false,
      );
      for (const [place, { resolve }] of group.entries()) resolve(written[place] ?? { outcome: 'stale' });
    } catch (thrown) {
      if (isUnknown(thrown)) for (const { reject } of group) reject(thrown);
      else for (const waiting of group) await alone(tenant, waiting);
    }
  };

  const pump = (tenant: number, queue: Queue): void => {
    while (queue.onTheWay < mostOnTheWay && queue.waiting.length > 0) {
      queue.onTheWay++;
      void send(tenant, takeGroup(queue.waiting)).then(() => {
        queue.onTheWay--;
        if (queue.waiting.length > 0) pump(tenant, queue);
        else if (queue.onTheWay === 0) queues.delete(tenant);
      });
    }
  };

  return {
    write: (tenant, change) =>
      new Promise((resolve, reject) => {
        const queue = queues.get(tenant) ?? { waiting: [], onTheWay: 0 };
        queues.set(tenant, queue);
        if (queue.waiting.length >= longestQueue) {
          reject(unavailable('too many writes wait for the database; nothing was changed'));
          return;
        }
        queue.waiting.push({ change, resolve, reject });
        // What else arrives in this turn of the event loop goes with it.
        if (queue.waiting.length === 1) setImmediate(pump, tenant, queue);
      }),
  };
};
