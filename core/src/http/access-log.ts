/** One line and one measurement a request: ids and numbers, never the query, a header or a body. */
import type { Log } from '../observe/log.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Middleware } from './exchange.ts';

/** A path of another form was made up by its sender and may hold anything. */
const plainPath = /^[\w$./:-]{1,200}$/;

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

const methodOf = (method = ''): string => (methods.has(method) ? method : 'other');

export const accessLog =
  (log: Log, metrics: Metrics, stopwatch: () => number): Middleware =>
  (ctx, next) => {
    const from = stopwatch();
    const { req, res, path } = ctx;
    res.once('close', () => {
      const seconds = stopwatch() - from;
      const { requestId, area, caller, trace } = ctx.state;
      const status = res.writableFinished ? res.statusCode : 499;
      metrics.http.observe({ method: methodOf(req.method), area, status }, seconds);
      log.info(
        {
          request: requestId,
          method: req.method,
          path: plainPath.test(path) ? path : undefined,
          status,
          ms: Math.round(seconds * 100_000) / 100,
          subject: caller?.subject,
          tenant: caller?.tenant,
          trace: trace?.traceId,
        },
        'request',
      );
    });
    return next();
  };
