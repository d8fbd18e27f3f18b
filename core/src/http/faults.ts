/** Whatever is thrown leaves as an OperationOutcome; what nobody foresaw is logged and its cause kept from the caller. */
import type { Log } from '../observe/log.ts';
import { asOutcome } from '../outcome/outcome.ts';
import type { Context, Middleware } from './exchange.ts';

export const fhirJson = 'application/fhir+json; charset=utf-8';

export const answerFault = (ctx: Context, thrown: unknown, log: Log): void => {
  const outcome = asOutcome(thrown);
  if (outcome.status >= 500) {
    const line = { request: ctx.state.requestId, status: outcome.status, err: outcome.cause ?? outcome };
    if (outcome.status === 503) log.warn(line, 'a request could not be served');
    else log.error(line, 'a request failed');
  }
  ctx.status = outcome.status;
  ctx.set(outcome.headers);
  const text = JSON.stringify(outcome.resource);
  const { type, body } = ctx.state.represent?.(text) ?? { type: fhirJson, body: text };
  ctx.type = type;
  ctx.body = body;
};

export const faults =
  (log: Log): Middleware =>
  async (ctx, next) => {
    try {
      await next();
    } catch (thrown) {
      answerFault(ctx, thrown, log);
    }
  };
