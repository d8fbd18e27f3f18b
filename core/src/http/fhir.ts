/** The FHIR door: an HTTP request becomes an Interaction, walks the line, and its Answer becomes HTTP again. */
import { bundleVerb } from '../fhir/bundle-entries.ts';
import { nobody, type Answer, type Interaction, type Plain, type Stored } from '../fhir/interaction.ts';
import { refusedGraphql } from '../fhir/graphql/refusal.ts';
import { queryIn } from '../fhir/query-text.ts';
import { allowedMethods, readFhirRequest, type FhirRequest } from '../fhir/request-table.ts';
import { etagOf, textOf } from '../fhir/stored.ts';
import { defer, isDeferrable } from '../interaction/deferred.ts';
import type { Launches } from '../identity/launches.ts';
import type { Kernel, Perform } from '../interaction/kernel.ts';
import { malformed, notSupported } from '../outcome/outcome.ts';
import { authenticate, hangUpOf, type Doorkeeper } from './authenticate.ts';
import { answerBinaryForm, isBinaryAnswer } from './binary-answer.ts';
import { readBinaryWanted } from './binary-form.ts';
import { readBinary } from './binary-upload.ts';
import type { Context } from './exchange.ts';
import type { SmartFront } from './smart-front.ts';
import { readCarried } from './fhir-body.ts';
import { contentTypes } from './media-type.ts';
import { readPrefer, type Preference } from './prefer.ts';
import { readWanted, represent, shapeOf, type Wanted } from './representation.ts';

export interface FhirDoor extends Doorkeeper {
  readonly kernel: Kernel;
  readonly perform: Perform;
  readonly launches?: Launches | undefined;
  /** Where another provider signs in, and cannot launch SMART apps. */
  readonly smartFront?: SmartFront | undefined;
  readonly bodyLimitBytes: number;
}

export const fhirPrefix = '/fhir/';

const noQuery = new URLSearchParams();

/** What nearly every program asks for. */
const plain: Wanted = { format: 'json', pretty: false, part: undefined };
const isPlain = (accept: string): boolean =>
  accept === '' || accept === '*/*' || accept === 'application/fhir+json' || accept === 'application/json';

/** What was done, in one sentence, for `return=OperationOutcome`. */
const doneText = (status: number): string =>
  JSON.stringify({
    resourceType: 'OperationOutcome',
    issue: [{ severity: 'information', code: 'informational', diagnostics: status === 201 ? 'created' : 'done' }],
  });

const writeHead = (ctx: Context, status: number, stored: Stored | undefined, base: string): void => {
  ctx.status = status;
  if (!stored) return;
  ctx.set('ETag', etagOf(stored));
  ctx.set('Last-Modified', new Date(stored.updated).toUTCString());
  if (status === 201 || ctx.method === 'POST')
    ctx.set('Location', `${base}/fhir/${stored.type}/${stored.id}/_history/${stored.version}`);
};

const isWrite = new Set(['create', 'update', 'patch']);

const textIn = (answer: Exclude<Answer, Plain | { status: 204 | 304 }>): string => {
  if ('text' in answer) return answer.text;
  return 'made' in answer ? JSON.stringify(answer.made) : textOf(answer.stored);
};

const write = (
  ctx: Context,
  answer: Answer,
  verb: string,
  wanted: Wanted,
  prefer: Preference,
  kernel: Kernel,
): void => {
  writeHead(ctx, answer.status, 'stored' in answer ? answer.stored : undefined, kernel.publicUrl);
  if (answer.status === 204 || answer.status === 304) return;
  if ('plain' in answer) {
    ctx.type = answer.plain.type;
    ctx.body = answer.plain.text;
    return;
  }
  if ('headers' in answer && answer.headers) ctx.set(answer.headers);
  const returning = isWrite.has(verb) ? prefer.returning : undefined;
  const text = returning === 'OperationOutcome' ? doneText(answer.status) : textIn(answer);
  // R4 http.html#ops: a client that keeps what it sent needs the head alone.
  const { type, body } =
    returning === 'minimal' ? { type: contentTypes.json, body: '' } : represent(text, wanted, kernel);
  if (body !== '') ctx.type = type;
  ctx.body = body;
  if (body === '') ctx.remove('Content-Type');
};

const byCriteria = new Set(['update', 'patch', 'delete']);

const criteriaOf = (ctx: Context, { verb, id }: FhirRequest): Pick<Interaction, 'criteria'> => {
  const exists = ctx.req.headers['if-none-exist'];
  // An empty header is a mistake that must not create a second patient.
  if (typeof exists === 'string' && verb === 'create') return { criteria: queryIn(exists.replace(/^[^=?]*\?/, '')) };
  return byCriteria.has(verb) && id === undefined ? { criteria: queryIn(ctx.querystring) } : {};
};

const conditionsOf = (ctx: Context): Pick<Interaction, 'ifMatch' | 'ifNoneMatch' | 'ifModifiedSince'> => {
  const [ifMatch, ifNoneMatch] = [ctx.get('if-match'), ctx.get('if-none-match')];
  // A condition that was lost on its way must not become none.
  for (const name of ['if-match', 'if-none-match'])
    if (ctx.req.headers[name] === '') throw malformed(`${name} is empty: it needs an ETag, such as W/"1", or *`);
  const since = Date.parse(ctx.get('if-modified-since'));
  return {
    ...(ifMatch === '' ? {} : { ifMatch }),
    ...(ifNoneMatch === '' ? {} : { ifNoneMatch }),
    ...(Number.isNaN(since) ? {} : { ifModifiedSince: since }),
  };
};

const answerOptions = (ctx: Context, path: string): void => {
  const methods = allowedMethods(path);
  if (methods.length === 0)
    throw notSupported(404, 'there is nothing at this address; /fhir/metadata says what there is');
  ctx.set('Allow', [...methods, 'OPTIONS'].join(', '));
  ctx.status = 204;
};

/** Of one resource: done before anybody could hang up. */
const quick = new Set(['read', 'vread', 'create', 'update', 'patch', 'delete']);

/** What is asked of one Binary may be asked in bytes. */
const ofOneResource = new Set(['create', 'update', 'read', 'vread']);

export const answerFhir = async (
  ctx: Context,
  { kernel, perform, bodyLimitBytes, ...keeper }: FhirDoor,
): Promise<void> => {
  ctx.state.area = 'fhir';
  const path = ctx.path.slice(fhirPrefix.length);
  if (ctx.method === 'OPTIONS') return answerOptions(ctx, path);
  const { takes, ...asked } = readFhirRequest(ctx.method, path);
  const query = ctx.querystring === '' ? noQuery : queryIn(ctx.querystring);
  // GraphQL's answer has one form, whatever is accepted.
  const accept = takes === 'graphql' ? '' : ctx.get('accept');
  const isBinary = asked.type === 'Binary' && ofOneResource.has(asked.verb);
  const readForm = isBinary ? readBinaryWanted : readWanted;
  const wanted = !isBinary && query === noQuery && isPlain(accept) ? plain : readForm(accept, query);
  ctx.state.represent =
    takes === 'graphql' ? refusedGraphql : (text) => represent(text, { ...wanted, part: undefined }, kernel);
  const open = kernel.verbs.some((verb) => verb.open && verb.name === asked.verb);
  const caller = open ? nobody : await authenticate(ctx, keeper);
  const carried: Pick<Interaction, 'body' | 'bytes' | 'patch' | 'query'> =
    isBinary && takes === 'resource'
      ? await readBinary(ctx, { takes, ...asked }, kernel, bodyLimitBytes)
      : await readCarried(ctx, takes, kernel.xml, bodyLimitBytes);
  // What was sent as bytes is not sent back as base64 unasked.
  const asBytes = isBinary && (carried.body?.content ?? carried.bytes) !== undefined;
  const preference = readPrefer(ctx.get('prefer'));
  const prefer: Preference = asBytes ? { returning: 'minimal', ...preference } : preference;
  const { async: _async, ...preferred } = prefer;
  const verb = asked.verb === 'bundle' ? bundleVerb(carried.body) : asked.verb;
  const criteria = criteriaOf(ctx, { takes, ...asked });
  const interaction: Interaction = {
    ...{ ...asked, verb, query, ...carried },
    ...(ctx.state.trace ? { trace: ctx.state.trace } : {}),
    ...criteria,
    ...conditionsOf(ctx),
    ...preferred,
    ...(isBinary && takes === 'nothing' ? { apart: true as const } : {}),
    caller,
    ...(quick.has(verb) && !criteria.criteria ? {} : { signal: hangUpOf(ctx) }),
  };
  const later = prefer.async && isDeferrable(interaction, takes);
  const answer = await (later ? defer(kernel, interaction, shapeOf(query, wanted)) : perform(interaction));
  if (isBinaryAnswer(answer)) {
    writeHead(ctx, answer.status, answer.stored, kernel.publicUrl);
    return answerBinaryForm(ctx, answer, wanted, query, kernel);
  }
  // What a search says in its form counts as if it stood in the address.
  write(ctx, answer, verb, carried.query ? readWanted(accept, carried.query) : wanted, prefer, kernel);
};
