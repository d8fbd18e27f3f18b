/** Lets so many pieces of work run at once and the others wait in line, not for ever; refuses whoever comes when the line is long. */
import { hungUp, tooCostly, unavailable } from '../outcome/outcome.ts';

export interface Turns {
  readonly take: <T>(work: () => Promise<T>, signal?: AbortSignal) => Promise<T>;
}

export interface TurnsNeeds {
  /** What is waited for, as the refused are told. */
  readonly name: string;
  readonly atOnce: number;
  readonly longestLine: number;
  readonly mostWaitMs: number;
}

export const openTurns = ({ name, atOnce, longestLine, mostWaitMs }: TurnsNeeds): Turns => {
  const line: (() => void)[] = [];
  let running = 0;

  const turn = (signal: AbortSignal | undefined): Promise<void> =>
    new Promise((resolve, reject) => {
      const leave = (why: Error): void => {
        const place = line.indexOf(go);
        if (place < 0) return;
        line.splice(place, 1);
        done();
        reject(why);
      };
      const timer = setTimeout(
        () => leave(tooCostly(`too many ${name} were before this one; nothing was changed: narrow the search`)),
        mostWaitMs,
      );
      const onAbort = (): void => leave(hungUp());
      const done = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
      };
      const go = (): void => {
        done();
        resolve();
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      line.push(go);
    });

  return {
    take: async (work, signal) => {
      if (signal?.aborted) throw hungUp();
      if (running < atOnce) running++;
      else {
        if (line.length >= longestLine) throw unavailable(`too many ${name} wait already; nothing was changed`, 5);
        // Whoever ends hands its turn on.
        await turn(signal);
      }
      try {
        return await work();
      } finally {
        const next = line.shift();
        if (next) next();
        else running--;
      }
    },
  };
};
