/** Lets pages of the configured origins call; a stranger's page gets no header and so no answer from its browser. */
import type { Middleware } from './exchange.ts';

const exposed =
  'ETag, Location, Last-Modified, Content-Location, X-Request-Id, Retry-After, X-Progress, X-Security-Context, Content-Range, Accept-Ranges, Content-Disposition';

export const cors = (origins: readonly string[]): Middleware => {
  const allowed = new Set(origins);
  return async (ctx, next) => {
    const origin = ctx.get('origin');
    if (allowed.size > 0) ctx.vary('Origin');
    if (!allowed.has(origin)) return next();
    ctx.set({
      'Access-Control-Allow-Origin': origin,
      'Access-Control-Expose-Headers': exposed,
      'Cross-Origin-Resource-Policy': 'cross-origin',
    });
    const asked = ctx.get('access-control-request-method');
    if (ctx.method !== 'OPTIONS' || asked === '') return next();
    ctx.set({
      'Access-Control-Allow-Methods': 'GET, HEAD, POST, PUT, PATCH, DELETE',
      'Access-Control-Allow-Headers':
        'Authorization, Content-Type, Accept, If-Match, If-None-Match, If-None-Exist, If-Modified-Since, If-Range, Range, Prefer, X-Security-Context, X-Request-Id, traceparent',
      'Access-Control-Max-Age': '600',
    });
    ctx.status = 204;
  };
};
