/** Reaches the database of a Heddle that is running on a home, for commands beside it; starts and stops nothing. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Address } from '../address.ts';
import { liveOwner, readOwner } from './owner.ts';

/** Undefined where none runs, or where its database is not the embedded one. */
export const attachEmbedded = async (home: string): Promise<Address | undefined> => {
  if ((await liveOwner(home)) === undefined) return undefined;
  const sockets = (await readOwner(home))?.sockets;
  if (!sockets) return undefined;
  const { password } = JSON.parse(await readFile(join(home, 'database/heddle-cluster.json'), 'utf8')) as {
    password: string;
  };
  return { host: sockets, port: 5432, user: 'postgres', password, database: 'postgres' };
};
