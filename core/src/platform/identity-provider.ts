/** The embedded identity provider under the paths that Keycloak uses: sign-in pages and tokens for accounts and clients of this installation, signed with the shared keys. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Provider, type KoaContextWithOIDC } from 'oidc-provider';
import type { Account, Directory } from '../identity/accounts.ts';
import type { Issuer } from '../identity/issuer.ts';
import type { Launches } from '../identity/launches.ts';
import type { KeyRing } from '../identity/keyring.ts';
import { checkPassword } from '../identity/passwords.ts';
import type { Registration } from '../identity/registration.ts';
import type { SignInRows } from '../identity/sign-in-rows.ts';
import type { SignInService } from '../identity/sign-in.ts';
import type { Vault } from '../identity/vault.ts';
import type { Log } from '../observe/log.ts';
import { Outcome } from '../outcome/outcome.ts';
import { accountPage } from './sign-in/account-page.ts';
import { configurationOf } from './sign-in/configuration.ts';
import type { PatientChoice } from './sign-in/forms.ts';
import { interactions } from './sign-in/interaction.ts';
import { endGrant, introspectGrant, paths, revokeGrant } from './sign-in/own-grants.ts';
import { ownPaths } from './sign-in/own-paths.ts';
import { passwordGrant } from './sign-in/password-grant.ts';
import { callerAddress, led, underPublicAddress } from './sign-in/raw-request.ts';
import { registrationPages } from './sign-in/registration-pages.ts';
import { endByRefreshToken, introspect, revoke } from './sign-in/token-services.ts';
import { endSessionsOf } from './sign-in/sessions.ts';
import { burnCode, tellSession } from './sign-in/token-answer.ts';

export const realmPath = '/realms/heddle';

export type RawHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

export interface IdentityProviderNeeds {
  readonly directory: Directory;
  readonly rows: SignInRows;
  readonly signIn: SignInService;
  readonly vault: Vault;
  readonly keys: KeyRing;
  readonly now: () => number;
  readonly issuer: Issuer;
  /** The address that others see; every endpoint is named under it, whatever a request says of itself. */
  readonly publicUrl: string;
  readonly accessTokenSeconds: number;
  readonly refreshSeconds: number;
  readonly sessionSeconds: { readonly idle: number; readonly most: number };
  /** Pages from elsewhere that may ask for tokens. */
  readonly origins: readonly string[];
  /** Undefined where nobody registers himself. */
  readonly registration: Registration | undefined;
  readonly launches: Launches;
  /** Apps say for which server they ask. */
  readonly fhirBase: string;
  readonly findPatients: (account: Account, text: string) => Promise<readonly PatientChoice[]>;
  readonly log: Log;
}

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

interface Built {
  readonly provider: Provider;
  readonly handle: ReturnType<Provider['callback']>;
}

const build = (needs: IdentityProviderNeeds): Built => {
  const { directory, rows, issuer, signIn, vault, log, publicUrl, accessTokenSeconds, registration } = needs;
  const portal = `${publicUrl}/auth/login`;
  const provider = new Provider(`${publicUrl}${realmPath}`, configurationOf({ ...needs, realmPath }));
  // What it believes of a request's address is what `underPublicAddress` wrote.
  provider.proxy = true;
  // The package compares plain secrets; ours are hashes.
  provider.Client.prototype.compareClientSecret = function compare(actual: string) {
    return checkPassword(actual, this.clientSecret);
  };
  // Keycloak's tokens always say which session they are of.
  provider.Client.prototype.includeSid = () => true;

  const end = { rows, log };
  const addressOf = ({ req }: KoaContextWithOIDC): string => callerAddress(req);
  const services = { directory, rows, issuer, accessTokenSeconds, end };
  const style = `${realmPath}${paths.style}`;
  const grants = [
    ['password', passwordGrant({ ...needs, addressOf }), ['username', 'password', 'totp', 'otp', 'scope']],
    [introspectGrant, introspect(services), ['token', 'token_type_hint']],
    [revokeGrant, revoke(services), ['token', 'token_type_hint']],
    [endGrant, endByRefreshToken(provider, services), ['refresh_token']],
  ] as const;
  for (const [name, handle, params] of grants) provider.registerGrantType(name, handle, [...params]);

  provider.use(
    ownPaths(provider, {
      ...{ services, style, end },
      cookiePath: `${realmPath}/`,
      interact: interactions({
        ...needs,
        ...{ addressOf, style },
        registration: needs.registration && `${realmPath}${paths.register}`,
      }),
      account: accountPage({ directory, signIn, vault, addressOf, style, end, portal }),
      register: registration && registrationPages({ registration, style, portal, log }),
    }),
  );
  provider.use(burnCode(rows));
  provider.use(tellSession({ rows, directory, sessionSeconds: needs.sessionSeconds }));
  provider.on('authorization.success', ({ oidc }, out) => {
    const sid = oidc.session?.sidFor(oidc.client?.clientId ?? '');
    if (sid !== undefined) Object.assign(out ?? {}, { session_state: sid });
  });
  provider.on('server_error', (ctx, error) => tell(ctx, error, log));
  return { provider, handle: provider.callback() };
};

export interface IdentityProvider {
  /** Below `realmPath`. */
  readonly handle: RawHandler;
  /** Signs a person out everywhere, and tells each client that wants to hear of it. */
  readonly endSessionsOf: (account: string) => Promise<void>;
}

/** New keys need a new provider: the package takes its keys once. */
export const identityProvider = (needs: IdentityProviderNeeds): IdentityProvider => {
  const readdress = underPublicAddress(needs.publicUrl);
  let built = build(needs);
  needs.keys.onChange(() => {
    built = build(needs);
  });
  return {
    handle: async (request, response) => {
      readdress(request);
      const { request: asked, form } = await led(request);
      if (form) Object.assign(asked, { form });
      await built.handle(asked, response);
    },
    endSessionsOf: (account) => endSessionsOf(built.provider, account, { rows: needs.rows, log: needs.log }),
  };
};
