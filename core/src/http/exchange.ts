/** What middleware keeps about one request while it is answered. */
import type Koa from 'koa';
import type { Caller, Trace } from '../fhir/interaction.ts';

export interface Exchange {
  requestId: string;
  trace: Trace | undefined;
  caller: Caller | undefined;
  /** The part of the house that answers: `fhir`, `api`, `realm`, `session`, `site`, `health`. A closed list, for metrics. */
  area: string;
  /** How a FHIR answer is wanted; a refusal takes the same form. */
  represent?: (text: string) => { readonly type: string; readonly body: string };
}

export type Context = Koa.ParameterizedContext<Exchange>;
export type Middleware = (ctx: Context, next: () => Promise<unknown>) => unknown;
