/** Answers a Binary: its bytes, whole or in ranges, so that no browser runs them; or the resource with its data in it, however long. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { metadataOf, withData } from '../fhir/binary.ts';
import type { Answer, Bytes, Stored } from '../fhir/interaction.ts';
import { textOf } from '../fhir/stored.ts';
import type { Kernel } from '../interaction/kernel.ts';
import { Outcome } from '../outcome/outcome.ts';
import { byteRanges, type ByteRange } from './byte-ranges.ts';
import { binaryForm } from './binary-form.ts';
import type { Context } from './exchange.ts';
import { contentTypes, readMediaType, type Format } from './media-type.ts';
import { represent, type Wanted } from './representation.ts';

export interface BinaryAnswer {
  readonly stored: Stored;
  readonly bytes: Bytes;
}

export const isBinaryAnswer = (answer: Answer): answer is Answer & BinaryAnswer =>
  'bytes' in answer && answer.bytes !== undefined;

/**
 * What shows nothing but itself. All else may hold scripts and is never shown in place: HTML, SVG, XML, and PDF too, whose
 * scripts and launch actions run in viewers that this server knows nothing of; a page that shows one fetches its bytes.
 */
const passive = /^(?:image\/(?:png|jpeg|gif|webp|bmp|tiff|avif)|(?:audio|video)\/[\w.+-]+|text\/plain)$/;

/** Whatever a browser makes of it all the same: it has no origin, runs nothing, loads nothing and stands in no frame. */
const sandbox = "default-src 'none'; frame-ancestors 'none'; sandbox";

const headerText = /^[\t\x20-\x7e]+$/;

const crlf = '\r\n';

interface Part {
  readonly head: string;
  readonly range: ByteRange;
}

interface Body {
  readonly length: number;
  readonly parts: readonly Part[];
  readonly end: string;
}

const lengthOf = (parts: readonly Part[], end: string): number =>
  parts.reduce((sum, { head, range }) => sum + Buffer.byteLength(head) + range.end - range.first, end.length);

const content = async function* ({ parts, end }: Body, { read }: Bytes): AsyncGenerator<Uint8Array> {
  for (const { head, range } of parts) {
    if (head !== '') yield Buffer.from(head);
    yield* read(range.first, range.end);
  }
  if (end !== '') yield Buffer.from(end);
};

const contentRange = ({ first, end }: ByteRange, size: number): string => `bytes ${first}-${end - 1}/${size}`;

/**
 * RFC 9110 section 13.1.5. The tag is weak by R4's form; it names one version, whose bytes never change. A time has whole
 * seconds and could mean the version before, so it counts for the first one alone.
 */
const isSame = (ifRange: string, { version, updated }: Stored): boolean => {
  if (ifRange === '' || ifRange.replace(/^W\//, '') === `"${version}"`) return true;
  return version === 1 && Date.parse(ifRange) === Math.floor(updated / 1000) * 1000;
};

const wholeOf = (size: number): Body => ({
  length: size,
  parts: [{ head: '', range: { first: 0, end: size } }],
  end: '',
});

const inRanges = (ctx: Context, ranges: readonly ByteRange[], type: string, size: number, boundary: string): Body => {
  ctx.status = 206;
  const [only] = ranges;
  if (only && ranges.length === 1) {
    ctx.set('Content-Range', contentRange(only, size));
    return { length: only.end - only.first, parts: [{ head: '', range: only }], end: '' };
  }
  ctx.set('Content-Type', `multipart/byteranges; boundary=${boundary}`);
  const parts = ranges.map((range) => ({
    range,
    head: [`${crlf}--${boundary}`, `Content-Type: ${type}`, `Content-Range: ${contentRange(range, size)}`, crlf].join(
      crlf,
    ),
  }));
  const end = `${crlf}--${boundary}--${crlf}`;
  return { length: lengthOf(parts, end), parts, end };
};

const writeHead = (ctx: Context, stored: Stored): string => {
  const { contentType, securityContext } = metadataOf(stored);
  const type = headerText.test(contentType) ? contentType : 'application/octet-stream';
  const reference = securityContext?.reference;
  ctx.set({
    'Content-Type': type,
    'Content-Security-Policy': sandbox,
    'Content-Disposition': `${passive.test(readMediaType(type).name) ? 'inline' : 'attachment'}; filename="${stored.id}"`,
    'Accept-Ranges': 'bytes',
  });
  if (typeof reference === 'string' && headerText.test(reference)) ctx.set('X-Security-Context', reference);
  return type;
};

/** A fault before the first byte can still be told; behind it the connection is cut, so that nobody takes a part for the whole. */
const send = async (ctx: Context, length: number, chunks: AsyncGenerator<Uint8Array>): Promise<void> => {
  ctx.set('Content-Length', String(length));
  const first = ctx.method === 'HEAD' ? undefined : await chunks.next();
  ctx.respond = false;
  if (!first || first.done) {
    ctx.res.end();
    return;
  }
  const all = async function* (): AsyncGenerator<Uint8Array> {
    yield first.value;
    yield* chunks;
  };
  try {
    await pipeline(Readable.from(all(), { objectMode: false, highWaterMark: 1 }), ctx.res);
  } catch (thrown) {
    if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'ERR_STREAM_PREMATURE_CLOSE')) throw thrown;
  }
};

const answerBytes = async (ctx: Context, { stored, bytes }: BinaryAnswer, { ids }: Kernel): Promise<void> => {
  const { size } = bytes;
  const type = writeHead(ctx, stored);
  const asksRange = ctx.method === 'GET' && isSame(ctx.get('if-range'), stored);
  const ranges = asksRange ? byteRanges(ctx.get('range'), size) : undefined;
  if (ranges?.length === 0)
    throw new Outcome(
      416,
      [{ severity: 'error', code: 'value', diagnostics: `none of these bytes are there: there are ${size}` }],
      { 'Content-Range': `bytes */${size}` },
    );
  const body = ranges ? inRanges(ctx, ranges, type, size, ids()) : wholeOf(size);
  await send(ctx, body.length, content(body, bytes));
};

/** Groups of three bytes, so that what is encoded piece by piece reads as one. */
const base64 = async function* (chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let rest: Uint8Array = new Uint8Array();
  for await (const chunk of chunks) {
    const all = Buffer.concat([rest, chunk]);
    const even = all.length - (all.length % 3);
    yield all.toString('base64', 0, even);
    rest = all.subarray(even);
  }
  if (rest.length > 0) yield Buffer.from(rest).toString('base64');
};

/** Stands where the data will; of a private range, which no base64 holds. */
const mark = '\ue000\ue000';

const leavesDataOut = ({ part }: Wanted): boolean =>
  part !== undefined &&
  (part.summary === 'true' || part.summary === 'text' || (part.elements.length > 0 && !part.elements.includes('data')));

const marked = (stored: Stored): string =>
  withData(textOf(stored), Buffer.from('AAAA', 'base64')).replace(/"AAAA"\}$/, `"${mark}"}`);

const answerResource = async (
  ctx: Context,
  { stored, bytes }: BinaryAnswer,
  format: Format,
  wanted: Wanted,
  kernel: Kernel,
): Promise<void> => {
  ctx.set('Content-Type', contentTypes[format]);
  const inside = bytes.size > 0 && !leavesDataOut(wanted);
  const { body } = represent(inside ? marked(stored) : textOf(stored), { ...wanted, format }, kernel);
  const place = body.lastIndexOf(mark);
  if (!inside || place === -1) {
    ctx.body = body;
    return;
  }
  const [before, behind] = [body.slice(0, place), body.slice(place + mark.length)];
  const length = Buffer.byteLength(before) + Math.ceil(bytes.size / 3) * 4 + Buffer.byteLength(behind);
  const whole = async function* (): AsyncGenerator<Uint8Array> {
    yield Buffer.from(before);
    for await (const text of base64(bytes.read(0, bytes.size))) if (text !== '') yield Buffer.from(text, 'latin1');
    yield Buffer.from(behind);
  };
  await send(ctx, length, whole());
};

/** The status and what is said of the version are written already. */
export const answerBinaryForm = (
  ctx: Context,
  answer: BinaryAnswer,
  wanted: Wanted,
  query: URLSearchParams,
  kernel: Kernel,
): Promise<void> => {
  ctx.vary('Accept');
  const { contentType } = metadataOf(answer.stored);
  const form = binaryForm(ctx.get('accept'), query.get('_format'), contentType);
  return form === 'bytes' ? answerBytes(ctx, answer, kernel) : answerResource(ctx, answer, form, wanted, kernel);
};
