/** Writes numbers for people, the same on every machine. */

export const whole = (count: number): string => count.toLocaleString('en-US');

export const megabytes = (bytes: number): string =>
  bytes < 100_000 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
