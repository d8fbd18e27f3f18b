/** Answers of the provider about tokens that the package does not give: introspection, revocation and the end of a session by a refresh token, and userinfo. */
import { errors, type KoaContextWithOIDC, type Provider } from 'oidc-provider';
import type { JWTPayload } from 'jose';
import type { Directory } from '../../identity/accounts.ts';
import type { Issuer } from '../../identity/issuer.ts';
import type { Payload, SignInRows } from '../../identity/sign-in-rows.ts';
import { Outcome } from '../../outcome/outcome.ts';
import { personClaims } from './claims.ts';
import { scopesOf } from './scopes.ts';
import { endSession, type SessionEnd } from './sessions.ts';

export interface TokenServices {
  readonly directory: Directory;
  readonly rows: SignInRows;
  readonly issuer: Issuer;
  readonly accessTokenSeconds: number;
  readonly end: SessionEnd;
}

type Handler = (ctx: KoaContextWithOIDC) => Promise<void>;

/** The claims of an access token that still holds: its session was not ended, and whoever it stands for is still there. */
export const livingClaims = async (
  token: string,
  { issuer, rows, directory }: TokenServices,
): Promise<JWTPayload | undefined> => {
  const claims = await issuer.check(token).catch((thrown: unknown) => {
    if (thrown instanceof Outcome && thrown.status === 401) return undefined;
    throw thrown;
  });
  if (!claims) return undefined;
  const ended = [
    typeof claims['sid'] === 'string' && (await rows.isEnded('session', claims['sid'])),
    typeof claims.jti === 'string' && (await rows.isEnded('token', claims.jti)),
  ];
  const subject = claims.sub ?? '';
  const exists = (await directory.findAccount(subject)) ?? (await directory.findClient(subject));
  return ended.includes(true) || !exists ? undefined : claims;
};

const tokenIn = ({ oidc }: KoaContextWithOIDC, name = 'token'): string => {
  const token = oidc.params?.[name];
  if (typeof token !== 'string') throw new errors.InvalidRequest(`${name} is required`);
  return token;
};

const clientIn = ({ oidc }: KoaContextWithOIDC): string => oidc.client?.clientId ?? '';

/** Keycloak tells only a client that the token is for. */
export const introspect =
  (needs: TokenServices): Handler =>
  async (ctx) => {
    if (ctx.oidc.client?.clientAuthMethod === 'none') throw new errors.InvalidClientAuth('a public client may not ask');
    const claims = await livingClaims(tokenIn(ctx), needs);
    const isFor = [claims?.aud ?? []].flat().includes(clientIn(ctx));
    ctx.body =
      claims && isFor
        ? {
            ...claims,
            active: true,
            client_id: claims['azp'],
            username: claims['preferred_username'],
            token_type: 'Bearer',
          }
        : { active: false };
  };

const refreshOf = async ({ rows }: TokenServices, token: string): Promise<Payload | undefined> =>
  rows.find('RefreshToken', token);

/** RFC 7009: what is no token is revoked already. */
export const revoke =
  (needs: TokenServices): Handler =>
  async (ctx) => {
    ctx.status = 200;
    ctx.body = '';
    const token = tokenIn(ctx);
    const refresh = await refreshOf(needs, token);
    if (refresh) {
      if (refresh['clientId'] !== clientIn(ctx)) throw new errors.InvalidRequest('the token is of another client');
      await needs.rows.endGrant(String(refresh['grantId']));
      return;
    }
    const claims = await livingClaims(token, needs);
    if (!claims) return;
    if (claims['azp'] !== clientIn(ctx)) throw new errors.InvalidRequest('the token is of another client');
    await needs.rows.endToken(String(claims.jti), needs.accessTokenSeconds);
  };

/** A client signs its person out without a browser; the others of that session are told. */
export const endByRefreshToken =
  (provider: Provider, needs: TokenServices): Handler =>
  async (ctx) => {
    const refresh = await refreshOf(needs, tokenIn(ctx, 'refresh_token'));
    if (!refresh || refresh['clientId'] !== clientIn(ctx)) throw new errors.InvalidGrant('Invalid refresh token');
    const session = await needs.rows.findByUid('Session', String(refresh['sessionUid']));
    if (session) await endSession(provider, session, needs.end);
    await needs.rows.endGrant(String(refresh['grantId']));
    ctx.status = 204;
    ctx.body = null;
  };

export interface UserInfo {
  readonly status: 200 | 401 | 403;
  readonly body: Record<string, unknown>;
}

export const userInfo = async (authorization: string, needs: TokenServices): Promise<UserInfo> => {
  const [, token] = /^Bearer +(\S+)$/i.exec(authorization) ?? [];
  const claims = token === undefined ? undefined : await livingClaims(token, needs);
  if (!claims) return { status: 401, body: { error: 'invalid_token' } };
  if (!scopesOf(claims['scope']).includes('openid'))
    return { status: 403, body: { error: 'insufficient_scope', error_description: 'Missing openid scope' } };
  const account = await needs.directory.findAccount(claims.sub ?? '');
  if (!account) return { status: 401, body: { error: 'invalid_token' } };
  return {
    status: 200,
    body: { ...personClaims(account), tenant: account.tenant, realm_access: { roles: account.roles } },
  };
};
