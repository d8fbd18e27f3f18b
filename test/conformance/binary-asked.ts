/** What the tests of Binaries ask with: bytes as they are, and what is left of them in the database. */
import { expect } from 'chai';
import type { TestCaller, TestServer } from '@heddle/core/testing';
import { sql } from '../../core/test/store/rig.ts';
import type { Json } from './asked.ts';

export interface Got {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Buffer;
}

export const binary = (rest: Json = {}): Json => ({ resourceType: 'Binary', contentType: 'application/pdf', ...rest });
export const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
export const idIn = (answer: Response): string =>
  /Binary\/([^/]+)\//.exec(answer.headers.get('location') ?? '')?.[1] ?? '';

export const handOn = (server: TestServer, admin: TestCaller) => {
  const send = (
    caller: TestCaller,
    method: string,
    path: string,
    bytes: Uint8Array | ReadableStream | undefined,
    headers: Readonly<Record<string, string>>,
  ): Promise<Response> =>
    fetch(`${server.url}/fhir/${path}`, {
      method,
      headers: { Authorization: `Bearer ${caller.token}`, ...headers },
      ...(bytes === undefined ? {} : { body: bytes as RequestInit['body'], duplex: 'half' }),
    } as RequestInit);
  const post = (bytes: Uint8Array, type: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
    send(admin, 'POST', 'Binary', bytes, { 'Content-Type': type, ...headers });
  const put = async (bytes: Uint8Array, type: string, headers: Readonly<Record<string, string>> = {}) => {
    const answer = await post(bytes, type, headers);
    expect(answer.status, await answer.text()).to.equal(201);
    return idIn(answer);
  };
  const get = async (path: string, headers: Readonly<Record<string, string>> = {}, caller = admin): Promise<Got> => {
    const answer = await caller.send('GET', `/fhir/${path}`, undefined, headers);
    return { status: answer.status, headers: answer.headers, bytes: Buffer.from(await answer.arrayBuffer()) };
  };
  const pieces = async (): Promise<Record<string, unknown> | undefined> =>
    (
      await sql(
        server.database.owner,
        'select (select count(*)::int from heddle.piece) as pieces, (select count(*)::int from heddle.upload) as uploads, (select count(*)::int from heddle.content) as contents',
      )
    )[0];

  return { send, post, put, get, pieces };
};
