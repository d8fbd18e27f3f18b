/** The Koa app: one list of middleware, top to bottom, that every request passes. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import Koa from 'koa';
import type { Ids } from '../fhir/ids.ts';
import type { Log } from '../observe/log.ts';
import type { Metrics } from '../observe/metrics.ts';
import { notSupported, unavailable } from '../outcome/outcome.ts';
import type { Route, Site } from '../plugin/route.ts';
import { accessLog } from './access-log.ts';
import { compression } from './compression.ts';
import { cors } from './cors.ts';
import type { Exchange, Middleware } from './exchange.ts';
import { answerFhir, fhirPrefix, type FhirDoor } from './fhir.ts';
import { faults } from './faults.ts';
import { forwarded } from './forwarded.ts';
import { portalSession } from './portal-session.ts';
import { requestId } from './request-id.ts';
import { contributedRoutes } from './routes.ts';
import { securityHeaders } from './security-headers.ts';
import { smart } from './smart.ts';
import { smartFront } from './smart-front.ts';
import { sites } from './site.ts';

export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** A handler that takes whole requests below a path, such as the identity provider. */
export interface Mount {
  readonly path: string;
  readonly handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
}

export interface AppNeeds {
  readonly ids: Ids;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly stopwatch: () => number;
  readonly publicUrl: string;
  readonly origins: readonly string[];
  readonly proxies: readonly string[];
  readonly bodyLimitBytes: number;
  readonly routes: readonly Route[];
  readonly sites: readonly Site[];
  readonly mounts: readonly Mount[];
  /** Undefined while Heddle starts. */
  readonly fhir: FhirDoor | undefined;
}

const fhirDoor =
  (door: FhirDoor | undefined): Middleware =>
  (ctx, next) => {
    if (ctx.path !== '/fhir' && !ctx.path.startsWith(fhirPrefix)) return next();
    if (!door) throw unavailable('Heddle is starting');
    return answerFhir(ctx, door);
  };

const mounted =
  (mounts: readonly Mount[]): Middleware =>
  async (ctx, next) => {
    const mount = mounts.find(({ path }) => ctx.path.startsWith(`${path}/`));
    if (!mount) return next();
    ctx.state.area = 'realm';
    const { req, res } = ctx;
    Object.assign(req, { originalUrl: req.url, url: req.url?.slice(mount.path.length) });
    ctx.respond = false;
    res.statusCode = 200;
    await mount.handle(req, res);
  };

const nothingHere: Middleware = (ctx) => {
  throw notSupported(404, `there is nothing at ${/^[\w$./-]{1,100}$/.test(ctx.path) ? ctx.path : 'this address'}`);
};

export const buildApp = (needs: AppNeeds): RequestHandler => {
  const { ids, log, metrics, stopwatch, publicUrl, origins, bodyLimitBytes, fhir } = needs;
  const app = new Koa<Exchange>();
  const list: readonly Middleware[] = [
    forwarded(needs.proxies),
    requestId(ids),
    accessLog(log, metrics, stopwatch),
    securityHeaders(publicUrl),
    cors(origins),
    compression,
    faults(log),
    smart(fhir, fhir),
    smartFront(fhir?.smartFront),
    fhirDoor(fhir),
    mounted(needs.mounts),
    portalSession(fhir?.portal, fhir?.verify),
    contributedRoutes(needs.routes, bodyLimitBytes, fhir),
    sites(needs.sites),
    nothingHere,
  ];
  for (const middleware of list) app.use(middleware);
  // Only what fails outside the list comes here, such as a socket that breaks while an answer is written.
  app.on('error', (error: Error) => log.debug({ err: error }, 'an answer could not be delivered'));
  app.silent = true;
  const handle = app.callback();
  return (request, response) => {
    handle(request, response).catch((error: unknown) => log.error({ err: error }, 'a request fell out of the list'));
  };
};
