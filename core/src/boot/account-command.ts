/** `heddle account add`: makes an account of the embedded identity provider, and its tenant where it is the first; takes the password from standard input, never from the command line. */
import { text } from 'node:stream/consumers';
import { loadRoleFile } from '../config/role-file.ts';
import { didYouMean } from '../config/nearest.ts';
import { addAccount } from '../identity/accounts.ts';
import { misconfigured } from '../outcome/outcome.ts';
import type { Command } from './command.ts';
import { onDatabase } from './on-database.ts';

const usage = `usage: npx heddle account add <username> <tenant> <role,…>   (the password on standard input)
With the embedded database, stop Heddle first: the database has one owner at a time.`;

const leastLength = 12;

const unknownRoles = (root: string, roles: readonly string[]): string[] => {
  const known = Object.keys(loadRoleFile(root).roles);
  return roles
    .filter((role) => !known.includes(role))
    .map((role) => `there is no role '${role}'${didYouMean(role, known)}`);
};

export const accountCommand: Command['run'] = async (place, [verb, username, tenant, list]) => {
  if (verb !== 'add' || !username || !tenant || !list) {
    process.stdout.write(`${usage}\n`);
    return 64;
  }
  const roles = list.split(',');
  const password = (await text(process.stdin)).replace(/\r?\n$/, '');
  const faults = [
    ...unknownRoles(place.root, roles),
    ...(password.length < leastLength ? [`the password needs at least ${leastLength} characters`] : []),
  ];
  if (faults.length > 0) throw misconfigured(faults);
  const made = await onDatabase(place, ({ database, effects }) =>
    addAccount({ username, tenant, roles }, password, { database, ...effects }),
  );
  if (!made) throw misconfigured([`the name '${username}' is taken`]);
  process.stdout.write(`${username} may sign in\n`);
  return 0;
};
