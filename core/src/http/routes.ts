/** Mounts the routes that plugins contribute, and the core's own, each behind what it declares. */
import Router from '@koa/router';
import { nobody } from '../fhir/interaction.ts';
import type { Verify } from '../identity/verify.ts';
import type { Route } from '../plugin/route.ts';
import { notSupported, unavailable } from '../outcome/outcome.ts';
import { authenticate, hangUpOf, type Doorkeeper } from './authenticate.ts';
import type { Exchange, Middleware } from './exchange.ts';
import { readText } from './request-body.ts';

const healthPaths = new Set(['/healthz', '/readyz', '/metrics']);

const refuse: Verify = async () => {
  throw unavailable('Heddle is starting');
};

export const contributedRoutes = (
  routes: readonly Route[],
  bodyLimitBytes: number,
  keeper: Doorkeeper = { verify: refuse },
): Middleware => {
  const router = new Router<Exchange>();
  for (const { method, path, access, answer } of routes) {
    router.register(path, method === 'GET' ? ['GET', 'HEAD'] : [method], async (ctx) => {
      ctx.state.area = healthPaths.has(path) ? 'health' : 'api';
      const caller = access === 'open' ? nobody : await authenticate(ctx, keeper);
      const body = method === 'GET' ? '' : await readText(ctx.req, bodyLimitBytes);
      const { params } = ctx;
      // The token goes no further than the caller that it became.
      const { authorization: _token, cookie: _cookie, ...headers } = ctx.headers;
      const given = await answer({ caller, params, query: ctx.URL.searchParams, headers, body, signal: hangUpOf(ctx) });
      ctx.status = given.status;
      ctx.type = given.type;
      ctx.set(given.headers ?? {});
      ctx.body = given.body;
    });
  }
  const answers = router.routes() as Middleware;
  const refuses = router.allowedMethods({
    throw: true,
    methodNotAllowed: () => notSupported(405, 'this method is not supported here'),
    notImplemented: () => notSupported(405, 'this method is not supported here'),
  }) as Middleware;
  return (ctx, next) => answers(ctx, async () => refuses(ctx, next));
};
