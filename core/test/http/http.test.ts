import { expect } from 'chai';
import { request, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { once } from 'node:events';
import { text as readAll } from 'node:stream/consumers';
import { join } from 'node:path';
import { definePlugin } from '../../src/plugin/define.ts';
import { startTestServer, type TestCaller, type TestServer } from '../../src/testing/server.ts';

const json = 'application/json';

let hungUp: () => void = () => {};
const heardHangUp = new Promise<void>((resolve) => (hungUp = resolve));

/** Routes that do what a good plugin's would not. */
const odd = definePlugin({
  name: 'odd',
  version: '1.0.0',
  routes: [
    {
      method: 'GET',
      path: '/crash',
      access: 'open',
      answer: () => Promise.reject(new TypeError('the patient Jane Roe')),
    },
    {
      method: 'POST',
      path: '/echo/:what',
      access: 'signed-in',
      answer: async ({ caller, params, body, query }) => ({
        status: 200,
        type: json,
        body: JSON.stringify({ subject: caller.subject, ...params, body, q: query.get('q') }),
      }),
    },
    {
      method: 'GET',
      path: '/wait',
      access: 'open',
      answer: ({ signal }) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => (hungUp(), reject(new Error('gone'))))),
    },
    {
      method: 'GET',
      path: '/long',
      access: 'open',
      answer: async () => ({ status: 200, type: json, body: JSON.stringify({ long: 'x'.repeat(5_000) }) }),
    },
  ],
  sites: [{ path: '/odd', folder: join(import.meta.dirname, '../../../portal/public') }],
});

interface Told {
  readonly resourceType: string;
  readonly issue: readonly {
    readonly severity: string;
    readonly code: string;
    readonly diagnostics: string;
    readonly expression?: readonly string[];
  }[];
}

describe('the HTTP door', () => {
  let server: TestServer;
  let nurse: TestCaller;
  before(async () => {
    server = await startTestServer({
      plugins: [odd],
      environment: {
        HEDDLE__LOG__LEVEL: 'info',
        HEDDLE__HTTP__BODY_LIMIT_BYTES: '20000',
        HEDDLE__HTTP__CORS__ORIGINS: 'https://ehr.example',
      },
    });
    nurse = await server.as('nurse');
  });
  after(() => server.close());

  const told = async (answer: Response, status: number, code: string): Promise<Told['issue'][number]> => {
    expect(answer.status).to.equal(status);
    expect(answer.headers.get('content-type')).to.equal('application/fhir+json; charset=utf-8');
    const outcome = (await answer.json()) as Told;
    expect(outcome.resourceType).to.equal('OperationOutcome');
    expect(outcome.issue[0]).to.include({ code, severity: 'error' });
    return outcome.issue[0] ?? expect.fail('no issue');
  };
  const condition = { resourceType: 'Condition', subject: { display: 'somebody' } };

  it('creates a resource and reads it back as it was sent', async () => {
    const sent =
      '{"resourceType":"Observation","status":"final","code":{"text":"K"},"valueQuantity":{"value":4.10},"note":[{"text":"<b>ü\\u00e9"}]}';
    const created = await nurse.send('POST', '/fhir/Observation', sent);
    expect(created.status).to.equal(201);
    const location = created.headers.get('location') ?? '';
    expect(location).to.match(new RegExp(`^${server.url}/fhir/Observation/[\\w-]{36}/_history/1$`));
    expect(created.headers.get('etag')).to.equal('W/"1"');
    const text = await created.text();
    expect(text).to.contain(sent.slice('{"resourceType":"Observation",'.length));
    const read = await nurse.send('GET', new URL(location).pathname.replace('/_history/1', ''));
    expect(read.status).to.equal(200);
    expect(await read.text()).to.equal(text);
    const { meta } = JSON.parse(text) as { meta: { versionId: string; lastUpdated: string } };
    expect(meta.versionId).to.equal('1');
    expect(new Date(meta.lastUpdated).toUTCString()).to.equal(read.headers.get('last-modified'));
  });

  it('answers HEAD with the headers of GET and no body', async () => {
    const { id } = (await (await nurse.send('POST', '/fhir/Condition', condition)).json()) as { id: string };
    const head = await nurse.send('HEAD', `/fhir/Condition/${id}`);
    expect([head.status, head.headers.get('etag'), await head.text()]).to.deep.equal([200, 'W/"1"', '']);
  });

  const faults: Record<string, [string, string, unknown, Record<string, string>, number, string]> = {
    'no token': ['GET', '/fhir/Patient/1', undefined, { Authorization: '' }, 401, 'login'],
    'a token that is none': ['GET', '/fhir/Patient/1', undefined, { Authorization: 'Bearer x' }, 401, 'login'],
    'a verb that the role lacks': ['POST', '/fhir/Patient', { resourceType: 'Patient' }, {}, 403, 'forbidden'],
    'a resource that does not exist': ['GET', '/fhir/Condition/none', undefined, {}, 404, 'not-found'],
    'an id that none can be': ['GET', '/fhir/Condition/a_b', undefined, {}, 404, 'not-found'],
    'a type that R4 lacks': ['GET', '/fhir/Inventory/1', undefined, {}, 403, 'forbidden'],
    'an address where nothing is': ['GET', '/fhir/a/b/c/d', undefined, {}, 404, 'not-supported'],
    'an address outside of FHIR': ['GET', '/nothing', undefined, {}, 404, 'not-supported'],
    'a method that is not supported there': ['PUT', '/fhir/metadata', condition, {}, 405, 'not-supported'],
    'an address that cannot be decoded': ['GET', '/fhir/Condition/%E0%A4%A', undefined, {}, 400, 'structure'],
    'a media type that is not FHIR': [
      'POST',
      '/fhir/Condition',
      'x',
      { 'Content-Type': 'text/csv' },
      415,
      'not-supported',
    ],
    'a charset that FHIR is not in': [
      'POST',
      '/fhir/Condition',
      condition,
      { 'Content-Type': 'application/fhir+json; charset=latin1' },
      415,
      'not-supported',
    ],
    'a compressed body': ['POST', '/fhir/Condition', condition, { 'Content-Encoding': 'gzip' }, 415, 'not-supported'],
    'an answer that nobody can give': [
      'GET',
      '/fhir/metadata',
      undefined,
      { Accept: 'application/pdf, application/fhir+json; fhirVersion=5.0' },
      406,
      'not-supported',
    ],
    'JSON that breaks': ['POST', '/fhir/Condition', '{"resourceType":"Condition",', {}, 400, 'structure'],
    'no body at all': ['POST', '/fhir/Condition', '', {}, 400, 'structure'],
    'a body of another type': ['POST', '/fhir/Condition', { resourceType: 'Patient' }, {}, 400, 'invalid'],
    'a body that is too long': [
      'POST',
      '/fhir/Condition',
      { ...condition, note: 'x'.repeat(20_001) },
      {},
      413,
      'too-long',
    ],
    'an operation that does not exist': ['GET', '/fhir/$nothing', undefined, {}, 404, 'not-supported'],
  };
  for (const [what, [method, path, body, headers, status, code]] of Object.entries(faults))
    it(`answers ${what} with ${status} and an OperationOutcome`, async () => {
      const issue = await told(await nurse.send(method, path, body, headers), status, code);
      expect(issue.diagnostics).to.have.length.above(10);
    });

  it('names the methods that an address takes', async () => {
    expect((await nurse.send('DELETE', '/fhir/metadata')).headers.get('allow')).to.equal('GET, HEAD');
  });

  it('refuses bytes that are not UTF-8', async () => {
    const body = Buffer.concat([
      Buffer.from('{"resourceType":"Condition","x":"'),
      Buffer.from([0xff, 0xfe]),
      Buffer.from('"}'),
    ]);
    const answer = await fetch(`${server.url}/fhir/Condition`, {
      method: 'POST',
      body,
      headers: { Authorization: `Bearer ${nurse.token}`, 'Content-Type': 'application/fhir+json' },
    });
    expect((await told(answer, 400, 'structure')).diagnostics).to.contain('UTF-8');
  });

  it('says where the fault is', async () => {
    const issue = await told(await nurse.send('POST', '/fhir/Condition', { resourceType: 'Patient' }), 400, 'invalid');
    expect(issue.expression).to.deep.equal(['resourceType']);
  });

  it('ends a body that is announced short and sent long', async () => {
    const socket = connect(Number(new URL(server.url).port), 'localhost');
    socket.write(
      `POST /fhir/Condition HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${nurse.token}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`,
    );
    socket.write(`5000\r\n${'x'.repeat(0x5000)}\r\n0\r\n\r\n`);
    socket.end();
    expect(await readAll(socket)).to.match(/^HTTP\/1\.1 413/);
  });

  it('keeps what went wrong inside from the caller, and the words of the error from the log', async () => {
    const answer = await fetch(`${server.url}/api/odd/crash`);
    const id = answer.headers.get('x-request-id') ?? '';
    const issue = await told(answer, 500, 'exception');
    expect(issue.diagnostics).to.not.contain('Jane');
    const logged = server.lines.filter((line) => line.includes(id)).join('\n');
    expect(logged).to.contain('TypeError').and.contain('http.test.ts').and.not.contain('Jane');
  });

  it('logs each request with ids and without its query, its token or its body', async () => {
    const { headers } = await nurse.send('GET', '/fhir/Condition/none?name=Roe&_token=x');
    const line =
      server.lines.find(
        (each) => each.includes(headers.get('x-request-id') ?? '?') && each.includes('"msg":"request"'),
      ) ?? '';
    expect(JSON.parse(line)).to.include({ method: 'GET', path: '/fhir/Condition/none', status: 404 });
    expect(line).to.not.contain('Roe').and.not.contain(nurse.token);
    expect((JSON.parse(line) as { subject: string }).subject).to.match(/^[\da-f-]{36}$/);
    expect((await nurse.send('GET', '/fhir/Condition/Jane%20Roe')).status).to.equal(404);
    expect(server.lines.join('\n')).to.not.contain('Jane');
  });

  it("keeps the caller's request id when it is harmless, and the trace", async () => {
    expect(
      (await nurse.send('GET', '/fhir/metadata', undefined, { 'X-Request-Id': 'abc-1' })).headers.get('x-request-id'),
    ).to.equal('abc-1');
    expect(
      (await nurse.send('GET', '/fhir/metadata', undefined, { 'X-Request-Id': 'a b{}' })).headers.get('x-request-id'),
    ).to.match(/^[\da-f-]{36}$/);
    const trace = 'c'.repeat(32);
    await nurse.send('GET', '/fhir/metadata', undefined, { traceparent: `00-${trace}-${'d'.repeat(16)}-01` });
    expect(server.lines.some((line) => line.includes(trace))).to.equal(true);
  });

  it('binds browsers on every answer', async () => {
    for (const path of ['/fhir/metadata', '/nothing', '/healthz']) {
      const { headers } = await fetch(`${server.url}${path}`);
      expect(Object.fromEntries(headers), path).to.include({
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'cache-control': 'no-store',
        'referrer-policy': 'no-referrer',
      });
      expect(headers.get('content-security-policy')).to.contain("default-src 'none'");
      expect(headers.has('x-powered-by')).to.equal(false);
    }
  });

  it('lets pages of configured origins call, and no others', async () => {
    const ask = (origin: string, method: string, headers = {}) =>
      fetch(`${server.url}/fhir/metadata`, { method, headers: { Origin: origin, ...headers } });
    const known = await ask('https://ehr.example', 'GET');
    expect(known.headers.get('access-control-allow-origin')).to.equal('https://ehr.example');
    const preflight = await ask('https://ehr.example', 'OPTIONS', { 'Access-Control-Request-Method': 'POST' });
    expect(preflight.status).to.equal(204);
    expect(preflight.headers.get('access-control-allow-headers')).to.contain('If-None-Exist');
    for (const stranger of ['https://ehr.example.evil', 'null', 'http://ehr.example'])
      expect((await ask(stranger, 'GET')).headers.has('access-control-allow-origin'), stranger).to.equal(false);
  });

  it('compresses what is long, by what the caller takes', async () => {
    const raw = (encoding: string) =>
      new Promise<Record<string, unknown>>((resolve, reject) => {
        request(`${server.url}/api/odd/long`, { headers: { 'Accept-Encoding': encoding } }, (answer) => {
          answer.resume();
          resolve(answer.headers);
        })
          .on('error', reject)
          .end();
      });
    expect((await raw('gzip'))['content-encoding']).to.equal('gzip');
    expect((await raw('br, gzip'))['content-encoding']).to.equal('br');
    expect(await raw('identity')).to.not.have.property('content-encoding');
    expect(await (await fetch(`${server.url}/api/odd/long`)).json())
      .to.have.property('long')
      .with.length(5_000);
  });

  it('answers the routes of plugins behind what they declare', async () => {
    expect((await fetch(`${server.url}/api/odd/echo/x`, { method: 'POST', body: 'y' })).status).to.equal(401);
    const echoed = await (await nurse.send('POST', '/api/odd/echo/x?q=1', 'y')).json();
    expect(echoed).to.include({ what: 'x', body: 'y', q: '1' });
  });

  it('tells a route when its caller hangs up', async () => {
    const controller = new AbortController();
    const asked = fetch(`${server.url}/api/odd/wait`, { signal: controller.signal }).catch(
      (error: Error) => error.name,
    );
    const socket = connect(Number(new URL(server.url).port), 'localhost');
    await once(socket, 'connect');
    socket.destroy();
    controller.abort();
    expect(await asked).to.equal('AbortError');
    await heardHangUp;
  });

  it('serves pages with a policy of their own, once, and nothing outside their folder', async () => {
    const page = await fetch(`${server.url}/odd/`);
    expect(page.headers.get('content-type')).to.equal('text/html; charset=utf-8');
    expect(page.headers.get('content-security-policy')).to.contain("default-src 'self'").and.not.contain('unsafe');
    // Not by fetch, which adds `Cache-Control: no-cache` to such a request.
    const again = request(`${server.url}/odd/`, { headers: { 'If-None-Match': page.headers.get('etag') ?? '' } }).end();
    const [answer] = (await once(again, 'response')) as [IncomingMessage];
    answer.resume();
    expect(answer.statusCode).to.equal(304);
    for (const path of ['/odd/../package.json', '/odd/%2e%2e/package.json', '/odd/..%2fpackage.json']) {
      const socket = connect(Number(new URL(server.url).port), 'localhost');
      socket.end(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      expect(await readAll(socket), path).to.match(/^HTTP\/1\.1 404/);
    }
  });

  it('says that it lives, that it is ready with each part, and what it has counted', async () => {
    expect((await fetch(`${server.url}/healthz`)).status).to.equal(200);
    const ready = await fetch(`${server.url}/readyz`);
    expect([ready.status, await ready.json()]).to.deep.equal([
      200,
      {
        ready: true,
        parts: [
          { name: 'kernel', ready: true },
          { name: 'database', ready: true },
        ],
      },
    ]);
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    expect(metrics).to.match(/heddle_http_request_seconds_count\{method="POST",area="fhir",status="201"\} [1-9]/);
    expect(metrics).to.match(/heddle_interaction_seconds_count\{verb="create",status="201"\} [1-9]/);
    expect(metrics).to.match(/heddle_statements_total\{lane="write",result="ok"\} [1-9]/);
    expect(metrics).to.match(/heddle_database_up 1/);
    expect(metrics).to.not.match(/Roe|none\b/);
  });
});
