/** Reads a request's body as text; refuses one that is too long, compressed or not UTF-8. */
import type { IncomingMessage } from 'node:http';
import { hungUp, malformed, notSupported, tooLarge } from '../outcome/outcome.ts';

export const readText = async (request: IncomingMessage, limit: number): Promise<string> => {
  const tooLong = (): Error => tooLarge(`the body is longer than ${limit} bytes; http.bodyLimitBytes sets the limit`);
  if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLong();
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') throw notSupported(415, `the body is encoded as ${encoding}; send it plain`);
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > limit) throw tooLong();
      chunks.push(chunk);
    }
  } catch (thrown) {
    throw request.destroyed && !request.complete ? hungUp() : thrown;
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks));
  } catch (thrown) {
    if (thrown instanceof TypeError) throw malformed('the body is not UTF-8');
    throw thrown;
  }
};
