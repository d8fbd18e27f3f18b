/** Reads the address of a database, once, into its fields; whatever the URL's form, nothing in it can be overlooked later. Never repeats it in an error. */
import type { ConnectionOptions } from 'node:tls';
import { parseIntoClientConfig } from 'pg-connection-string';
import { misconfigured } from '../outcome/outcome.ts';

/** Where the database is and as whom. */
export interface Address {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly ssl?: boolean | ConnectionOptions;
}

const parsed = (url: string, name: string): ReturnType<typeof parseIntoClientConfig> => {
  try {
    return parseIntoClientConfig(url);
  } catch (thrown) {
    if (!(thrown instanceof Error)) throw thrown;
    throw misconfigured([
      `${name} cannot be read: postgresql://user:password@host:5432/database, with other characters as %XX`,
    ]);
  }
};

export const addressOf = (url: string, name: string): Address => {
  const { host, port = 5432, user, password, database, ssl } = parsed(url, name);
  const lacking = Object.entries({ host, user, database }).flatMap(([part, value]) => (value ? [] : [part]));
  if (!/^postgres(ql)?:/.test(url) || !host || !user || !database)
    throw misconfigured([
      `${name} names no ${lacking.join(', no ') || 'PostgreSQL'}: postgresql://user:password@host:5432/database`,
    ]);
  const secret = typeof password === 'string' ? password : '';
  return { host, port, user, password: secret, database, ...(ssl === undefined ? {} : { ssl }) };
};
