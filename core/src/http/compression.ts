/** Compresses textual answers that are worth it, with what the caller takes. */
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { Middleware } from './exchange.ts';

/** Below one packet there is nothing to gain. */
const leastBytes = 1_400;

const brotli = promisify(brotliCompress);
const zip = promisify(gzip);

/** Fast levels: the answer waits for this. */
const compress: Readonly<Record<string, (body: string) => Promise<Buffer>>> = {
  br: (body) => brotli(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } }),
  gzip: (body) => zip(body, { level: 4 }),
};

export const compression: Middleware = async (ctx, next) => {
  await next();
  const body: unknown = ctx.body;
  if (typeof body !== 'string' || body.length < leastBytes || ctx.method === 'HEAD') return;
  ctx.vary('Accept-Encoding');
  const encoding = ctx.acceptsEncodings('br', 'gzip', 'identity');
  const pack = compress[encoding || 'identity'];
  if (!pack) return;
  ctx.body = await pack(body);
  ctx.set('Content-Encoding', encoding || 'identity');
};
