/** Signing out at the provider: with an id token as a hint at once, without one after asking, and never to an address that the client did not register. */
import type { ParsedUrlQuery } from 'node:querystring';
import { errors, type KoaContextWithOIDC, type Provider } from 'oidc-provider';
import { decodeJwt } from 'jose';
import type { Payload } from '../../identity/sign-in-rows.ts';
import { show } from './exchange.ts';
import { html } from './html.ts';
import { endSession, type SessionEnd } from './sessions.ts';

type Client = InstanceType<Provider['Client']>;

interface Hint {
  readonly client: Client;
  readonly sub: string;
  readonly sid: string | undefined;
}

const one = (value: string | string[] | undefined): string | undefined =>
  typeof value === 'string' ? value : undefined;

/** An id token that has expired still says who wants to leave. */
const hintOf = async (provider: Provider, token: string): Promise<Hint> => {
  try {
    const { aud, sub = '', sid } = decodeJwt(token);
    const client = await provider.Client.find([aud ?? ''].flat()[0] ?? '');
    if (!client) throw new errors.InvalidRequest('the id token is of an unknown client');
    await provider.IdToken.validate(token, client);
    return { client, sub, sid: typeof sid === 'string' ? sid : undefined };
  } catch (thrown) {
    throw thrown instanceof errors.OIDCProviderError ? thrown : new errors.InvalidRequest('Invalid id_token_hint');
  }
};

const leavingTo = (client: Client | undefined, fields: ParsedUrlQuery): string | undefined => {
  const address = one(fields['post_logout_redirect_uri']);
  if (address === undefined) return undefined;
  if (!client?.postLogoutRedirectUriAllowed(address)) throw new errors.InvalidRequest('Invalid redirect uri');
  const url = new URL(address);
  const state = one(fields['state']);
  if (state !== undefined) url.searchParams.set('state', state);
  return url.href;
};

export interface Leave {
  readonly end: SessionEnd;
  readonly style: string;
  readonly cookiePath: string;
}

const heldSession = async (
  { accountId, uid }: { readonly accountId?: string | undefined; readonly uid: string },
  sid: string | undefined,
  { rows }: SessionEnd,
): Promise<Payload | undefined> => {
  if (accountId !== undefined) return rows.findByUid('Session', uid);
  return sid === undefined ? undefined : rows.sessionOfGrant(sid);
};

/** False where the package must ask first. */
export const leave = async (
  ctx: KoaContextWithOIDC,
  provider: Provider,
  fields: ParsedUrlQuery,
  { end, style, cookiePath }: Leave,
): Promise<boolean> => {
  const token = one(fields['id_token_hint']);
  const hint = token === undefined ? undefined : await hintOf(provider, token);
  const clientId = one(fields['client_id']);
  if (hint && clientId !== undefined && clientId !== hint.client.clientId)
    throw new errors.InvalidRequest('client_id and id_token_hint differ');
  const client = hint?.client ?? (clientId === undefined ? undefined : await provider.Client.find(clientId));
  const next = leavingTo(client, fields);
  const session = await provider.Session.get(ctx);
  const isOther = hint !== undefined && session.accountId !== undefined && session.accountId !== hint.sub;
  if (session.accountId !== undefined && (!hint || isOther)) return false;

  const held = await heldSession(session, hint?.sid, end);
  if (held) await endSession(provider, held, end);
  if (hint?.sid !== undefined) await end.rows.endGrant(hint.sid);
  ctx.cookies.set('heddle_session', null, { path: cookiePath });
  if (next === undefined)
    show(ctx, { style, leadsTo: '' }, 'Signed out', html`<p role="status">You are signed out.</p>`);
  else {
    ctx.status = 302;
    ctx.redirect(next);
  }
  return true;
};
