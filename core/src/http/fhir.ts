/** The FHIR door: an HTTP request becomes an Interaction, walks the line, and its Answer becomes HTTP again. */
import { nobody, type Answer } from '../fhir/interaction.ts';
import { parseBody, type Body } from '../fhir/body.ts';
import { etagOf, textOf } from '../fhir/stored.ts';
import type { Verify } from '../identity/verify.ts';
import type { Kernel, Perform } from '../interaction/kernel.ts';
import { malformed, notSupported } from '../outcome/outcome.ts';
import { authenticate, hangUpOf } from './authenticate.ts';
import type { Context } from './exchange.ts';
import { fhirJson } from './faults.ts';
import { readFhirRequest } from './fhir-request.ts';
import { readText } from './request-body.ts';

export interface FhirDoor {
  readonly kernel: Kernel;
  readonly perform: Perform;
  readonly verify: Verify;
  readonly bodyLimitBytes: number;
}

export const fhirPrefix = '/fhir/';

/** Ignoring these would do something else than was asked, a second patient for one. */
const refusedHeaders = ['if-none-exist', 'if-match'];

const readBody = async (ctx: Context, limit: number): Promise<Body> => {
  if (!ctx.is('application/fhir+json', 'application/json'))
    throw notSupported(
      415,
      `the body's media type is ${ctx.get('content-type') || 'not given'}; send application/fhir+json`,
    );
  return parseBody(await readText(ctx.req, limit));
};

const write = (ctx: Context, answer: Answer, base: string): void => {
  ctx.status = answer.status;
  ctx.type = fhirJson;
  if ('made' in answer) {
    ctx.body = JSON.stringify(answer.made);
    return;
  }
  const { stored } = answer;
  ctx.set('ETag', etagOf(stored));
  ctx.set('Last-Modified', new Date(stored.updated).toUTCString());
  if (answer.status === 201) ctx.set('Location', `${base}/fhir/${stored.type}/${stored.id}/_history/${stored.version}`);
  ctx.body = textOf(stored);
};

const decodeFault = (thrown: unknown): unknown =>
  thrown instanceof URIError ? malformed('the address is not well-formed') : thrown;

export const answerFhir = async (
  ctx: Context,
  { kernel, perform, verify, bodyLimitBytes }: FhirDoor,
): Promise<void> => {
  ctx.state.area = 'fhir';
  let request: ReturnType<typeof readFhirRequest>;
  try {
    request = readFhirRequest(ctx.method, ctx.path.slice(fhirPrefix.length));
  } catch (thrown) {
    throw decodeFault(thrown);
  }
  const { takesBody, ...asked } = request;
  const open = kernel.verbs.some((verb) => verb.open && verb.name === asked.verb);
  const caller = open ? nobody : await authenticate(ctx, verify);
  if (!ctx.accepts('application/fhir+json', 'application/json'))
    throw notSupported(406, 'only JSON can be answered: accept application/fhir+json');
  const refused = refusedHeaders.find((name) => ctx.get(name) !== '');
  if (refused) throw notSupported(501, `${refused} is not supported, and nothing was done`);
  const body = takesBody ? { body: await readBody(ctx, bodyLimitBytes) } : {};
  const trace = ctx.state.trace ? { trace: ctx.state.trace } : {};
  const answer = await perform({
    ...asked,
    ...body,
    ...trace,
    caller,
    query: ctx.URL.searchParams,
    signal: hangUpOf(ctx),
  });
  write(ctx, answer, kernel.publicUrl);
};
