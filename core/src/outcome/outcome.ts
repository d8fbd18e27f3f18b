/** The one error type: a refusal with an HTTP status and an OperationOutcome that says where and what to do; it never carries a stack or a body to the caller. */

/** R4 issue-type codes that Heddle uses. */
export type IssueCode =
  | 'invalid'
  | 'structure'
  | 'required'
  | 'value'
  | 'code-invalid'
  | 'invariant'
  | 'security'
  | 'login'
  | 'forbidden'
  | 'processing'
  | 'not-supported'
  | 'duplicate'
  | 'multiple-matches'
  | 'not-found'
  | 'deleted'
  | 'too-long'
  | 'too-costly'
  | 'conflict'
  | 'transient'
  | 'timeout'
  | 'throttled'
  | 'exception'
  | 'incomplete'
  | 'informational';

export interface Issue {
  readonly severity: 'fatal' | 'error' | 'warning' | 'information';
  readonly code: IssueCode;
  readonly diagnostics: string;
  readonly expression?: readonly string[];
}

export interface OperationOutcome {
  readonly resourceType: 'OperationOutcome';
  readonly issue: readonly Issue[];
}

export class Outcome extends Error {
  readonly status: number;
  readonly issues: readonly Issue[];
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    issues: readonly Issue[],
    headers: Readonly<Record<string, string>> = {},
    cause?: unknown,
  ) {
    super(issues.map((issue) => issue.diagnostics).join('; '), cause === undefined ? {} : { cause });
    this.name = 'Outcome';
    this.status = status;
    this.issues = issues;
    this.headers = headers;
  }

  get resource(): OperationOutcome {
    return { resourceType: 'OperationOutcome', issue: this.issues };
  }
}

const error = (code: IssueCode, diagnostics: string, expression?: string): Issue => ({
  severity: 'error',
  code,
  diagnostics,
  ...(expression === undefined ? {} : { expression: [expression] }),
});

const refusal = (status: number, code: IssueCode, diagnostics: string, expression?: string): Outcome =>
  new Outcome(status, [error(code, diagnostics, expression)]);

export const invalid = (expression: string, diagnostics: string): Outcome =>
  refusal(400, 'invalid', diagnostics, expression);

export const malformed = (diagnostics: string, expression?: string): Outcome =>
  refusal(400, 'structure', diagnostics, expression);

export const unauthenticated = (diagnostics: string): Outcome =>
  new Outcome(401, [error('login', diagnostics)], { 'WWW-Authenticate': 'Bearer realm="heddle"' });

export const forbidden = (diagnostics: string): Outcome => refusal(403, 'forbidden', diagnostics);

export const notFound = (what: string): Outcome => refusal(404, 'not-found', `${what} does not exist`);

export const gone = (what: string, headers: Readonly<Record<string, string>> = {}): Outcome =>
  new Outcome(410, [error('deleted', `${what} was deleted`)], headers);

/** What was lent for a while. */
export const expired = (expression: string, diagnostics: string): Outcome =>
  refusal(410, 'deleted', diagnostics, expression);

/** What the caller knew of the resource is no longer so: read it again. */
export const preconditionFailed = (diagnostics: string): Outcome => refusal(412, 'conflict', diagnostics);

/** Criteria that were to name one resource name several. */
export const ambiguous = (diagnostics: string): Outcome => refusal(412, 'multiple-matches', diagnostics);

/** Sound, and not done because of another part of the same whole, whose refusal says why. */
export const undone = (what: string): Outcome =>
  refusal(424, 'incomplete', `${what} was not written: another part of the transaction was refused`);

export const tooMany = (diagnostics: string): Outcome => refusal(412, 'too-costly', diagnostics);

/** Too much at once of what each by itself is allowed. */
export const throttled = (diagnostics: string, seconds: number): Outcome =>
  new Outcome(429, [error('throttled', diagnostics)], { 'Retry-After': String(seconds) });

export const unprocessable = (expression: string, diagnostics: string): Outcome =>
  refusal(422, 'processing', diagnostics, expression);

export const notSupported = (
  status: 400 | 404 | 405 | 406 | 415 | 501,
  diagnostics: string,
  headers: Readonly<Record<string, string>> = {},
): Outcome => new Outcome(status, [error('not-supported', diagnostics)], headers);

/** A parameter of R4 that this server does not have. */
export const unsupported = (expression: string, diagnostics: string): Outcome =>
  refusal(400, 'not-supported', diagnostics, expression);

export const conflict = (diagnostics: string): Outcome => refusal(409, 'conflict', diagnostics);

export const tooLarge = (diagnostics: string): Outcome =>
  new Outcome(413, [error('too-long', diagnostics)], { Connection: 'close' });

/** Nothing was done; the same request may be sent again after `seconds`. */
export const unavailable = (diagnostics: string, seconds = 1, cause?: unknown): Outcome =>
  new Outcome(503, [error('transient', diagnostics)], { 'Retry-After': String(seconds) }, cause);

/** More than is looked for at once: only the caller can ask for less, and the same again would be refused again. */
export const tooMuch = (diagnostics: string, expression?: string): Outcome =>
  refusal(400, 'too-costly', diagnostics, expression);

/** Ran past its time and was stopped; nothing of it is left. */
export const tooCostly = (diagnostics: string, cause?: unknown): Outcome =>
  new Outcome(503, [error('too-costly', diagnostics)], {}, cause);

/** Nobody is waiting for the answer any more. */
export const hungUp = (): Outcome => refusal(499, 'incomplete', 'the caller hung up before the answer was ready');

/** The write was sent and its answer was lost. There is no Retry-After: a blind repetition could write twice. */
export const outcomeUnknown = (cause?: unknown): Outcome =>
  new Outcome(
    500,
    [
      error(
        'incomplete',
        'the connection to the database broke before the answer arrived: whether this write was done is unknown. ' +
          'It was not repeated. Look for the resource before sending it again.',
      ),
    ],
    {},
    cause,
  );

/** What nobody foresaw. The caller learns the request's id and nothing else; the log holds the cause. */
export const unexpected = (cause: unknown): Outcome =>
  new Outcome(
    500,
    [error('exception', 'something went wrong inside Heddle; its log has the details under this request id')],
    {},
    cause,
  );

/** A fault of the installation, told to the operator in one message that names every cause. */
export const misconfigured = (faults: readonly string[], cause?: unknown): Outcome =>
  new Outcome(
    500,
    faults.map((fault) => error('processing', fault)),
    {},
    cause,
  );

export const asOutcome = (thrown: unknown): Outcome => (thrown instanceof Outcome ? thrown : unexpected(thrown));
