/** Prepares raw requests for the provider's package: under the public address, with the caller's own address kept, and what Keycloak answers elsewhere led to the token endpoint. */
import type { IncomingMessage } from 'node:http';
import { parse, type ParsedUrlQuery } from 'node:querystring';
import { Readable } from 'node:stream';
import { endGrant, introspectGrant, paths, revokeGrant } from './own-grants.ts';

/** Nobody but us may set it. */
const addressHeader = 'x-heddle-address';

export const callerAddress = ({ headers }: IncomingMessage): string => {
  const address = headers[addressHeader];
  return typeof address === 'string' ? address : '';
};

/** A page of this very server sends its Origin too: no stranger, under whichever name it was reached. */
const isSameOrigin = (origin: string, host: string | undefined): boolean =>
  URL.canParse(origin) && new URL(origin).host === host;

export const underPublicAddress = (publicUrl: string): ((request: IncomingMessage) => void) => {
  const { host, protocol } = new URL(publicUrl);
  return ({ headers, socket }) => {
    if (headers.origin !== undefined && isSameOrigin(headers.origin, headers.host)) delete headers.origin;
    // What is left of it, a configured proxy wrote: its last entry is whom the proxy saw.
    const passed = headers['x-forwarded-for'];
    const last = [passed ?? []].flat().join(',').split(',').at(-1)?.trim();
    headers[addressHeader] = last === undefined || last === '' ? (socket.remoteAddress ?? '') : last;
    Object.assign(headers, { host, 'x-forwarded-host': host, 'x-forwarded-proto': protocol.replace(':', '') });
    delete headers['x-forwarded-for'];
  };
};

const mostBytes = 56 * 1_024;

const bodyOf = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    // The package refuses what is longer than it says itself.
    if (size > mostBytes) break;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};

/** The same request with other words in it. */
const withBody = (request: IncomingMessage, url: string, body: string): IncomingMessage => {
  const { method, socket, httpVersion, httpVersionMajor, httpVersionMinor, rawHeaders } = request;
  const { 'transfer-encoding': _chunked, ...headers } = request.headers;
  const length = String(Buffer.byteLength(body));
  const { originalUrl } = request as { originalUrl?: string };
  const words: unknown = Object.assign(Readable.from([Buffer.from(body)], { objectMode: false }), {
    ...{ method, socket, httpVersion, httpVersionMajor, httpVersionMinor, rawHeaders, url },
    ...{ originalUrl: (originalUrl ?? '').replace(request.url ?? '', url) },
    headers: { ...headers, 'content-length': length },
    complete: true,
    connection: socket,
  });
  // What Koa and the package read of a request is what was assigned.
  return words as IncomingMessage;
};

const grantOf: Readonly<Record<string, string>> = {
  [paths.introspection]: introspectGrant,
  [paths.revocation]: revokeGrant,
};

export interface Led {
  readonly request: IncomingMessage;
  /** Of a form sent to the place for signing out, read already. */
  readonly form?: ParsedUrlQuery;
}

export const led = async (request: IncomingMessage): Promise<Led> => {
  const path = (request.url ?? '').split('?')[0] ?? '';
  const grant = grantOf[path];
  if (request.method !== 'POST' || (grant === undefined && path !== paths.logout)) return { request };
  const body = (await bodyOf(request)).toString('utf8');
  const form = parse(body);
  const asks = grant ?? (form['refresh_token'] === undefined ? undefined : endGrant);
  if (asks === undefined) return { request: withBody(request, request.url ?? '', body), form };
  const { grant_type: _other, ...fields } = form;
  const words = new URLSearchParams({ grant_type: asks });
  for (const [name, value] of Object.entries(fields)) for (const each of [value ?? []].flat()) words.append(name, each);
  return { request: withBody(request, paths.token, words.toString()) };
};
