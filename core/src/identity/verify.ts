/** Turns a bearer token into a Caller; refuses any whose issuer, session or tenant does not hold, and remembers checked ones by hash until they expire or are taken back. */
import { hash } from 'node:crypto';
import { decodeJwt, type JWTPayload } from 'jose';
import type { Caller } from '../fhir/interaction.ts';
import { unauthenticated } from '../outcome/outcome.ts';
import type { Database } from '../store/database.ts';
import { tenants } from './accounts.ts';
import type { Issuer } from './issuer.ts';
import type { Launch } from './sign-in-rows.ts';
import type { Bearer, SignedOut } from './signed-out.ts';
import { callerOf, tenantOf, type CallerNeeds } from './token-caller.ts';

/** `tenant`: the one that the caller names, of several. */
export type Verify = (token: string, tenant?: string) => Promise<Caller>;

export interface VerifierNeeds extends CallerNeeds {
  readonly database: Database;
  readonly issuers: readonly Issuer[];
  readonly signedOut: SignedOut;
  /** How often an issuer is asked again about a token that it gave. */
  readonly introspectMs: number;
  /** What a token is about, where its issuer cannot say so itself. */
  readonly launchOf?: (token: string) => Promise<Launch | undefined>;
  readonly now: () => number;
}

interface Remembered {
  readonly caller: Caller;
  readonly bearer: Bearer;
  readonly until: number;
}

const mostRemembered = 20_000;

const bearerOf = ({ sub = '', sid, jti, iat = 0 }: JWTPayload): Bearer => ({
  subject: sub,
  session: typeof sid === 'string' ? sid : undefined,
  token: jti,
  issued: iat * 1_000,
});

/** Only to know whom to ask; nothing of it is believed yet. */
const issuerNamed = (token: string): string | undefined => {
  try {
    return decodeJwt(token).iss;
  } catch {
    return undefined;
  }
};

export const openVerifier = (needs: VerifierNeeds): Verify => {
  const { database, issuers, signedOut, introspectMs, now } = needs;
  const remembered = new Map<string, Remembered>();
  let tenantIds = new Map<string, number>();

  for (const { onChange } of issuers) onChange(() => remembered.clear());
  signedOut.onChange(() => {
    for (const [digest, { bearer }] of remembered) if (!signedOut.holds(bearer)) remembered.delete(digest);
  });

  const tenantId = async (name: string): Promise<number> => {
    if (!tenantIds.has(name)) tenantIds = new Map((await tenants(database)).map((tenant) => [tenant.name, tenant.id]));
    const id = tenantIds.get(name);
    if (id === undefined) throw unauthenticated('the token names a tenant that does not exist');
    return id;
  };

  const check = async (token: string, wanted: string | undefined): Promise<Remembered> => {
    const named = issuerNamed(token);
    const issuer = issuers.find(({ name }) => name === named);
    if (!issuer) throw unauthenticated('the token is not valid here');
    const claims = await issuer.check(token);
    if (issuer.isActive && introspectMs > 0 && !(await issuer.isActive(token)))
      throw unauthenticated('the session has ended: sign in again');
    const name = tenantOf(claims, wanted);
    const launch = claims.jti === undefined ? undefined : await needs.launchOf?.(claims.jti);
    const caller = callerOf({ ...claims, ...launch }, { id: await tenantId(name), name }, needs);
    const expires = Number(claims.exp) * 1_000;
    const until = issuer.isActive && introspectMs > 0 ? Math.min(expires, now() + introspectMs) : expires;
    return { caller, bearer: bearerOf(claims), until };
  };

  return async (token, wanted) => {
    const digest = hash('sha256', wanted === undefined ? token : `${wanted}\n${token}`, 'base64');
    const known = remembered.get(digest);
    if (known && known.until > now()) return known.caller;
    const fresh = await check(token, wanted);
    // Asked last: nothing may come between this answer and the memory of it.
    if (!signedOut.holds(fresh.bearer)) throw unauthenticated('the session has ended: sign in again');
    if (remembered.size >= mostRemembered) remembered.delete(remembered.keys().next().value ?? '');
    remembered.set(digest, fresh);
    return fresh.caller;
  };
};
