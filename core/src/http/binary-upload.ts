/** Reads what is sent to make a Binary: its bytes as they are, or the resource in one of FHIR's forms; refuses what has no media type. */
import type { IncomingMessage } from 'node:http';
import { bodyOf, parseBody, type Body } from '../fhir/body.ts';
import type { Interaction } from '../fhir/interaction.ts';
import type { FhirRequest } from '../fhir/request-table.ts';
import { tooManyBytes } from '../interaction/binary.ts';
import type { Kernel } from '../interaction/kernel.ts';
import { hungUp, invalid, notSupported, Outcome } from '../outcome/outcome.ts';
import type { Context } from './exchange.ts';
import { formatOfBody, readMediaType } from './media-type.ts';
import { readBytes, refuseEncoded, textOfBytes } from './request-body.ts';

type Carried = Pick<Interaction, 'body' | 'bytes'>;

/** RFC 9110 section 8.3.1. */
const mediaType =
  /^[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+(?: ?; ?[\w!#$%&'*+.^`|~-]+=(?:[\w!#$%&'*+.^`|~-]+|"[^"\\]*"))*$/;

const contentTypeOf = (ctx: Context): string => {
  const type = ctx
    .get('content-type')
    .replace(/\s+/g, ' ')
    .replace(/(?: ?; ?)+$/, '')
    .trim();
  if (!mediaType.test(type) || type.length > 200)
    throw notSupported(415, 'a Binary needs a Content-Type that says what its bytes are');
  return type;
};

const contextOf = (ctx: Context): { securityContext?: { reference: string } } => {
  const reference = ctx.get('x-security-context').trim();
  if (reference === '') return {};
  if (!/^(?:https?:\/\/[^\s,]+|[A-Z][A-Za-z]+\/[A-Za-z\d.-]{1,64}(?:\/_history\/[A-Za-z\d.-]{1,64})?)$/.test(reference))
    throw invalid('Binary.securityContext', 'X-Security-Context is one reference, such as Patient/123');
  return { securityContext: { reference } };
};

/** The resource around bytes that come as they are. */
const around = (ctx: Context, { id }: FhirRequest, contentType: string): Body =>
  bodyOf({ resourceType: 'Binary', ...(id === undefined ? {} : { id }), contentType, ...contextOf(ctx) });

/** As they arrive; ends neither the request nor the connection when nobody wants more. */
const arriving = async function* (request: IncomingMessage): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false })) yield chunk as Uint8Array;
  } catch (thrown) {
    throw request.complete ? thrown : hungUp();
  }
};

/** What is meant as a resource and spoilt must not be kept as a file. */
const meansBinary = (text: string): boolean => /"resourceType"\s*:\s*"Binary"|<(?:\w+:)?Binary[\s>]/.test(text);

/** The resource, or undefined where it is some other document. */
const resourceIn = (ctx: Context, bytes: Buffer, { xml }: Kernel): Body | undefined => {
  const format = formatOfBody(ctx.get('content-type'));
  const isFhir = readMediaType(ctx.get('content-type')).name.startsWith('application/fhir+');
  if (!format && isFhir) throw notSupported(415, 'the body is not of FHIR 4.0');
  if (!format) return undefined;
  const text = textOfBytes(bytes);
  try {
    const body = parseBody(format === 'xml' ? xml.fromXml(text) : text);
    return body.resource.resourceType === 'Binary' ? body : undefined;
  } catch (thrown) {
    if (thrown instanceof Outcome && !isFhir && !meansBinary(text)) return undefined;
    throw thrown;
  }
};

const fhirNames = /^(?:application\/(?:fhir\+)?|text\/)(?:json|xml)$/;

// R4 binary.html: what is sent is the content as it is, FHIR's own media types included, unless it is a Binary itself.
export const readBinary = async (
  ctx: Context,
  asked: FhirRequest,
  kernel: Kernel,
  bodyLimitBytes: number,
): Promise<Carried> => {
  const contentType = contentTypeOf(ctx);
  refuseEncoded(ctx.req);
  if (fhirNames.test(readMediaType(contentType).name)) {
    const bytes = await readBytes(ctx.req, bodyLimitBytes);
    const body = resourceIn(ctx, bytes, kernel);
    return { body: body ?? { ...around(ctx, asked, contentType), content: { kind: 'here', bytes } } };
  }
  const { limitBytes } = kernel.binary;
  if (Number(ctx.get('content-length') || 0) > limitBytes) throw tooManyBytes(limitBytes);
  return { body: around(ctx, asked, contentType), bytes: arriving(ctx.req) };
};
