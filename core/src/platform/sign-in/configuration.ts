/** How the provider's package is set up: Keycloak's paths, claims and habits. */
import {
  errors,
  interactionPolicy,
  type Configuration,
  type Interaction as InteractionModel,
  type KoaContextWithOIDC,
} from 'oidc-provider';
import type { Directory } from '../../identity/accounts.ts';
import type { Launches } from '../../identity/launches.ts';
import { tokenAlgorithm, type KeyRing } from '../../identity/keyring.ts';
import type { SignInRows } from '../../identity/sign-in-rows.ts';
import { accessClaims, personClaims } from './claims.ts';
import { adapterFor } from './adapter.ts';
import { isLaunch, openGrants } from './grants.ts';
import { jwkOf } from './jwk.ts';
import { endedPage, errorPage, leavePage } from './leave-pages.ts';
import { paths } from './own-grants.ts';
import { resource, resourceServer } from './resource.ts';
import { askedIn, openidScopes, refuseUnknown, scopesOf } from './scopes.ts';

export interface ConfigurationNeeds {
  readonly now: () => number;
  readonly directory: Directory;
  readonly rows: SignInRows;
  readonly keys: KeyRing;
  readonly publicUrl: string;
  readonly realmPath: string;
  readonly launches: Launches;
  readonly fhirBase: string;
  readonly origins: readonly string[];
  readonly accessTokenSeconds: number;
  readonly refreshSeconds: number;
  readonly sessionSeconds: { readonly idle: number; readonly most: number };
}

const { Check, base } = interactionPolicy;

/** Asks for a second factor where it is wanted, for consent where the client needs it, for a patient where the launch is about one. */
const policyOf = (directory: Directory, rows: SignInRows): interactionPolicy.DefaultPolicy => {
  const policy = base();
  policy
    .get('login')
    ?.checks.add(
      new Check(
        'mfa',
        'a second factor is needed',
        'login_required',
        ({ oidc }) => scopesOf(oidc.params?.['acr_values']).includes('mfa') && oidc.session?.acr !== 'mfa',
      ),
    );
  const consent = policy.get('consent');
  for (const { reason } of [...(consent?.checks ?? [])]) consent?.checks.remove(reason);
  const wasAsked = ({ oidc }: KoaContextWithOIDC): boolean => oidc.result?.['consent'] !== undefined;
  consent?.checks.add(
    new Check('client_asks', 'consent is needed', 'consent_required', async (ctx) => {
      if (wasAsked(ctx)) return false;
      return (await directory.findClient(ctx.oidc.client?.clientId ?? ''))?.consent === true;
    }),
  );
  consent?.checks.add(
    new Check('launch_patient', 'a patient must be chosen', 'interaction_required', async (ctx) => {
      const isWanted = scopesOf(ctx.oidc.params?.['scope']).includes('launch/patient');
      if (!isWanted || wasAsked(ctx)) return false;
      const grant = ctx.oidc.entities.Grant?.jti;
      return grant === undefined || (await rows.launchOf(grant))?.patient === undefined;
    }),
  );
  return policy;
};

/** SMART App Launch: an app that was led to another server must not bring its token here. */
const refuseOtherServer = ({ oidc }: KoaContextWithOIDC, here: string): void => {
  const aud = oidc.params?.['aud'];
  if (typeof aud === 'string' && aud.replace(/\/+$/, '') !== here)
    throw new errors.InvalidRequest('aud is not the address of this FHIR server');
};

const unguarded = (options: RequestInit = {}): RequestInit => {
  const { dispatcher: _guard, ...rest } = options;
  return rest;
};

const isOffline = (scopes: ReadonlySet<string>): boolean => scopes.has('offline_access');

export const configurationOf = (needs: ConfigurationNeeds): Configuration => {
  const { directory, rows, keys, publicUrl, realmPath, origins, sessionSeconds, refreshSeconds } = needs;
  const secure = publicUrl.startsWith('https:');
  const style = `${realmPath}${paths.style}`;
  const address = (path: string): string => `${publicUrl}${realmPath}${path}`;
  const now = (): number => Math.floor(needs.now() / 1_000);
  return {
    adapter: adapterFor(needs),
    jwks: { keys: keys.all('token').map(jwkOf) },
    cookies: {
      keys: keys.all('cookie').map(({ secret }) => Buffer.from(secret).toString('base64')),
      names: { session: 'heddle_session', interaction: 'heddle_sign_in', resume: 'heddle_resume' },
      long: { secure, httpOnly: true, sameSite: 'lax', path: `${realmPath}/` },
      short: { secure, httpOnly: true, sameSite: 'lax' },
    },
    clientAuthMethods: ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'],
    enabledJWA: {
      idTokenSigningAlgValues: [tokenAlgorithm],
      clientAuthSigningAlgValues: ['ES256', 'ES384', 'RS256', 'RS384', 'PS256', 'PS384'],
    },
    clientDefaults: { id_token_signed_response_alg: tokenAlgorithm },
    scopes: openidScopes,
    acrValues: ['1', 'mfa'],
    claims: {
      ...{ acr: null, sid: null, auth_time: null, iss: null },
      openid: ['sub', 'preferred_username', 'fhirUser'],
      profile: ['name', 'given_name', 'family_name'],
      email: ['email', 'email_verified'],
    },
    conformIdTokenClaims: false,
    extraParams: ['launch', 'aud'],
    ttl: {
      AccessToken: needs.accessTokenSeconds,
      ClientCredentials: needs.accessTokenSeconds,
      AuthorizationCode: 60,
      IdToken: needs.accessTokenSeconds,
      Interaction: 1_800,
      Grant: (ctx) => {
        const asked = askedIn(ctx);
        return isLaunch(asked) && !asked.includes('offline_access') ? sessionSeconds.most : refreshSeconds;
      },
      RefreshToken: (_ctx, token) => (isOffline(token.scopes) ? refreshSeconds : sessionSeconds.idle),
      Session: (_ctx, { loginTs }) =>
        Math.max(1, Math.min(sessionSeconds.idle, (loginTs ?? now()) + sessionSeconds.most - now())),
    },
    pkce: { required: () => true },
    rotateRefreshToken: true,
    issueRefreshToken: async (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    expiresWithSession: async (_ctx, { scopes }) => !isOffline(scopes) && !isLaunch([...scopes]),
    loadExistingGrant: openGrants(needs),
    interactions: {
      policy: policyOf(directory, rows),
      url: (_ctx, { uid }: InteractionModel) => `${realmPath}${paths.signIn}/${uid}`,
    },
    features: {
      devInteractions: { enabled: false },
      userinfo: { enabled: false },
      dPoP: { enabled: false },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: { enabled: true, logoutSource: leavePage(style), postLogoutSuccessSource: endedPage(style) },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => resource,
        useGrantedResource: () => true,
        getResourceServerInfo: async (ctx) => {
          const asked = askedIn(ctx);
          refuseOtherServer(ctx, needs.fhirBase);
          const client = await directory.findClient(ctx.oidc.client?.clientId ?? '');
          if (client) refuseUnknown(asked, client);
          return resourceServer(asked.join(' '));
        },
      },
    },
    discovery: {
      introspection_endpoint: address(paths.introspection),
      revocation_endpoint: address(paths.revocation),
      userinfo_endpoint: address(paths.userinfo),
    },
    // The package refuses private addresses, because strangers may register clients elsewhere. Here only administrators
    // do, and a hospital's systems stand in its own network.
    fetch: (url, options) => fetch(url, unguarded(options)),
    clientBasedCORS: (_ctx, origin) => origins.includes(origin),
    renderError: errorPage(style),
    routes: {
      ...{ authorization: paths.authorization, token: paths.token, jwks: paths.keys, end_session: paths.logout },
    },
    findAccount: async (_ctx, id) => {
      const account = await directory.findAccount(id);
      return account && { accountId: account.id, claims: () => ({ ...personClaims(account), sub: account.id }) };
    },
    extraTokenClaims: async (ctx, token) => {
      const azp = token.clientId ?? '';
      const person = 'accountId' in token ? await directory.findAccount(token.accountId) : undefined;
      const subject = person ?? (await directory.findClient(azp));
      const sid = 'grantId' in token && typeof token.grantId === 'string' ? token.grantId : undefined;
      const { AuthorizationCode: code, RefreshToken: refresh } = ctx.oidc.entities;
      const acr = code?.acr ?? refresh?.acr ?? '1';
      const launch = sid === undefined ? undefined : await rows.launchOf(sid);
      return subject && accessClaims(subject, { azp, acr, sid, launch });
    },
    formats: {
      customizers: {
        jwt: (_ctx, _token, parts) => {
          parts.header = { ...parts.header, typ: 'JWT' };
          delete parts.payload.client_id;
        },
      },
    },
  };
};
