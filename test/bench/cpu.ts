/** Reads how much processor time processes have used: the server's own and those of its database, children that ended included. */
import { readdirSync, readFileSync } from 'node:fs';

interface Stat {
  readonly pid: number;
  readonly parent: number;
  /** In milliseconds, with that of children it has waited for. */
  readonly used: number;
  /** Without them. */
  readonly own: number;
}

/** Linux counts in hundredths of a second, whatever its own clock. */
const tickMs = 10;

const statOf = (pid: string): Stat | undefined => {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in brackets may hold blanks: what follows it has places.
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const sum = (from: number, to: number): number =>
      fields.slice(from, to).reduce((all, ticks) => all + ticks, 0) * tickMs;
    return { pid: Number(pid), parent: fields[1] ?? 0, used: sum(11, 15), own: sum(11, 13) };
  } catch {
    // It ended between the listing and the reading.
    return undefined;
  }
};

const everybody = (): Stat[] =>
  readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? (statOf(name) ?? []) : []));

/** Of this process alone. */
export const ownCpuMs = (pid: number): number => statOf(String(pid))?.own ?? 0;

/** Of these processes and everything below them. */
export const cpuMs = (roots: readonly number[]): number => {
  const stats = everybody();
  const wanted = new Set(roots);
  for (let grown = true; grown;) {
    grown = false;
    for (const { pid, parent } of stats)
      if (wanted.has(parent) && !wanted.has(pid)) {
        wanted.add(pid);
        grown = true;
      }
  }
  return stats.filter(({ pid }) => wanted.has(pid)).reduce((sum, { used }) => sum + used, 0);
};

/** Resident memory in megabytes. */
export const residentMb = (pid: number): number => {
  const [, kilobytes = '0'] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) / 1024;
};
