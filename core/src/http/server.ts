/** The listening socket: bounds, TLS, a handler that boot exchanges, and a close that drains. */
import { readFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { once } from 'node:events';
import type { Configuration } from '../config/schema.ts';
import { misconfigured } from '../outcome/outcome.ts';
import type { RequestHandler } from './app.ts';

export interface HttpServer {
  readonly port: number;
  /** From now on requests go here; those on the way end where they began. */
  readonly use: (handler: RequestHandler) => void;
  /** Takes no new connections, lets answers on the way finish for `drainMs`, then cuts; once, however often it is called. */
  readonly close: () => Promise<void>;
}

const inUse = (thrown: unknown, port: number): unknown => {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : '';
  if (code === 'EADDRINUSE')
    return misconfigured([`port ${port} is in use: stop what listens there, or set PORT (0 takes a free one)`]);
  if (code === 'EACCES')
    return misconfigured([`port ${port} needs rights that this user lacks: set PORT to one above 1023`]);
  return thrown;
};

/** Tells the caller to send nothing more over this connection, which ends behind the answer. */
const leave = (response: ServerResponse): void => {
  if (!response.headersSent) response.setHeader('Connection', 'close');
};

export const openServer = async (settings: Configuration['http'], first: RequestHandler): Promise<HttpServer> => {
  let handler = first;
  let draining = false;
  const bounds = {
    headersTimeout: settings.headersTimeoutMs,
    requestTimeout: settings.requestTimeoutMs,
    keepAliveTimeout: 65_000,
  };
  const onTheWay = new Set<ServerResponse>();
  const listener: RequestHandler = (request, response) => {
    if (draining) leave(response);
    onTheWay.add(response);
    response.once('close', () => onTheWay.delete(response));
    handler(request, response);
  };
  const { tls } = settings;
  const server: Server = tls
    ? createTlsServer({ ...bounds, cert: readFileSync(tls.cert), key: readFileSync(tls.key) }, listener)
    : createServer(bounds, listener);
  server.listen({ port: settings.port, ...(settings.host === undefined ? {} : { host: settings.host }) });
  try {
    await once(server, 'listening');
  } catch (thrown) {
    throw inUse(thrown, settings.port);
  }
  const address = server.address();

  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    draining = true;
    for (const response of onTheWay) leave(response);
    const ended = once(server, 'close');
    server.close();
    // A connection that was kept alive for an answer on its way is idle only after it.
    const sweep = setInterval(() => server.closeIdleConnections(), 20);
    const cut = setTimeout(() => server.closeAllConnections(), settings.drainMs);
    await ended;
    clearTimeout(cut);
    clearInterval(sweep);
  };
  return {
    port: typeof address === 'object' && address !== null ? address.port : settings.port,
    use: (next) => {
      handler = next;
    },
    close: () => (closed ??= close()),
  };
};
