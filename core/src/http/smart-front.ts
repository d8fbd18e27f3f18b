/** Stands before another provider where that cannot launch SMART apps: knows what a launch is about, asks for a patient, and says so beside the tokens; everything else is the provider's. */
import { createHash } from 'node:crypto';
import { decodeJwt } from 'jose';
import { z } from 'zod';
import type { Caller } from '../fhir/interaction.ts';
import { launchRequest, type Launches } from '../identity/launches.ts';
import type { FoundPatient } from '../identity/record-people.ts';
import type { Launch, SignInRows } from '../identity/sign-in-rows.ts';
import type { Verify } from '../identity/verify.ts';
import { malformed, notSupported, unavailable } from '../outcome/outcome.ts';
import { consentForm } from '../platform/sign-in/forms.ts';
import { html, page, pagePolicy, sourceOf } from '../platform/sign-in/html.ts';
import { styleSheet } from '../platform/sign-in/style.ts';
import type { Context, Middleware } from './exchange.ts';
import { byPageCookie, guardOf, refusePageForm, type PortalDoor } from './portal-session.ts';
import { readText } from './request-body.ts';

export interface SmartFront {
  readonly portal: PortalDoor;
  readonly verify: Verify;
  readonly launches: Launches;
  readonly rows: SignInRows;
  readonly findPatients: (caller: Caller, text: string) => Promise<readonly FoundPatient[]>;
}

export const frontPaths = { authorize: '/auth/smart/authorize', token: '/auth/smart/token' } as const;
const stylePath = '/auth/smart/style.css';

const bodyBytes = 16_384;
const waitSeconds = 1_800;
const offlineSeconds = 30 * 86_400;

/** By what a launch is found again: what the app alone can show later, then each token that came of it. */
export const launchKey = (kind: 'challenge' | 'refresh' | 'access', word: string): [string, string] => [
  'Launch',
  `${kind} ${word}`,
];

const kept = z.object({ accountId: z.string(), launch: launchRequest });

const scopesIn = (query: URLSearchParams): string[] => (query.get('scope') ?? '').split(' ');

/** Undefined where a page is shown first. */
const chosen = async (
  ctx: Context,
  front: SmartFront,
  caller: Caller,
  query: URLSearchParams,
  leadsTo: string,
): Promise<Launch | undefined> => {
  if (caller.fhirUser?.type === 'Patient') return { patient: caller.fhirUser.id };
  const fields =
    ctx.method === 'POST' ? new URLSearchParams(await readText(ctx.req, bodyBytes)) : new URLSearchParams();
  if (ctx.method === 'POST') refusePageForm(ctx, front.portal, fields.get('csrf') ?? '');
  const patient = fields.get('step') === 'consent' ? fields.get('patient') : null;
  if (patient !== null && (await front.findPatients(caller, `_id=${patient}`)).length === 1) return { patient };
  const searched = fields.get('search') ?? '';
  const form = consentForm({
    ...{ client: query.get('client_id') ?? '', scopes: scopesIn(query), searched },
    patients: await front.findPatients(caller, searched),
    hidden: html`<input type="hidden" name="csrf" value="${guardOf(ctx, front.portal)}" />`,
  });
  ctx.set({ 'Content-Security-Policy': pagePolicy(leadsTo), 'Referrer-Policy': 'same-origin' });
  ctx.type = 'html';
  ctx.body = page('Whose record?', stylePath, form);
  return undefined;
};

const authorize = async (ctx: Context, front: SmartFront): Promise<void> => {
  const { portal, launches, rows } = front;
  const query = ctx.URL.searchParams;
  const aud = query.get('aud');
  if (aud !== null && aud.replace(/\/+$/, '') !== `${portal.publicUrl}/fhir`)
    throw malformed('aud is not the address of this FHIR server');
  const { authorization } = await portal.issuer.endpoints();
  const onward = new URLSearchParams(query);
  for (const name of ['aud', 'launch']) onward.delete(name);
  const location = `${authorization}?${onward.toString()}`;
  const scopes = scopesIn(query);
  if (!scopes.some((scope) => scope === 'launch' || scope.startsWith('launch/'))) return ctx.redirect(location);

  const challenge = query.get('code_challenge');
  if (challenge === null || query.get('code_challenge_method') !== 'S256')
    throw malformed('a launch needs PKCE: code_challenge, and code_challenge_method S256');
  const caller = await byPageCookie(ctx, portal, front.verify);
  if (!caller) return ctx.redirect(`/auth/login?to=${encodeURIComponent(ctx.url)}`);
  const word = query.get('launch');
  const leadsTo = `${sourceOf(authorization)}${sourceOf(query.get('redirect_uri'))}`;
  const launched = word === null ? undefined : await launches.take(word, caller.subject);
  const isWanted = scopes.includes('launch/patient');
  const launch = launched ?? (isWanted ? await chosen(ctx, front, caller, query, leadsTo) : {});
  if (!launch) return;
  await rows.put(...launchKey('challenge', challenge), { accountId: caller.subject, launch }, waitSeconds);
  ctx.redirect(location);
  ctx.status = 303;
};

const answered = z.looseObject({
  access_token: z.string(),
  refresh_token: z.string().optional(),
  expires_in: z.number(),
  refresh_expires_in: z.number().optional(),
});

/** What the tokens of this request are about: by the verifier that only the app has, or by the token that they follow. */
const keyIn = (fields: URLSearchParams): [string, string] | undefined => {
  const [verifier, refresh] = [fields.get('code_verifier'), fields.get('refresh_token')];
  if (fields.get('grant_type') === 'authorization_code' && verifier !== null)
    return launchKey('challenge', createHash('sha256').update(verifier).digest('base64url'));
  return fields.get('grant_type') === 'refresh_token' && refresh !== null ? launchKey('refresh', refresh) : undefined;
};

const remember = async (rows: SignInRows, tokens: z.infer<typeof answered>, key: [string, string]): Promise<object> => {
  const found = kept.safeParse(await rows.find(...key));
  await rows.remove(...key);
  const { sub, jti } = decodeJwt(tokens.access_token);
  // Another person may have signed in at the provider than the one who chose.
  if (!found.success || jti === undefined || found.data.accountId !== sub) return {};
  const { launch } = found.data;
  await rows.put(...launchKey('access', jti), found.data, tokens.expires_in + 60);
  if (tokens.refresh_token !== undefined)
    await rows.put(
      ...launchKey('refresh', tokens.refresh_token),
      found.data,
      tokens.refresh_expires_in || offlineSeconds,
    );
  const { needPatientBanner = true, ...context } = launch;
  return { ...context, need_patient_banner: needPatientBanner };
};

const token = async (ctx: Context, { portal, rows }: SmartFront): Promise<void> => {
  const text = await readText(ctx.req, bodyBytes);
  const { token: endpoint } = await portal.issuer.endpoints();
  const authorization = ctx.get('authorization');
  const answer = await fetch(endpoint, {
    method: 'POST',
    body: text,
    headers: {
      'Content-Type': 'application/x-www-form-urlencoded',
      ...(authorization === '' ? {} : { Authorization: authorization }),
    },
    signal: AbortSignal.timeout(10_000),
  }).catch((thrown: unknown) => {
    throw unavailable('the identity provider does not answer', 5, thrown);
  });
  const body: unknown = await answer.json().catch(() => ({}));
  ctx.status = answer.status;
  const given = answered.safeParse(body);
  const key = keyIn(new URLSearchParams(text));
  ctx.body = given.success && key ? { ...given.data, ...(await remember(rows, given.data, key)) } : body;
};

export const smartFront =
  (front: SmartFront | undefined): Middleware =>
  async (ctx, next) => {
    if (!front || !ctx.path.startsWith('/auth/smart/')) return next();
    ctx.state.area = 'session';
    if (ctx.path === frontPaths.authorize && (ctx.method === 'GET' || ctx.method === 'POST'))
      return authorize(ctx, front);
    if (ctx.path === frontPaths.token && ctx.method === 'POST') return token(ctx, front);
    if (ctx.path !== stylePath) throw notSupported(404, 'there is nothing at this address');
    ctx.type = 'css';
    ctx.body = styleSheet;
  };
