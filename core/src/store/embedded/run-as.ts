/** Decides which account PostgreSQL runs as: the current one, or an unprivileged one where the current is root, which PostgreSQL refuses. */
import { readFileSync } from 'node:fs';
import { misconfigured } from '../../outcome/outcome.ts';

export interface RunAs {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  /** Whether the account differs from the current one. */
  readonly drops: boolean;
  readonly command: (command: readonly string[]) => string[];
}

const candidates = ['heddle', 'postgres', 'nobody'];

const accounts = (): readonly (readonly string[])[] =>
  readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));

export const chooseAccount = (current: number): RunAs => {
  if (current !== 0) {
    const name = accounts().find(([, , uid]) => Number(uid) === current)?.[0];
    // initdb asks the system for the account's name and gives up without one.
    if (name === undefined)
      throw misconfigured([
        `user ${current} has no name in /etc/passwd, which PostgreSQL needs: add one, or set DATABASE_URL`,
      ]);
    return { name, uid: current, gid: process.getgid?.() ?? 0, drops: false, command: (command) => [...command] };
  }
  const rows = accounts();
  const [name, , uid, gid] = candidates.map((each) => rows.find(([known]) => known === each)).find((row) => row) ?? [];
  if (name === undefined)
    throw misconfigured([
      `root cannot run PostgreSQL and none of ${candidates.join(', ')} exists: add a user 'heddle', or set DATABASE_URL`,
    ]);
  return {
    name,
    uid: Number(uid),
    gid: Number(gid),
    drops: true,
    command: (command) => ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', ...command],
  };
};
