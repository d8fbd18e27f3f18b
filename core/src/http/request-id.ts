/** Gives each request an id, the caller's own where it is a harmless one, and reads its trace. */
import type { Ids } from '../fhir/ids.ts';
import { readTrace } from '../observe/tracing.ts';
import type { Middleware } from './exchange.ts';

const harmless = /^[\w.-]{1,64}$/;

export const requestId =
  (ids: Ids): Middleware =>
  (ctx, next) => {
    const given = ctx.get('x-request-id');
    ctx.state.requestId = harmless.test(given) ? given : ids();
    ctx.state.trace = readTrace(ctx.get('traceparent'));
    ctx.state.area = 'other';
    ctx.set('X-Request-Id', ctx.state.requestId);
    return next();
  };
