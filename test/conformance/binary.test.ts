import { createHash, randomBytes } from 'node:crypto';
import { request, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { expect } from 'chai';
import { startTestServer, type TestCaller, type TestServer } from '@heddle/core/testing';
import { eventually } from '../../core/test/eventually.ts';
import { sql } from '../../core/test/store/rig.ts';
import { ask, at, listAt, made, patient, refusedWith } from './asked.ts';
import { binary, handOn, idIn } from './binary-asked.ts';

describe('a Binary', () => {
  let server: TestServer;
  let admin: TestCaller;
  let hand: ReturnType<typeof handOn>;
  before(async () => {
    server = await startTestServer({
      environment: {
        HEDDLE__FHIR__BINARY__LIMIT_BYTES: '60000000',
        HEDDLE__FHIR__BINARY__INLINE_BYTES: '100000',
        HEDDLE__FHIR__BINARY__CONTENT_TYPES__REFUSE: 'application/x-msdownload,application/x-sh',
      },
    });
    admin = await server.as('admin');
    hand = handOn(server, admin);
  });
  after(() => server.close());

  describe('as its bytes', () => {
    it('comes back as it was sent, whatever its bytes and their number', async () => {
      for (const size of [0, 1, 2, 3, 262_143, 262_144, 262_145, 700_000]) {
        const bytes = randomBytes(size);
        const id = await hand.put(bytes, 'application/octet-stream');
        const { status, headers, bytes: back } = await hand.get(`Binary/${id}`);
        expect([status, headers.get('content-length'), back.equals(bytes)], `${size}`).to.deep.equal([
          200,
          String(size),
          true,
        ]);
      }
    });

    it('is stored as bytes, in pieces, with nothing of them in the resource', async () => {
      const id = await hand.put(randomBytes(600_000), 'image/png');
      const [row] = await sql(
        server.database.owner,
        `select r.tail, (select array_agg(octet_length(p.bytes) order by p.at) from heddle.piece p where p.number = c.number) as sizes
           from heddle.resource r join heddle.content c on c.rid = r.rid where r.id = '${id}'`,
      );
      expect(row).to.deep.equal({ tail: '},"contentType":"image/png"}', sizes: [262_144, 262_144, 75_712] });
    });

    it('is created with the head of any resource and no body, and read with its own', async () => {
      const id = await made(admin, patient());
      const created = await hand.post(Buffer.from('GIF89a'), 'image/gif', { 'X-Security-Context': `Patient/${id}` });
      expect([created.status, await created.text(), created.headers.get('etag')]).to.deep.equal([201, '', 'W/"1"']);
      expect(created.headers.get('location')).to.match(/\/fhir\/Binary\/[^/]+\/_history\/1$/);
      const { headers } = await hand.get(`Binary/${idIn(created)}`);
      const told = [
        ...['content-type', 'etag', 'x-security-context', 'x-content-type-options', 'content-disposition'],
        ...['content-security-policy', 'accept-ranges', 'vary', 'cache-control'],
      ].map((name) => [name, headers.get(name)]);
      expect(Object.fromEntries(told)).to.deep.equal({
        'content-type': 'image/gif',
        etag: 'W/"1"',
        'x-security-context': `Patient/${id}`,
        'x-content-type-options': 'nosniff',
        'content-disposition': `inline; filename="${idIn(created)}"`,
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
        'accept-ranges': 'bytes',
        vary: 'Accept',
        'cache-control': 'no-store',
      });
      expect(Date.parse(headers.get('last-modified') ?? '')).to.be.greaterThan(Date.now() - 60_000);
    });

    it('keeps every word of its media type, and answers HEAD with the head of GET', async () => {
      const id = await hand.put(Buffer.from('grüße', 'latin1'), 'text/plain; charset=iso-8859-1');
      const { headers } = await hand.get(`Binary/${id}`);
      expect(headers.get('content-type')).to.equal('text/plain; charset=iso-8859-1');
      const head = await admin.send('HEAD', `/fhir/Binary/${id}`);
      expect([head.status, head.headers.get('content-length'), await head.text()]).to.deep.equal([200, '5', '']);
    });

    for (const [type, shown] of [
      ['image/png', 'inline'],
      ['text/plain', 'inline'],
      ['audio/ogg', 'inline'],
      ['video/mp4', 'inline'],
      ['text/html', 'attachment'],
      ['Text/HTML; charset=utf-8', 'attachment'],
      ['application/xhtml+xml', 'attachment'],
      ['image/svg+xml', 'attachment'],
      ['text/xsl', 'attachment'],
      ['text/javascript', 'attachment'],
      ['application/pdf', 'attachment'],
      ['multipart/related', 'attachment'],
      ['application/octet-stream', 'attachment'],
    ])
      it(`of the type ${type} is ${shown}, in a sandbox`, async () => {
        const { headers } = await hand.get(`Binary/${await hand.put(Buffer.from('<script>'), type ?? '')}`);
        expect(headers.get('content-disposition')?.split(';')[0]).to.equal(shown);
        expect(headers.get('content-security-policy')).to.match(/default-src 'none'.*sandbox/);
      });

    it('is replaced by PUT, under an id of the caller’s own too, and every version keeps its bytes', async () => {
      const type = { 'Content-Type': 'text/plain' };
      expect((await hand.send(admin, 'PUT', 'Binary/mine', Buffer.from('one'), type)).status).to.equal(201);
      expect((await hand.send(admin, 'PUT', 'Binary/mine', Buffer.from('two'), type)).status).to.equal(200);
      const stale = await hand.send(admin, 'PUT', 'Binary/mine', Buffer.from('three'), {
        ...type,
        'If-Match': 'W/"1"',
      });
      expect(stale.status).to.equal(412);
      expect((await hand.get('Binary/mine')).bytes.toString()).to.equal('two');
      expect((await hand.get('Binary/mine/_history/1')).bytes.toString()).to.equal('one');
      await ask(admin, 'DELETE', 'Binary/mine');
      expect((await hand.get('Binary/mine')).status).to.equal(410);
      expect((await hand.get('Binary/mine/_history/2')).bytes.toString()).to.equal('two');
    });

    it('answers 304 to who has the version already', async () => {
      const id = await hand.put(Buffer.from('same'), 'text/plain');
      const { headers } = await hand.get(`Binary/${id}`);
      const same = await hand.get(`Binary/${id}`, { 'If-None-Match': headers.get('etag') ?? '' });
      expect([same.status, same.bytes.length, same.headers.get('etag')]).to.deep.equal([304, 0, 'W/"1"']);
      const since = await hand.get(`Binary/${id}`, { 'If-Modified-Since': headers.get('last-modified') ?? '' });
      expect(since.status).to.equal(304);
      expect((await hand.get(`Binary/${id}`, { 'If-None-Match': 'W/"2"' })).status).to.equal(200);
    });
  });

  describe('in ranges', () => {
    const text = 'abcdefghijklmnopqrstuvwxyz';
    let id: string;
    before(async () => {
      id = await hand.put(Buffer.from(text), 'text/plain');
    });
    for (const [range, status, said, part] of [
      ['bytes=0-3', 206, 'bytes 0-3/26', 'abcd'],
      ['bytes=24-', 206, 'bytes 24-25/26', 'yz'],
      ['bytes=-3', 206, 'bytes 23-25/26', 'xyz'],
      ['bytes=-99', 206, 'bytes 0-25/26', text],
      ['bytes=20-99', 206, 'bytes 20-25/26', 'uvwxyz'],
      ['bytes=25-25', 206, 'bytes 25-25/26', 'z'],
      ['bytes=0-1, 30-40', 206, 'bytes 0-1/26', 'ab'],
      ['bytes=26-', 416, 'bytes */26', undefined],
      ['bytes=-0', 416, 'bytes */26', undefined],
      ['bytes=5-2', 200, null, text],
      ['bytes=a-b', 200, null, text],
      ['bytes=-', 200, null, text],
      ['lines=1-2', 200, null, text],
      ['bytes=0-25,0-25', 200, null, text],
    ] as const)
      it(`${range} is answered with ${status}`, async () => {
        const answer = await hand.get(`Binary/${id}`, { Range: range });
        expect([answer.status, answer.headers.get('content-range')]).to.deep.equal([status, said]);
        if (part !== undefined) expect(answer.bytes.toString()).to.equal(part);
        if (part !== undefined) expect(answer.headers.get('content-length')).to.equal(String(part.length));
      });

    it('several are answered as parts of one body', async () => {
      const { status, headers, bytes } = await hand.get(`Binary/${id}`, { Range: 'bytes=0-1,-2' });
      const [, boundary] = /^multipart\/byteranges; boundary=(\S+)$/.exec(headers.get('content-type') ?? '') ?? [];
      expect([status, headers.get('content-length')]).to.deep.equal([206, String(bytes.length)]);
      expect(bytes.toString()).to.equal(
        [
          ...['', `--${boundary}`, 'Content-Type: text/plain', 'Content-Range: bytes 0-1/26', '', 'ab'],
          ...[`--${boundary}`, 'Content-Type: text/plain', 'Content-Range: bytes 24-25/26', '', 'yz'],
          ...[`--${boundary}--`, ''],
        ].join('\r\n'),
      );
    });

    it('are those of one version: If-Range with another tag or time answers all of it', async () => {
      const { headers } = await hand.get(`Binary/${id}`);
      const status = async (ifRange: string) =>
        (await hand.get(`Binary/${id}`, { Range: 'bytes=0-3', 'If-Range': ifRange })).status;
      expect(await status(headers.get('etag') ?? '')).to.equal(206);
      expect(await status('"1"')).to.equal(206);
      expect(await status(headers.get('last-modified') ?? '')).to.equal(206);
      expect(await status('W/"2"')).to.equal(200);
      expect(await status('Thu, 01 Jan 2015 00:00:00 GMT')).to.equal(200);
      expect((await hand.get(`Binary/${id}`, { Range: 'bytes=0-3', 'If-None-Match': 'W/"1"' })).status).to.equal(304);
    });

    it('cross the borders of pieces', async () => {
      const bytes = randomBytes(800_000);
      const long = await hand.put(bytes, 'application/octet-stream');
      const got = await hand.get(`Binary/${long}`, { Range: 'bytes=262100-600000' });
      expect(got.bytes.equals(bytes.subarray(262_100, 600_001))).to.equal(true);
      expect((await hand.get(`Binary/${await hand.put(Buffer.of(), 'a/b')}`, { Range: 'bytes=0-' })).status).to.equal(
        416,
      );
    });
  });

  describe('is refused', () => {
    it('where its media type is not taken, is none, or is not said', async () => {
      const before = await hand.pieces();
      for (const type of ['application/x-sh', 'APPLICATION/X-MSDOWNLOAD; x=y', 'nonsense', 'a/b c'])
        expect((await hand.post(Buffer.from('x'), type)).status, type).to.equal(415);
      expect((await ask(admin, 'POST', 'Binary', binary({ contentType: 'application/x-sh' }))).status).to.equal(415);
      const encoded = await hand.post(Buffer.from('x'), 'a/b', { 'Content-Encoding': 'gzip' });
      expect(encoded.status).to.equal(415);
      expect(await hand.pieces()).to.deep.equal(before);
    });

    it('where it is too long, said beforehand or not, and nothing of it stays', async () => {
      const before = await hand.pieces();
      expect((await hand.post(Buffer.alloc(60_000_001), 'a/b')).status).to.equal(413);
      const answer = await new Promise<number>((resolve, reject) => {
        const sent = request(`${server.url}/fhir/Binary`, {
          method: 'POST',
          headers: { Authorization: `Bearer ${admin.token}`, 'Content-Type': 'a/b', 'Transfer-Encoding': 'chunked' },
        });
        sent.on('response', (response) => {
          resolve(response.statusCode ?? 0);
          sent.destroy();
        });
        sent.on('error', reject);
        const chunk = Buffer.alloc(1_000_000);
        let left = 70;
        const more = (): void => {
          while (left-- > 0 && !sent.destroyed) if (!sent.write(chunk)) return void sent.once('drain', more);
        };
        more();
      });
      expect(answer).to.equal(413);
      await eventually(async () => expect(await hand.pieces()).to.deep.equal(before));
    });

    it('where the sender breaks off, and nothing of it stays', async () => {
      const before = await hand.pieces();
      const sent = request(`${server.url}/fhir/Binary`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${admin.token}`, 'Content-Type': 'a/b', 'Content-Length': '5000000' },
      });
      sent.on('error', () => undefined);
      sent.write(Buffer.alloc(2_000_000));
      await eventually(async () => expect(await hand.pieces()).to.have.property('uploads', 1));
      sent.destroy();
      await eventually(async () => expect(await hand.pieces()).to.deep.equal(before));
    });

    it('where its security context is none or leads nowhere', async () => {
      const of = async (context: string) =>
        (await hand.post(Buffer.from('x'), 'a/b', { 'X-Security-Context': context })).status;
      expect(await of('Patient/nobody')).to.equal(422);
      expect(await of('everybody')).to.equal(400);
    });
  });

  describe('and who may see it', () => {
    it('a range of media types is none', async () => {
      for (const type of ['*/*', 'image/*'])
        expect((await hand.post(Buffer.from('x'), type)).status, type).to.equal(415);
      expect((await hand.post(Buffer.from('x'), 'text/html;')).status).to.equal(201);
    });

    it('another tenant sees nothing of it', async () => {
      const other = await server.as('otherhospital-admin');
      const id = await hand.put(Buffer.from('ours'), 'text/plain');
      expect((await hand.get(`Binary/${id}`, {}, other)).status).to.equal(404);
      expect(
        (await hand.send(other, 'PUT', `Binary/${id}`, Buffer.from('theirs'), { 'Content-Type': 'a/b' })).status,
      ).to.equal(201);
      expect((await hand.get(`Binary/${id}`)).bytes.toString()).to.equal('ours');
      expect((await hand.get(`Binary/${id}`, {}, other)).bytes.toString()).to.equal('theirs');
    });

    it('whoever may not read its security context may not read, find, change or delete it', async () => {
      const doctor = await server.as('doctor');
      const coverage = await made(admin, { resourceType: 'Account', status: 'active' });
      const [open, closed] = [`Patient/${await made(admin, patient())}`, `Account/${coverage}`];
      const mine = await hand.put(Buffer.from('open'), 'text/plain', { 'X-Security-Context': open });
      const theirs = await hand.put(Buffer.from('closed'), 'text/plain', {
        'X-Security-Context': `${server.url}/fhir/${closed}`,
      });
      expect((await hand.get(`Binary/${mine}`, {}, doctor)).bytes.toString()).to.equal('open');
      expect((await hand.get(`Binary/${theirs}`)).bytes.toString()).to.equal('closed');
      for (const path of [`Binary/${theirs}`, `Binary/${theirs}/_history/1`])
        refusedWith(await ask(doctor, 'GET', path), 403, 'forbidden');
      const changed = await hand.send(doctor, 'PUT', `Binary/${theirs}`, Buffer.from('x'), { 'Content-Type': 'a/b' });
      expect(changed.status).to.equal(403);
      // Bytes that say nothing of who may see them leave it as it was.
      expect(
        (await hand.send(admin, 'PUT', `Binary/${theirs}`, Buffer.from('y'), { 'Content-Type': 'a/b' })).status,
      ).to.equal(200);
      expect((await hand.get(`Binary/${theirs}`, {}, doctor)).status).to.equal(403);
      const patched = await ask(doctor, 'PATCH', `Binary/${theirs}`, '[{"op":"remove","path":"/securityContext"}]', {
        'Content-Type': 'application/json-patch+json',
      });
      refusedWith(patched, 403, 'forbidden');
      for (const path of [`Binary?_id=${mine},${theirs}`, 'Binary/_history']) {
        const found = listAt((await ask(doctor, 'GET', path)).body, 'entry').map((entry) =>
          at(entry, 'resource', 'id'),
        );
        expect(found).to.include(mine).and.not.to.include(theirs);
      }
      const attached = await hand.send(doctor, 'POST', 'Binary', Buffer.from('x'), {
        'Content-Type': 'a/b',
        'X-Security-Context': closed,
      });
      expect(attached.status).to.equal(422);
      const nurse = await server.as('receptionist');
      expect((await hand.send(nurse, 'POST', 'Binary', Buffer.from('x'), { 'Content-Type': 'a/b' })).status).to.equal(
        403,
      );
    });
  });

  describe('erased', () => {
    it('takes its bytes with it, version by version, and those that versions share with the last of them', async () => {
      const id = await hand.put(Buffer.from('kept'), 'text/plain');
      await ask(admin, 'PATCH', `Binary/${id}`, '[{"op":"replace","path":"/contentType","value":"text/csv"}]', {
        'Content-Type': 'application/json-patch+json',
      });
      const numbers = `select distinct c.number from heddle.content c join heddle.resource r on r.rid = c.rid where r.id = '${id}'`;
      const [row] = await sql(server.database.owner, numbers);
      const left = async () =>
        (
          await sql(
            server.database.owner,
            `select count(*)::int as n from heddle.piece where number = ${String(row?.number)}`,
          )
        )[0]?.n;
      await sql(
        server.database.owner,
        `delete from heddle.history h using heddle.resource r where r.id = '${id}' and h.rid = r.rid`,
      );
      expect(await left()).to.equal(1);
      expect((await hand.get(`Binary/${id}`)).bytes.toString()).to.equal('kept');
      await sql(server.database.owner, `delete from heddle.resource where id = '${id}'`);
      expect(await left()).to.equal(0);
    });
  });

  describe('of 50 MB', () => {
    const size = 50_000_000;
    const chunk = randomBytes(1_000_000);
    let path: string;
    before(async function () {
      this.timeout(60_000);
      let left = size / chunk.length;
      const source = new ReadableStream<Uint8Array>({
        pull: (controller) => (left-- > 0 ? controller.enqueue(chunk) : controller.close()),
      });
      const created = await hand.send(admin, 'POST', 'Binary', source, { 'Content-Type': 'video/mp4' });
      expect(created.status).to.equal(201);
      path = `/fhir/Binary/${idIn(created)}`;
    });

    it('comes back byte by byte', async () => {
      const [sent, got] = [createHash('sha256'), createHash('sha256')];
      for (let part = 0; part < size / chunk.length; part++) sent.update(chunk);
      for await (const part of (await admin.send('GET', path)).body ?? []) got.update(part as Uint8Array);
      expect(got.digest('hex')).to.equal(sent.digest('hex'));
    }).timeout(60_000);

    const begun = async () => {
      const asked = request(`${server.url}${path}`, { headers: { Authorization: `Bearer ${admin.token}` } });
      asked.end();
      const [response] = (await once(asked, 'response')) as [IncomingMessage];
      return { asked, response };
    };

    it('holds no connection of the database while its reader does not read, nor after they have gone', async () => {
      const readers = await Promise.all(Array.from({ length: 10 }, begun));
      const busy = `select count(*)::int as n from pg_stat_activity where datname = '${server.database.name}' and usename = '${server.database.servingName}' and state <> 'idle'`;
      await eventually(async () => expect(await sql(server.database.superuser, busy)).to.deep.equal([{ n: 0 }]));
      expect((await ask(admin, 'GET', 'Patient')).status).to.equal(200);
      for (const { asked } of readers) asked.destroy();
      expect((await ask(admin, 'GET', 'Patient')).status).to.equal(200);
    });

    it('is cut, and never short without a word, where it is erased while it is read', async () => {
      const { response } = await begun();
      await sql(server.database.owner, `delete from heddle.resource where id = '${path.split('/').at(-1) ?? ''}'`);
      const ended = new Promise((resolve) => {
        response.once('error', (error) => resolve(error.message));
        response.once('end', () => resolve('whole'));
      });
      response.resume();
      expect(await ended).to.equal('aborted');
      expect((await ask(admin, 'GET', 'Patient')).status).to.equal(200);
    });
  });
});
