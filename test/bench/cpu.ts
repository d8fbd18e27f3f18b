/** Reads how much processor time processes have used: the server's own and those of its database, children that ended included. */
import { readdirSync, readFileSync } from 'node:fs';

interface Stat {
  readonly pid: number;
  readonly parent: number;
  /** In milliseconds, with that of children it has waited for. */
  readonly used: number;
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
    const [parent = 0, used] = [fields[1], fields.slice(11, 15).reduce((sum, ticks) => sum + ticks, 0)];
    return { pid: Number(pid), parent, used: used * tickMs };
  } catch {
    // It ended between the listing and the reading.
    return undefined;
  }
};

const all = (): Stat[] => readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? (statOf(name) ?? []) : []));

/** Of these processes and everything below them. */
export const cpuMs = (roots: readonly number[]): number => {
  const stats = all();
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
