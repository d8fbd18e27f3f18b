/** The embedded identity provider under the paths that Keycloak uses: tokens for accounts and clients of this installation, signed with the shared keys. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  Provider,
  errors,
  type Adapter,
  type ClientMetadata,
  type Configuration,
  type JWK,
  type KoaContextWithOIDC,
} from 'oidc-provider';
import type { Account, Client, Directory } from '../identity/accounts.ts';
import { tokenAlgorithm, type Key, type KeyRing } from '../identity/keyring.ts';
import { checkPassword } from '../identity/passwords.ts';
import { audience } from '../identity/verify.ts';
import type { Log } from '../observe/log.ts';
import { notSupported, Outcome } from '../outcome/outcome.ts';

export const realmPath = '/realms/heddle';

export type RawHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

export interface IdentityProviderNeeds {
  readonly directory: Directory;
  readonly keys: KeyRing;
  /** The address that others see; every endpoint is named under it, whatever a request says of itself. */
  readonly publicUrl: string;
  readonly accessTokenSeconds: number;
  /** Pages from elsewhere that may ask for tokens. */
  readonly origins: readonly string[];
  readonly log: Log;
}

const jwkOf = ({ id, secret }: Key): JWK => ({
  ...(JSON.parse(Buffer.from(secret).toString('utf8')) as JWK),
  kid: id,
  alg: tokenAlgorithm,
  use: 'sig',
});

/** Callers may put a client's secret in the header or in the form; the package holds a client to one of them. */
const authMethod = (client: Client): ClientMetadata['token_endpoint_auth_method'] => {
  if (client.secret === null) return 'none';
  return Provider.ctx?.get('authorization') ? 'client_secret_basic' : 'client_secret_post';
};

const metadataOf = (client: Client): ClientMetadata => ({
  client_id: client.id,
  ...(client.secret === null ? {} : { client_secret: client.secret }),
  grant_types: [...client.grants],
  response_types: [],
  redirect_uris: [],
  token_endpoint_auth_method: authMethod(client),
});

/** Clients are read from their table. Nothing else is stored: access tokens are signed, and no other grant is served yet. */
const adapterFor =
  (directory: Directory) =>
  (model: string): Adapter => {
    const nothing = async (): Promise<undefined> => undefined;
    const refuse = async (): Promise<never> => {
      throw notSupported(501, `the identity provider does not store ${model}`);
    };
    return {
      find: async (id) => {
        const client = model === 'Client' ? await directory.findClient(id) : undefined;
        return client && metadataOf(client);
      },
      findByUserCode: nothing,
      findByUid: nothing,
      upsert: refuse,
      consume: refuse,
      destroy: refuse,
      revokeByGrantId: refuse,
    };
  };

/** What Keycloak writes into an access token, for a person or for a client of its own. */
const claimsFor = (subject: Account | Client, azp: string): Record<string, unknown> => ({
  typ: 'Bearer',
  azp,
  acr: '1',
  realm_access: { roles: subject.roles },
  tenant: subject.tenant,
  preferred_username: 'username' in subject ? subject.username : `service-account-${subject.id}`,
  ...('username' in subject && subject.fhirUser !== null ? { fhirUser: subject.fhirUser } : {}),
});

const resource = 'urn:heddle:fhir';

const resourceServer = {
  scope: '',
  audience,
  accessTokenFormat: 'jwt' as const,
  jwt: { sign: { alg: tokenAlgorithm as 'ES256' } },
};

/** Whose token it is, from the grant that made it to the claims that it carries. */
type Owners = WeakMap<object, Account>;

/** Wrong password, unknown name and disabled account look the same. */
const passwordGrant =
  (directory: Directory, owners: Owners) =>
  async (ctx: KoaContextWithOIDC): Promise<void> => {
    const { client, params, provider } = ctx.oidc;
    const { username, password } = params ?? {};
    if (!client || typeof username !== 'string' || typeof password !== 'string')
      throw new errors.InvalidRequest('username and password are required');
    const account = await directory.signIn(username, password);
    if (!account) throw new errors.InvalidGrant('Invalid user credentials');
    const token = new provider.AccessToken({ client, accountId: account.id, gty: 'password', claims: {}, grantId: '' });
    token.resourceServer = new provider.ResourceServer(resource, resourceServer);
    owners.set(token, account);
    ctx.body = { access_token: await token.save(), expires_in: token.expiration, token_type: 'Bearer' };
  };

const configurationOf = (
  { directory, keys, accessTokenSeconds, publicUrl, origins }: IdentityProviderNeeds,
  owners: Owners,
): Configuration => ({
  adapter: adapterFor(directory),
  jwks: { keys: keys.all('token').map(jwkOf) },
  cookies: {
    keys: keys.all('cookie').map(({ secret }) => Buffer.from(secret).toString('base64')),
    long: { secure: publicUrl.startsWith('https:') },
    short: { secure: publicUrl.startsWith('https:') },
  },
  clientAuthMethods: ['none', 'client_secret_basic', 'client_secret_post'],
  enabledJWA: { idTokenSigningAlgValues: [tokenAlgorithm] },
  clientDefaults: { id_token_signed_response_alg: tokenAlgorithm },
  ttl: { AccessToken: accessTokenSeconds, ClientCredentials: accessTokenSeconds },
  features: {
    devInteractions: { enabled: false },
    userinfo: { enabled: false },
    rpInitiatedLogout: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: { enabled: true, defaultResource: () => resource, getResourceServerInfo: () => resourceServer },
  },
  clientBasedCORS: (_ctx, origin) => origins.includes(origin),
  renderError: async (ctx, out) => {
    ctx.body = out;
  },
  routes: {
    token: '/protocol/openid-connect/token',
    jwks: '/protocol/openid-connect/certs',
    authorization: '/protocol/openid-connect/auth',
  },
  findAccount: async (_ctx, id) => {
    const account = await directory.findAccount(id);
    return account && { accountId: account.id, claims: () => ({ sub: account.id }) };
  },
  extraTokenClaims: async (_ctx, token) => {
    const clientId = token.clientId ?? '';
    const subject = owners.get(token) ?? (await directory.findClient(clientId));
    return subject && claimsFor(subject, clientId);
  },
  formats: {
    customizers: {
      jwt: (_ctx, _token, parts) => {
        parts.header = { ...parts.header, typ: 'JWT' };
      },
    },
  },
});

/** The package calls every surprise a server error; what the house threw says more than that, and when to ask again. */
const tell = (ctx: KoaContextWithOIDC, error: Error, log: Log): void => {
  if (!(error instanceof Outcome)) {
    log.error({ err: error }, 'the identity provider failed');
    return;
  }
  log.warn({ err: error.cause ?? error, status: error.status }, 'a token could not be given');
  ctx.status = error.status;
  ctx.set(error.headers);
  ctx.body = { error: 'temporarily_unavailable', error_description: error.message };
};

const build = (needs: IdentityProviderNeeds): ReturnType<Provider['callback']> => {
  const owners: Owners = new WeakMap();
  const provider = new Provider(`${needs.publicUrl}${realmPath}`, configurationOf(needs, owners));
  // What it believes of a request's address is what `underPublicAddress` wrote.
  provider.proxy = true;
  provider.registerGrantType('password', passwordGrant(needs.directory, owners), ['username', 'password', 'scope']);
  // The package compares plain secrets; ours are hashes.
  provider.Client.prototype.compareClientSecret = function compare(actual: string) {
    return checkPassword(actual, this.clientSecret);
  };
  provider.on('server_error', (ctx, error) => tell(ctx, error, needs.log));
  return provider.callback();
};

/** A page of this very server sends its Origin too: no stranger, under whichever name it was reached. */
const isSameOrigin = (origin: string, host: string | undefined): boolean =>
  URL.canParse(origin) && new URL(origin).host === host;

const underPublicAddress = (publicUrl: string): ((request: IncomingMessage) => void) => {
  const { host, protocol } = new URL(publicUrl);
  return ({ headers }) => {
    if (headers.origin !== undefined && isSameOrigin(headers.origin, headers.host)) delete headers.origin;
    Object.assign(headers, { host, 'x-forwarded-host': host, 'x-forwarded-proto': protocol.replace(':', '') });
    delete headers['x-forwarded-for'];
  };
};

/** A raw handler below `realmPath`. New keys need a new provider: the package takes its keys once. */
export const identityProvider = (needs: IdentityProviderNeeds): RawHandler => {
  const readdress = underPublicAddress(needs.publicUrl);
  let handle = build(needs);
  needs.keys.onChange(() => {
    handle = build(needs);
  });
  return async (request, response) => {
    readdress(request);
    await handle(request, response);
  };
};
