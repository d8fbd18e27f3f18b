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
  /** The OAuth client through which the caller came; none where no token was needed. */
  readonly client?: string | undefined;
  /** Ends with a sign-out. */
  readonly session?: string | undefined;
  /** Who the caller is in the record: a Patient, Practitioner, RelatedPerson or Person. */
  readonly fhirUser?: CallerReference | undefined;
  /** SMART scopes that narrow what the roles allow; undefined for clients of the house, which act with the whole role. */
  readonly scopes?: readonly string[] | undefined;
  /** What a SMART launch is about. */
  readonly launch?: { readonly patient?: string | undefined; readonly encounter?: string | undefined } | undefined;
}

export interface CallerReference {
  readonly type: string;
  readonly id: string;
}

export type Returning = 'minimal' | 'representation' | 'OperationOutcome';

/** A patch document, by its kind. */
export type Patch =
  { readonly kind: 'json'; readonly text: string } | { readonly kind: 'fhirpath'; readonly parameters: Body };

/** `verb` names a row of the verb table; an operation is the verb `operation` with its `name`. */
export interface Interaction {
  readonly verb: string;
  readonly type?: string;
  readonly id?: string;
  /** Of vread. */
  readonly version?: string;
  /** The type that is asked of a compartment, or `*`. */
  readonly member?: string;
  readonly name?: string;
  readonly query?: URLSearchParams;
  readonly body?: Body;
  /** Of a Binary whose bytes come beside its body. */
  readonly bytes?: AsyncIterable<Uint8Array>;
  /** The caller takes the bytes of a Binary beside the resource; otherwise they stand in it, where they are not too many. */
  readonly apart?: true;
  readonly patch?: Patch;
  /** What the resource is found by in place of its id: If-None-Exist, or the query of a conditional update, patch or delete. */
  readonly criteria?: URLSearchParams;
  /** The entity tag of the version that the caller means to change. */
  readonly ifMatch?: string;
  readonly ifNoneMatch?: string;
  /** Milliseconds since 1970. */
  readonly ifModifiedSince?: number;
  /** `Prefer: handling`: what is not understood is refused, or left out and named. */
  readonly handling?: 'strict' | 'lenient';
  /** `Prefer: return`, of the entries of a bundle. */
  readonly returning?: Returning;
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

/** Bytes that are read only when they are wanted, however many. */
export interface Bytes {
  readonly size: number;
  /** Those from `first` up to before `end`. */
  readonly read: (first: number, end: number) => AsyncIterable<Uint8Array>;
}

/** What HTTP says beside an answer. */
type Headers = Readonly<Record<string, string>>;

/** What is no FHIR resource and has a media type of its own. */
export interface Plain {
  readonly status: 200 | 400;
  readonly plain: { readonly type: string; readonly text: string };
}

/** What a verb answers: a stored version, that nothing is to be said, a resource made for this answer as value or as its JSON text, or what is no resource. */
export type Answer =
  | { readonly status: 200 | 201 | 304; readonly stored: Stored; readonly bytes?: Bytes }
  | { readonly status: 204; readonly stored?: Stored }
  | { readonly status: 200 | 202; readonly made: { readonly resourceType: string }; readonly headers?: Headers }
  | { readonly status: 200; readonly text: string; readonly headers?: Headers }
  | Plain;

/** Whoever has not signed in: no tenant, no role. */
export const nobody: Caller = { tenant: 0, tenantName: '', subject: 'nobody', kind: 'nobody', roles: [] };
