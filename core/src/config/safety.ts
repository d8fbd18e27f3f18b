/** Says what makes a configuration unsafe for production; permits nothing by default. */
import type { Configuration } from './schema.ts';

/** 32 equal bytes, or text that a person typed as an example, guard nothing. */
const looksLikeAnExample = (key: string): boolean => {
  const bytes = Buffer.from(key, 'base64');
  return new Set(bytes).size < 12;
};

export interface Unsafe {
  readonly key: string;
  readonly fault: string;
}

export const unsafeSettings = ({
  identity,
  keys,
  http,
  publicUrl,
  database,
  mail,
}: Configuration): readonly Unsafe[] => {
  const found: Unsafe[] = [];
  const refuse = (key: string, unsafe: boolean, fault: string): void =>
    void (unsafe && found.push({ key, fault: `production refuses to start: ${fault}` }));

  refuse(
    'identity.demoAccounts',
    identity.demoAccounts,
    'identity.demoAccounts is on, and their password is public; set it to false',
  );
  refuse(
    'keys.master',
    keys.master === undefined,
    'keys.master is not set; make one with `openssl rand -base64 32`, set HEDDLE__KEYS__MASTER and keep it apart from the database',
  );
  refuse(
    'keys.master',
    keys.master !== undefined && looksLikeAnExample(keys.master),
    'keys.master is not random; make one with `openssl rand -base64 32`',
  );
  refuse(
    'publicUrl',
    publicUrl === undefined,
    'HEDDLE_PUBLIC_URL is not set; name the address that others see, as https://…',
  );
  refuse('publicUrl', publicUrl !== undefined && !publicUrl.startsWith('https://'), 'HEDDLE_PUBLIC_URL is not https');
  refuse(
    'http.proxies',
    http.tls === undefined && http.proxies.length === 0,
    'plain HTTP without a proxy; set http.proxies to the addresses of the proxy that speaks TLS, or http.tls to a certificate and key',
  );
  refuse(
    'mail.smtp',
    identity.registration.tenant !== undefined && mail.smtp === undefined,
    'people may register themselves (identity.registration.tenant), and no mail.smtp sends their letters',
  );
  refuse('database.fsync', !database.fsync, 'database.fsync is off, and a power cut would lose what was confirmed');
  return found;
};
