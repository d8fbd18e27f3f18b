/** The password grant that Keycloak calls direct access: a session, and with it the tokens that a sign-in on the page gives. */
import { errors, type KoaContextWithOIDC } from 'oidc-provider';
import type { Account, Directory } from '../../identity/accounts.ts';
import type { SignInService } from '../../identity/sign-in.ts';
import { personClaims } from './claims.ts';
import { resource, resourceServer } from './resource.ts';
import { refuseUnknown, scopesOf } from './scopes.ts';

export interface PasswordGrantNeeds {
  readonly directory: Directory;
  readonly now: () => number;
  readonly signIn: SignInService;
  readonly sessionSeconds: { readonly idle: number; readonly most: number };
  readonly refreshSeconds: number;
  readonly addressOf: (ctx: KoaContextWithOIDC) => string;
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** The package keeps its own words for itself; Keycloak's clients know these. */
const refused = (words: string): Error => new errors.CustomOIDCProviderError('invalid_grant', words);

/** Wrong password, unknown name, disabled and locked account look the same. */
const proven = async (ctx: KoaContextWithOIDC, needs: PasswordGrantNeeds): Promise<Account> => {
  const params = ctx.oidc.params ?? {};
  const [username, password] = [text(params['username']), text(params['password'])];
  if (username === undefined || password === undefined)
    throw new errors.InvalidRequest('username and password are required');
  const code = text(params['totp'] ?? params['otp']);
  const answer = await needs.signIn.byPassword(username, password, code, needs.addressOf(ctx));
  if (answer === 'incomplete') throw refused('Account is not fully set up');
  if (!answer) throw refused('Invalid user credentials');
  return answer;
};

const idToken = async (ctx: KoaContextWithOIDC, account: Account, sid: string, now: number): Promise<string> => {
  const token = new ctx.oidc.provider.IdToken({ ...personClaims(account), acr: '1', auth_time: now }, { ctx });
  // The package gives an id token its claims by its scope, and its types do not know.
  Object.assign(token, { scope: 'openid profile email' });
  token.set('sid', sid);
  return token.issue({ use: 'idtoken' });
};

export const passwordGrant =
  (needs: PasswordGrantNeeds) =>
  async (ctx: KoaContextWithOIDC): Promise<void> => {
    const { client, params, provider } = ctx.oidc;
    if (!client) throw new errors.InvalidClient('the client is not known');
    const asked = scopesOf(params?.['scope']);
    const row = await needs.directory.findClient(client.clientId);
    if (row) refuseUnknown(asked, row);
    const account = await proven(ctx, needs);
    const scope = asked.length === 0 ? 'profile email' : asked.join(' ');
    const now = Math.floor(needs.now() / 1_000);

    const grant = new provider.Grant({ accountId: account.id, clientId: client.clientId });
    grant.addOIDCScope(scope);
    grant.addResourceScope(resource, scope);
    const grantId = await grant.save();
    const session = new provider.Session();
    session.loginAccount({ accountId: account.id, loginTs: now, acr: '1' });
    session.authorizations = { [client.clientId]: { sid: grantId, grantId } };
    await session.save(needs.sessionSeconds.idle);

    const isOffline = asked.includes('offline_access');
    const shared = {
      ...{ accountId: account.id, client, grantId, gty: 'password', sid: grantId },
      ...{ sessionUid: session.uid, expiresWithSession: !isOffline },
    };
    const token = new provider.AccessToken({ ...shared, claims: {} });
    token.resourceServer = new provider.ResourceServer(resource, resourceServer(scope));
    token.scope = scope;
    const access = await token.save();
    const refresh = client.grantTypeAllowed('refresh_token')
      ? await new provider.RefreshToken({
          ...shared,
          acr: '1',
          authTime: now,
          claims: {},
          resource,
          scope,
          rotations: 0,
        }).save()
      : undefined;
    ctx.body = {
      access_token: access,
      expires_in: token.expiration,
      token_type: 'Bearer',
      ...(refresh === undefined ? {} : { refresh_token: refresh }),
      ...(asked.includes('openid') ? { id_token: await idToken(ctx, account, grantId, now) } : {}),
      scope,
    };
  };
