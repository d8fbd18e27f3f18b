/** A real Keycloak with Heddle's realm, and a Heddle that goes by it, for the suite. */
import { join } from 'node:path';
import { startTestServer, type TestServer } from '../../core/src/testing/server.ts';
import { administrator, startKeycloak } from './prepared.ts';
import type { NewClient, NewUser, ProviderUnderTest } from '../scenarios/sign-in/provider.ts';

const realm = join(import.meta.dirname, '../../config/keycloak/realm-demo.json');

type Body = Record<string, unknown>;

/** Keycloak's administration by its own interface. */
type Administration = (method: string, path: string, body?: unknown) => Promise<Body[]>;

const administration = async (url: string): Promise<Administration> => {
  const answer = await fetch(`${url}/realms/master/protocol/openid-connect/token`, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'password', client_id: 'admin-cli', ...administrator }),
  });
  const { access_token: token } = (await answer.json()) as { access_token: string };
  return async (method, path, body) => {
    const told = await fetch(`${url}/admin/realms/heddle/${path}`, {
      method,
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await told.text();
    if (!told.ok) throw new Error(`${method} ${path}: ${told.status} ${text}`);
    const parsed = text === '' ? [] : (JSON.parse(text) as Body | Body[]);
    return [parsed].flat();
  };
};

const clientOf = ({ id, secret, redirects = [], postLogouts = [], logoutUrl, jwks, grants }: NewClient): Body => ({
  clientId: id,
  protocol: 'openid-connect',
  publicClient: false,
  ...(secret === undefined ? {} : { secret }),
  ...(jwks === undefined ? {} : { clientAuthenticatorType: 'client-jwt' }),
  standardFlowEnabled: grants?.includes('authorization_code') ?? true,
  serviceAccountsEnabled: grants?.includes('client_credentials') ?? false,
  directAccessGrantsEnabled: false,
  fullScopeAllowed: true,
  redirectUris: redirects,
  attributes: {
    'pkce.code.challenge.method': 'S256',
    'post.logout.redirect.uris': postLogouts.join('##'),
    ...(logoutUrl === undefined
      ? {}
      : { 'backchannel.logout.url': logoutUrl, 'backchannel.logout.session.required': 'true' }),
    ...(jwks === undefined ? {} : { 'use.jwks.string': 'true', 'jwks.string': JSON.stringify(jwks) }),
  },
});

const credentialsOf = ({ password, totp }: NewUser): Body[] => [
  { type: 'password', value: password },
  ...(totp
    ? [
        {
          type: 'otp',
          secretData: JSON.stringify({ value: Buffer.from(totp).toString('ascii') }),
          credentialData: JSON.stringify({ subType: 'totp', digits: 6, counter: 0, period: 30, algorithm: 'HmacSHA1' }),
        },
      ]
    : []),
];

export interface KeycloakUnderTest extends ProviderUnderTest {
  readonly server: TestServer;
  readonly admin: Administration;
  readonly userId: (username: string) => Promise<string>;
}

export const keycloak = async (home: string): Promise<KeycloakUnderTest> => {
  const running = await startKeycloak(home, realm);
  const issuer = `${running.url}/realms/heddle`;
  const server = await startTestServer({
    environment: { HEDDLE_AUTH_ISSUER: issuer, HEDDLE__IDENTITY__PORTAL__CLIENT_SECRET: 'heddle' },
  });
  const admin = await administration(running.url);

  // The realm file has the address of production; this Heddle took a free port.
  const [portal] = await admin('GET', 'clients?clientId=heddle-portal');
  await admin('PUT', `clients/${String(portal?.['id'])}`, {
    ...portal,
    redirectUris: [`${server.url}/auth/callback`],
    attributes: {
      ...(portal?.['attributes'] as object),
      'backchannel.logout.url': `${server.url}/auth/backchannel-logout`,
    },
  });

  const userId = async (username: string): Promise<string> => {
    const [user] = await admin('GET', `users?exact=true&username=${encodeURIComponent(username)}`);
    return String(user?.['id']);
  };
  const rolesOf = (names: readonly string[]): Promise<Body[]> =>
    Promise.all(names.map(async (name) => (await admin('GET', `roles/${name}`))[0] ?? {}));

  return {
    name: 'Keycloak',
    ...{ server, admin, userId },
    issuer,
    heddle: server.url,
    addClient: async (client) => {
      const [known] = await admin('GET', `clients?clientId=${client.id}`);
      if (!known) await admin('POST', 'clients', clientOf(client));
    },
    addUser: async (user) => {
      await admin('POST', 'users', {
        ...{ username: user.username, enabled: true, emailVerified: true, firstName: 'Test', lastName: 'Person' },
        ...{ email: `${user.username}@hospital.example`, attributes: { tenant: ['hospital'] } },
        credentials: credentialsOf(user),
      });
      await admin('POST', `users/${await userId(user.username)}/role-mappings/realm`, await rolesOf(user.roles));
    },
    disable: async (username) => {
      const id = await userId(username);
      const [user] = await admin('GET', `users/${id}`);
      await admin('PUT', `users/${id}`, { ...user, enabled: false });
    },
    setRoles: async (username, roles) => {
      const path = `users/${await userId(username)}/role-mappings/realm`;
      await admin('DELETE', path, await admin('GET', path));
      await admin('POST', path, await rolesOf(roles));
    },
    endSessions: async (username) => void (await admin('POST', `users/${await userId(username)}/logout`)),
    close: async () => {
      await server.close();
      await running.close();
    },
  };
};
