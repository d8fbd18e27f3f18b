/** The embedded identity provider of a whole Heddle, for the suite. */
import { sql } from '../../../core/test/store/rig.ts';
import { hashPassword } from '../../../core/src/identity/passwords.ts';
import { openVault } from '../../../core/src/identity/vault.ts';
import { startTestServer, type TestServer } from '../../../core/src/testing/server.ts';
import { randomBytes, randomUUID } from 'node:crypto';
import { importJWK, SignJWT, type JWTPayload } from '../../../core/test/jose.ts';
import type { ProviderUnderTest } from './provider.ts';

const list = (values: readonly string[]): string => `'{${values.map((value) => JSON.stringify(value)).join(',')}}'`;
const quoted = (value: string | undefined): string => (value === undefined ? 'null' : `'${value}'`);

export interface EmbeddedUnderTest extends ProviderUnderTest {
  readonly server: TestServer;
  readonly sql: (statement: string) => Promise<Record<string, unknown>[]>;
  /** A logout token of the provider's own key, with claims changed. */
  readonly letter: (claims: JWTPayload, typ?: string) => Promise<string>;
}

export const embedded = async (environment: Record<string, string> = {}): Promise<EmbeddedUnderTest> => {
  const server = await startTestServer({ environment: { HEDDLE__IDENTITY__LOCK_OUT__AFTER: '3', ...environment } });
  const { superuser } = server.database;
  const { keys } = server.serving;
  const run = (statement: string) => sql(superuser, 'set search_path to heddle, public', statement);
  return {
    name: 'the embedded provider',
    ...{ server, sql: run },
    letter: async (claims, typ = 'logout+jwt') => {
      const { id, secret } = keys.current('token');
      const key = await importJWK(JSON.parse(Buffer.from(secret).toString()) as object, 'ES256');
      const events = { 'http://schemas.openid.net/event/backchannel-logout': {} };
      return new SignJWT({ events, jti: randomUUID(), ...claims })
        .setProtectedHeader({ alg: 'ES256', kid: id, typ })
        .setIssuer(`${server.url}/realms/heddle`)
        .setAudience('heddle-portal')
        .setIssuedAt()
        .sign(key);
    },
    issuer: `${server.url}/realms/heddle`,
    heddle: server.url,
    addClient: async ({
      id,
      secret,
      redirects = [],
      postLogouts = [],
      logoutUrl,
      jwks,
      grants = ['authorization_code', 'refresh_token'],
    }) => {
      const hash = secret === undefined ? undefined : await hashPassword(secret, randomBytes);
      await run(
        `insert into client (id, tenant, secret, grants, roles, redirects, post_logouts, logout_url, jwks)
         select '${id}', tenant.id, ${quoted(hash)}, ${list(grants)}, '{service}', ${list(redirects)}, ${list(postLogouts)},
                ${quoted(logoutUrl)}, ${quoted(jwks && JSON.stringify(jwks))} from tenant where name = 'hospital'`,
      );
    },
    addUser: async ({ username, password, roles, totp }) => {
      const id = randomUUID();
      const vault = openVault(keys, randomBytes);
      const sealed = totp && vault.seal(`totp ${id}`, totp);
      await run(
        `insert into account (id, tenant, username, password, roles, factor_key, totp)
         select '${id}', id, '${username}', '${await hashPassword(password, randomBytes)}', ${list(roles)},
                ${quoted(sealed?.key)}, ${sealed ? `'\\x${sealed.sealed.toString('hex')}'` : 'null'} from tenant where name = 'hospital'`,
      );
    },
    disable: async (username) => void (await run(`update account set disabled = true where username = '${username}'`)),
    setRoles: async (username, roles) =>
      void (await run(`update account set roles = ${list(roles)} where username = '${username}'`)),
    endSessions: async (username) => {
      const [row] = await run(`select id from account where username = '${username}'`);
      await server.serving.identity.endSessionsOf(String(row?.['id']));
    },
    close: server.close,
  };
};
