/** Keycloak's habits at the token endpoint: a code with a wrong verifier is burnt, and an answer says of which session it is. */
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { Directory } from '../../identity/accounts.ts';
import type { SignInRows } from '../../identity/sign-in-rows.ts';
import { scopesOf } from './scopes.ts';

type Next = () => Promise<void>;
type Middleware = (ctx: KoaContextWithOIDC, next: Next) => Promise<void>;

/** Whoever has a code without its verifier stole it: it must not be tried again. */
export const burnCode =
  (rows: SignInRows): Middleware =>
  async (ctx, next) => {
    await next();
    const params = ctx.oidc?.params;
    const refused = ctx.status === 400 && params?.['grant_type'] === 'authorization_code';
    if (refused && typeof params['code'] === 'string') await rows.remove('AuthorizationCode', params['code']);
  };

interface TokenAnswer {
  access_token?: string;
  refresh_token?: string;
  scope?: string;
}

export interface TellNeeds {
  readonly rows: SignInRows;
  readonly directory: Directory;
  readonly sessionSeconds: { readonly idle: number };
}

/** SMART App Launch 2: what was launched comes beside the token, for apps do not read tokens. */
const launched = async (ctx: KoaContextWithOIDC, grant: string, needs: TellNeeds): Promise<object> => {
  const launch = await needs.rows.launchOf(grant);
  const scopes = scopesOf((ctx.body as TokenAnswer).scope);
  const account = scopes.includes('fhirUser') ? await needs.directory.findAccount(accountIn(ctx)) : undefined;
  return {
    ...(launch?.patient === undefined ? {} : { patient: launch.patient }),
    ...(launch?.encounter === undefined ? {} : { encounter: launch.encounter }),
    ...(launch === undefined ? {} : { need_patient_banner: launch.needPatientBanner ?? true }),
    ...(account?.fhirUser ? { fhirUser: account.fhirUser } : {}),
  };
};

const accountIn = ({ oidc }: KoaContextWithOIDC): string => oidc.account?.accountId ?? '';

const grantIn = ({ oidc }: KoaContextWithOIDC): string | undefined =>
  oidc.entities.RefreshToken?.grantId ?? oidc.entities.AuthorizationCode?.grantId;

export const tellSession =
  (needs: TellNeeds): Middleware =>
  async (ctx, next) => {
    await next();
    const body = ctx.body as TokenAnswer | undefined;
    const grant = ctx.oidc && grantIn(ctx);
    if (ctx.status !== 200 || grant === undefined || body?.access_token === undefined) return;
    ctx.body = {
      ...body,
      ...(body.refresh_token === undefined ? {} : { refresh_expires_in: needs.sessionSeconds.idle }),
      session_state: grant,
      ...(await launched(ctx, grant, needs)),
    };
  };
