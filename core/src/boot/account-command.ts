/** `heddle account add`: makes an account of the embedded identity provider, and its tenant where it is the first; takes the password from standard input, never from the command line. */
import { text } from 'node:stream/consumers';
import { loadRoleFile } from '../config/role-file.ts';
import { didYouMean } from '../config/nearest.ts';
import { addAccount, tenants } from '../identity/accounts.ts';
import { misconfigured } from '../outcome/outcome.ts';
import type { Database } from '../store/database.ts';
import type { Command } from './command.ts';
import { onDatabase } from './on-database.ts';

const usage = `usage: npx heddle account add <username> <tenant> <role,…> [--new-tenant]
The password comes on standard input: printf %s "$password" | npx heddle account add …`;

const leastLength = 12;
const newTenant = '--new-tenant';

const unknownRoles = (root: string, roles: readonly string[]): string[] => {
  const known = Object.keys(loadRoleFile(root).roles);
  return roles
    .filter((role) => !known.includes(role))
    .map((role) => `there is no role '${role}'${didYouMean(role, known)}`);
};

/** A misspelt tenant would be a hospital of its own, in which nobody sees anybody. */
const checkTenant = async (database: Database, tenant: string, mayBeNew: boolean): Promise<void> => {
  const known = (await tenants(database)).map(({ name }) => name);
  if (known.includes(tenant) || mayBeNew || known.length === 0) return;
  throw misconfigured([`there is no tenant '${tenant}'${didYouMean(tenant, known)}; ${newTenant} makes it`]);
};

export const accountCommand: Command['run'] = async (place, args) => {
  const [verb, username, tenant, list] = args.filter((arg) => arg !== newTenant);
  if (verb !== 'add' || !username || !tenant || !list || process.stdin.isTTY) {
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
  const made = await onDatabase(place, async ({ database, effects }) => {
    await checkTenant(database, tenant, args.includes(newTenant));
    return addAccount({ username, tenant, roles, demo: false }, password, { database, ...effects });
  });
  if (!made) throw misconfigured([`the name '${username}' is taken`]);
  process.stdout.write(`${username} may sign in\n`);
  return 0;
};
