/** Lets one process at a time work on a folder; a ticket whose process is dead counts for nothing, so nothing needs to be broken open. */
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** When a process started, so that a later one with the same id is not taken for it; undefined when it is dead. */
const startOf = (pid) => {
  try {
    return process.platform === 'linux' ? startFrom(readFileSync(`/proc/${pid}/stat`, 'utf8')) : aliveSince(pid);
  } catch (thrown) {
    if (['ESRCH', 'ENOENT'].includes(thrown.code)) return undefined;
    throw thrown;
  }
};

const startFrom = (stat) => {
  const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const isUnburied = 'ZX'.includes(state);
  return isUnburied ? undefined : fields[18];
};

const aliveSince = (pid) => process.kill(pid, 0) && 'unknown';

const ticket = (pid) => `${pid}-${startOf(pid)}.ticket`;
const tickets = (folder) => readdirSync(folder).filter((name) => name.endsWith('.ticket'));
const isLiving = (name) => name === ticket(parseInt(name));

/**
 * Every contestant writes its ticket first and looks for others second, so of two at once at least one sees the other
 * and steps back. `onWait` hears once whom this one waits for.
 */
export const takeTurn = async (folder, onWait) => {
  mkdirSync(folder, { recursive: true });
  const held = [ticket(process.pid)];
  const write = (name) => writeFileSync(join(folder, name), '');
  const release = () => held.forEach((name) => rmSync(join(folder, name), { force: true }));
  const rival = () => tickets(folder).find((name) => !held.includes(name) && isLiving(name));
  const share = (pid) => write((held[held.length] = ticket(pid)));

  for (let waits = 0; ; waits++) {
    let ahead = rival();
    if (!ahead) {
      held.forEach(write);
      ahead = rival();
      if (!ahead) break;
      release();
    }
    if (waits === 0) onWait(parseInt(ahead));
    await sleep(50 + 150 * Math.random());
  }
  for (const name of tickets(folder))
    if (!held.includes(name) && !isLiving(name)) rmSync(join(folder, name), { force: true });
  /** `share` lets the turn last as long as a child lives, even when this process is killed before it. */
  return { share, release };
};
