/** Reads a request's body, as bytes or as text; refuses one that is too long, compressed or not UTF-8. */
import type { IncomingMessage } from 'node:http';
import { hungUp, malformed, notSupported, tooLarge } from '../outcome/outcome.ts';

const collect = (request: IncomingMessage, limit: number, tooLong: () => Error): Promise<Buffer[]> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > limit) {
        // Neither read on nor cut: the answer must still get out; the server closes the connection behind it.
        request.pause();
        reject(tooLong());
      } else chunks.push(chunk);
    });
    // An error with its stack is made only for a caller who did hang up.
    const onClose = (): void => reject(hungUp());
    request.on('end', () => {
      request.off('close', onClose);
      resolve(chunks);
    });
    request.on('error', reject);
    request.on('close', onClose);
  });

export const refuseEncoded = (request: IncomingMessage): void => {
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') throw notSupported(415, `the body is encoded as ${encoding}; send it plain`);
};

export const readBytes = async (request: IncomingMessage, limit: number): Promise<Buffer> => {
  const tooLong = (): Error => tooLarge(`the body is longer than ${limit} bytes; http.bodyLimitBytes sets the limit`);
  if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLong();
  refuseEncoded(request);
  const chunks = await collect(request, limit, tooLong);
  const [only] = chunks;
  return only && chunks.length === 1 ? only : Buffer.concat(chunks);
};

export const textOfBytes = (bytes: Uint8Array): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (thrown) {
    if (thrown instanceof TypeError) throw malformed('the body is not UTF-8');
    throw thrown;
  }
};

export const readText = async (request: IncomingMessage, limit: number): Promise<string> =>
  textOfBytes(await readBytes(request, limit));
