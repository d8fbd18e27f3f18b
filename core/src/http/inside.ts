/** Calls a raw handler of this very process as if over HTTP: whatever address others see, and whatever certificate it has, nothing leaves the process. */
import { createServer, request as ask, type IncomingMessage, type ServerResponse } from 'node:http';
import { duplexPair, type Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';

export interface InsideAnswer {
  readonly status: number;
  readonly body: string;
}

type Handle = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

export type CallInside = (path: string, form: URLSearchParams) => Promise<InsideAnswer>;

export const openInside = (mount: string, handle: Handle): CallInside => {
  const server = createServer((request, response) => {
    Object.assign(request, { originalUrl: request.url, url: request.url?.slice(mount.length) });
    handle(request, response).catch(() => response.destroy());
  });
  return async (path, form) => {
    const [near, far] = duplexPair();
    server.emit('connection', far);
    const body = form.toString();
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const asked = ask({
        ...{ method: 'POST', path, host: 'localhost', createConnection: (): Duplex => near },
        headers: {
          'Content-Type': 'application/x-www-form-urlencoded',
          'Content-Length': Buffer.byteLength(body),
          Accept: 'application/json',
          Connection: 'close',
        },
      });
      asked.once('response', resolve).once('error', reject);
      asked.end(body);
    });
    return { status: answer.statusCode ?? 500, body: await text(answer) };
  };
};
