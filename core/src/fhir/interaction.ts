/** The plain data of a request: who asks (Caller), what for (Interaction) and what came of it (Answer); knows neither HTTP nor SQL. */
import type { Body } from './body.ts';

/** Where this work belongs in a distributed trace, by the W3C's trace context. */
export interface Trace {
  readonly traceId: string;
  readonly spanId: string;
}

/** Who asks. Plain data, so that a job can carry it; the token it came from goes no further than `identity`. */
export interface Caller {
  /** The tenant's key in the database; its name is for people. */
  readonly tenant: number;
  readonly tenantName: string;
  /** The account's or the client's id: what logs and audit may name. */
  readonly subject: string;
  readonly kind: 'user' | 'client' | 'nobody';
  readonly roles: readonly string[];
}

/** `verb` names a row of the verb table; an operation is the verb `operation` with its `name`. */
export interface Interaction {
  readonly verb: string;
  readonly type?: string;
  readonly id?: string;
  readonly name?: string;
  readonly query?: URLSearchParams;
  readonly body?: Body;
  readonly caller: Caller;
  /** Fires when the caller hangs up: what still runs for it is cancelled. */
  readonly signal?: AbortSignal;
  readonly trace?: Trace;
}

/** One stored version of a resource: its head in columns, its tail as text. `fhir/stored` joins them. */
export interface Stored {
  readonly type: string;
  readonly id: string;
  readonly version: number;
  /** Milliseconds since 1970 by the database's clock. */
  readonly updated: number;
  readonly deleted: boolean;
  readonly tail: string;
}

/** What a verb answers: a stored version, or a resource made for this answer. */
export type Answer =
  | { readonly status: 200 | 201; readonly stored: Stored }
  | { readonly status: 200; readonly made: { readonly resourceType: string } };

/** Whoever has not signed in: no tenant, no role. */
export const nobody: Caller = { tenant: 0, tenantName: '', subject: 'nobody', kind: 'nobody', roles: [] };
