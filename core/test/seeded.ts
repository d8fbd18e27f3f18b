/** Random choices from a seed, so that a failure can be seen again: set SEED to the one it printed. */

export interface Seeded {
  readonly seed: number;
  /** From 0 up to and without `limit`. */
  readonly whole: (limit: number) => number;
  readonly pick: <T>(from: readonly T[]) => T;
}

export const seeded = (): Seeded => seededBy(Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31)));

/** The same choices each time. */
export const seededBy = (seed: number): Seeded => {
  let state = seed;
  // mulberry32: small, and good enough to choose test cases.
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const whole = (limit: number): number => Math.floor(next() * limit);
  return { seed, whole, pick: <T>(from: readonly T[]) => from[whole(from.length)] as T };
};
