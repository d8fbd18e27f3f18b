/** Closes what was opened, in reverse; a part that fails or hangs keeps no other open. */
import type { Log } from '../observe/log.ts';
import { within } from '../store/within.ts';

type Close = () => void | Promise<void>;

export interface Closers {
  readonly add: (...closers: readonly Close[]) => void;
  /** Answers the part, to be closed when all are. */
  readonly closing: <T extends { readonly close: Close }>(part: T) => T;
  readonly close: () => Promise<void>;
}

/** `ms`: how long each may take. */
export const openClosers = (log: Log, ms: number): Closers => {
  const closers: Close[] = [];
  return {
    add: (...more) => void closers.push(...more),
    closing: (part) => {
      closers.push(part.close);
      return part;
    },
    close: async () => {
      for (const closer of closers.splice(0).reverse()) {
        try {
          if ((await within(ms, Promise.resolve(closer()))) === 'late') log.error({}, 'a part did not close in time');
        } catch (thrown) {
          log.error({ err: thrown }, 'a part failed to close');
        }
      }
    },
  };
};
