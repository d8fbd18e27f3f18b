/** Lends the owner's connections to a library that brings its own tables; one node at a time, as with migrations. */
import pg from 'pg';
import type { Address } from './address.ts';

export type OwnerPool = pg.Pool;

export const withOwnerPool = async <T>(owner: Address, work: (pool: OwnerPool) => Promise<T>): Promise<T> => {
  const pool = new pg.Pool({ ...owner, max: 2, application_name: 'heddle installation' });
  // A connection that breaks while it is idle is replaced; one that is at work says so itself.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => void client.on('error', () => undefined));
  try {
    const guard = await pool.connect();
    try {
      // Held by the session: a node that dies lets go of it.
      await guard.query(`select pg_advisory_lock(hashtext('heddle migrations'))`);
      const result = await work(pool);
      await guard.query(`select pg_advisory_unlock(hashtext('heddle migrations'))`);
      return result;
    } finally {
      guard.release(true);
    }
  } finally {
    await pool.end();
  }
};
