/** A connection over which whole tables are read and written: the same text for the same value, whatever the server's settings and its version. */
import type pg from 'pg';
import { misconfigured, Outcome } from '../../outcome/outcome.ts';
import type { Address } from '../address.ts';
import { isDiskFull } from '../fault.ts';
import { connect, type Connected } from '../link.ts';

export type Session = Pick<Connected, 'client' | 'cut'>;

/** row_security off: a policy that would hide rows is an error then, and no silent loss. */
const settings = `
  set client_encoding = 'UTF8'; set datestyle = 'ISO, YMD'; set intervalstyle = 'postgres'; set timezone = 'UTC';
  set bytea_output = 'hex'; set extra_float_digits = 1; set lc_monetary = 'C'; set row_security = off;
  set idle_in_transaction_session_timeout = 0; set statement_timeout = 0; set lock_timeout = 0;
  set synchronous_commit = on; set standard_conforming_strings = on; set xmloption = content`;

export const openSession = async (address: Address, name: string, connectMs: number): Promise<Session> => {
  const { client, cut } = await connect({ address, name, connectMs, statementMs: 0 });
  // A connection that breaks fails the question that it was asked; there is nobody else to tell.
  client.on('error', cut);
  try {
    await client.query(settings);
    return { client, cut };
  } catch (thrown) {
    cut();
    throw thrown;
  }
};

export const serverOf = async (client: pg.Client): Promise<string> =>
  (await client.query<{ version: string }>(`select current_setting('server_version') as version`)).rows[0]?.version ??
  '';

const lost = new Set(['ECONNRESET', 'EPIPE', '57P01', '57P02', '57P03']);

/** A server's words may hold a value of a row: its code is told, and what it means where that is plain. */
export const databaseFault = (thrown: unknown, what: string): unknown => {
  if (!(thrown instanceof Error) || thrown instanceof Outcome) return thrown;
  const said = 'code' in thrown ? String(thrown.code) : '';
  if (lost.has(said)) return misconfigured([`${what}: the database ended the connection (${said})`], thrown);
  if ('syscall' in thrown) return thrown;
  const code = said === '' ? thrown.message : `PostgreSQL refused it (${said})`;
  return misconfigured([`${what}: ${isDiskFull(thrown) ? 'the database has no room' : code}`], thrown);
};
