/** Who asks: the bearer token becomes a Caller; the token goes no further. */
import type { Caller } from '../fhir/interaction.ts';
import type { Verify } from '../identity/verify.ts';
import { unauthenticated } from '../outcome/outcome.ts';
import type { Context } from './exchange.ts';

const bearer = /^Bearer +([\w.~+/-]+=*)$/i;

export const authenticate = async (ctx: Context, verify: Verify): Promise<Caller> => {
  const [, token] = bearer.exec(ctx.get('authorization')) ?? [];
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
