/** Tries until it holds, for at most five seconds; the last reason is the one that is told. */
import { setTimeout as pause } from 'node:timers/promises';

export const eventually = async <T>(attempt: () => Promise<T>, tries = 250): Promise<T> => {
  for (let left = tries; ; left--) {
    try {
      return await attempt();
    } catch (thrown) {
      if (left === 0) throw thrown;
      await pause(20);
    }
  }
};
