/** The portal's own session over HTTP: signing in and out by redirects, who is signed in, and requests with a cookie, which another site's page cannot forge. */
import type { Caller } from '../fhir/interaction.ts';
import type { BrowserSessions } from '../identity/browser-sessions.ts';
import type { Issuer } from '../identity/issuer.ts';
import { portalPaths } from '../identity/portal-client.ts';
import { ownPath, type PortalSignIn } from '../identity/portal-sign-in.ts';
import type { Verify } from '../identity/verify.ts';
import { asOutcome, forbidden, notSupported, unauthenticated } from '../outcome/outcome.ts';
import type { Context, Middleware } from './exchange.ts';
import { readText } from './request-body.ts';

export interface PortalDoor {
  readonly publicUrl: string;
  readonly sessions: BrowserSessions;
  readonly signIn: PortalSignIn;
  readonly issuer: Issuer;
  readonly clientId: string;
  /** Signs the person out of everything at the embedded provider. */
  readonly endSessionsOf: (account: string) => Promise<void>;
}

const unsafe = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);
const formBytes = 16_384;

const isSecure = ({ publicUrl }: PortalDoor): boolean => publicUrl.startsWith('https:');

/** With the prefix a browser takes it from this very host only, and over TLS only. */
const nameOf = (door: PortalDoor, name: string): string => (isSecure(door) ? `__Host-${name}` : name);

const cookieIn = (ctx: Context, door: PortalDoor, name: string): string | undefined =>
  ctx.cookies.get(nameOf(door, name));

const setCookie = (ctx: Context, door: PortalDoor, name: string, value: string, more = ''): void => {
  const secure = isSecure(door) ? '; Secure' : '';
  ctx.append('Set-Cookie', `${nameOf(door, name)}=${value}; Path=/; HttpOnly; SameSite=Lax${secure}${more}`);
};

const session = 'heddle';
const binding = 'heddle-sign-in';
const gone = '; Max-Age=0';

const isOwnOrigin = (ctx: Context, { publicUrl }: PortalDoor): boolean => {
  const site = ctx.get('sec-fetch-site');
  if (site !== '') return site === 'same-origin';
  const origin = ctx.get('origin');
  return origin === new URL(publicUrl).origin;
};

/** A cookie comes with whatever a stranger's page sends: what changes something needs to prove where it is from, twice. */
const refuseForged = (ctx: Context, door: PortalDoor, cookie: string, token: string): void => {
  if (isOwnOrigin(ctx, door) && token === door.sessions.guard(cookie)) return;
  throw forbidden('a request with a cookie needs this site’s origin and the X-CSRF-Token of /auth/session');
};

/** Undefined where no cookie came. */
export const byCookie = async (ctx: Context, door: PortalDoor, verify: Verify): Promise<Caller | undefined> => {
  const cookie = cookieIn(ctx, door, session);
  if (cookie === undefined) return undefined;
  if (unsafe.has(ctx.method)) refuseForged(ctx, door, cookie, ctx.get('x-csrf-token'));
  const token = await door.sessions.token(cookie);
  if (token === undefined) throw unauthenticated('the session has ended: sign in again');
  return verify(token, ctx.get('x-heddle-tenant') || undefined);
};

/** For pages that a browser is led to: nobody where the session has ended, and he is asked to sign in again. */
export const byPageCookie = async (ctx: Context, door: PortalDoor, verify: Verify): Promise<Caller | undefined> => {
  const cookie = cookieIn(ctx, door, session);
  const token = cookie === undefined ? undefined : await door.sessions.token(cookie);
  return token === undefined ? undefined : verify(token, ctx.get('x-heddle-tenant') || undefined);
};

export const guardOf = (ctx: Context, door: PortalDoor): string =>
  door.sessions.guard(cookieIn(ctx, door, session) ?? '');

export const refusePageForm = (ctx: Context, door: PortalDoor, token: string): void =>
  refuseForged(ctx, door, cookieIn(ctx, door, session) ?? '', token);

type Answer = (ctx: Context, door: PortalDoor, verify: Verify) => Promise<void>;

const login: Answer = async (ctx, door) => {
  const query = ctx.URL.searchParams;
  const begun = await door.signIn.begin(query.get('to') ?? '/', query.get('acr') === 'mfa');
  setCookie(ctx, door, binding, begun.binding, '; Max-Age=1800');
  ctx.redirect(begun.location);
};

const callback: Answer = async (ctx, door) => {
  const { tokens, whose, to } = await door.signIn.finish(ctx.URL.searchParams, cookieIn(ctx, door, binding) ?? '');
  // What this browser was before, it is no more: a session that somebody planted must not become this person's.
  const before = cookieIn(ctx, door, session);
  if (before !== undefined) await door.sessions.close(before);
  setCookie(ctx, door, session, await door.sessions.open(tokens, whose));
  setCookie(ctx, door, binding, '', gone);
  ctx.redirect(ownPath(to));
};

const logout: Answer = async (ctx, door) => {
  const fields = new URLSearchParams(await readText(ctx.req, formBytes));
  const cookie = cookieIn(ctx, door, session);
  if (cookie !== undefined) {
    refuseForged(ctx, door, cookie, fields.get('csrf') ?? ctx.get('x-csrf-token'));
    const ended = await door.sessions.close(cookie);
    if (ended) {
      await door.signIn.leave(ended);
      if (fields.get('everywhere') === 'true') {
        await door.sessions.closeAllOf(ended.subject);
        await door.endSessionsOf(ended.subject);
      }
    }
    setCookie(ctx, door, session, '', gone);
  }
  ctx.status = 303;
  ctx.redirect('/');
  ctx.status = 303;
};

const whoIs: Answer = async (ctx, door, verify) => {
  const cookie = cookieIn(ctx, door, session);
  // Only an ended session is nobody: an outage must not look like a sign-out.
  const ended = (thrown: unknown): undefined => {
    if (asOutcome(thrown).status !== 401) throw thrown;
  };
  const caller = cookie === undefined ? undefined : await byCookie(ctx, door, verify).catch(ended);
  ctx.body =
    cookie === undefined || !caller
      ? { signedIn: false }
      : {
          ...{ signedIn: true, csrf: door.sessions.guard(cookie), subject: caller.subject },
          ...{ tenant: caller.tenantName, roles: caller.roles, fhirUser: caller.fhirUser },
        };
};

/** OpenID Connect Back-Channel Logout: the issuer tells that somebody has left. */
const backchannel: Answer = async (ctx, door) => {
  const fields = new URLSearchParams(await readText(ctx.req, formBytes));
  const { session: sid, subject } = await door.issuer.checkLogout(fields.get('logout_token') ?? '', door.clientId);
  await door.sessions.ended(sid, subject);
  ctx.status = 204;
};

const answers: Readonly<Record<string, { readonly method: string; readonly answer: Answer }>> = {
  [portalPaths.login]: { method: 'GET', answer: login },
  [portalPaths.callback]: { method: 'GET', answer: callback },
  [portalPaths.logout]: { method: 'POST', answer: logout },
  [portalPaths.session]: { method: 'GET', answer: whoIs },
  [portalPaths.backchannel]: { method: 'POST', answer: backchannel },
};

export const portalSession =
  (door: PortalDoor | undefined, verify: Verify | undefined): Middleware =>
  async (ctx, next) => {
    const found = answers[ctx.path];
    if (!door || !verify || !found) return next();
    ctx.state.area = 'session';
    if (ctx.method !== found.method)
      throw notSupported(405, 'this method is not supported here', { Allow: found.method });
    await found.answer(ctx, door, verify);
  };
