/** The clock and the randomness of the real world, made here once and handed down; nothing else in the house reaches for them. */
import { randomBytes } from 'node:crypto';
import { uuidsInOrder, type Ids } from '../fhir/ids.ts';

export interface Effects {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Seconds since an arbitrary start; never goes back. */
  readonly stopwatch: () => number;
  readonly random: (bytes: number) => Uint8Array;
  readonly ids: Ids;
}

/** Bytes for many ids at once: a call to the system for each id would cost more than the id. */
const pooledRandom = (): ((bytes: number) => Uint8Array) => {
  let pool = randomBytes(4_096);
  let at = 0;
  return (bytes) => {
    if (bytes > 256) return randomBytes(bytes);
    if (at + bytes > pool.length) {
      pool = randomBytes(4_096);
      at = 0;
    }
    at += bytes;
    return Uint8Array.prototype.slice.call(pool, at - bytes, at);
  };
};

export const realEffects = (): Effects => {
  const now = (): number => Date.now();
  const random = pooledRandom();
  return { now, stopwatch: () => performance.now() / 1_000, random, ids: uuidsInOrder(now, random) };
};
