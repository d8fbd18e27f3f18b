/** Who asks: the bearer token, or the session of a browser, becomes a Caller; the token goes no further. */
import type { Caller } from '../fhir/interaction.ts';
import type { Verify } from '../identity/verify.ts';
import { unauthenticated } from '../outcome/outcome.ts';
import type { Context } from './exchange.ts';
import { byCookie, type PortalDoor } from './portal-session.ts';

const bearer = /^Bearer +([\w.~+/-]+=*)$/i;

export interface Doorkeeper {
  readonly verify: Verify;
  /** Undefined where no browser may sign in. */
  readonly portal?: PortalDoor | undefined;
}

export const authenticate = async (ctx: Context, { verify, portal }: Doorkeeper): Promise<Caller> => {
  const [, token] = bearer.exec(ctx.get('authorization')) ?? [];
  // A token says who asks, whatever cookie comes beside it.
  const cookied = token === undefined && portal ? await byCookie(ctx, portal, verify) : undefined;
  if (cookied) {
    ctx.state.caller = cookied;
    return cookied;
  }
  if (token === undefined)
    throw unauthenticated('a bearer token is needed: ask /realms/heddle/protocol/openid-connect/token for one');
  const caller = await verify(token, ctx.get('x-heddle-tenant') || undefined);
  ctx.state.caller = caller;
  return caller;
};

/** Fires when the caller hangs up before the answer is out. */
export const hangUpOf = (ctx: Context): AbortSignal => {
  const controller = new AbortController();
  ctx.res.once('close', () => {
    if (!ctx.res.writableFinished) controller.abort();
  });
  return controller.signal;
};
