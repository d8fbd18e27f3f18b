import { expect } from 'chai';
import { startTestServer, type TestCaller, type TestServer } from '@heddle/core/testing';
import { eventually } from '../../core/test/eventually.ts';
import { sql } from '../../core/test/store/rig.ts';
import { ask, at, identified, listAt, made, patient, refusedWith, type Answered, type Json } from './asked.ts';

const later = { Prefer: 'respond-async' };

describe('Prefer: respond-async', () => {
  let server: TestServer;
  let admin: TestCaller;
  before(async () => {
    server = await startTestServer({ environment: { HEDDLE__FHIR__DEFERRED__MOST_WAITING: '5' } });
    admin = await server.as('admin');
  });
  after(() => server.close());

  const placeOf = ({ status, headers, text }: Answered): string => {
    expect(status, text).to.equal(202);
    expect(headers.get('retry-after')).to.match(/^\d+$/);
    return (headers.get('content-location') ?? '').replace(`${server.url}/fhir/`, '');
  };
  const answerAt = (place: string, caller = admin): Promise<Answered> =>
    eventually(async () => {
      const answer = await ask(caller, 'GET', place);
      expect(answer.status, answer.text).not.to.equal(202);
      return answer;
    });
  const batch = (...entry: readonly Json[]): Json => ({ resourceType: 'Bundle', type: 'batch', entry });
  const create = (value: string): Json => ({
    resource: identified(value),
    request: { method: 'POST', url: 'Patient' },
  });
  const jobs = async () =>
    (await sql(server.database.owner, 'select payload from graphile_worker._private_jobs')).length;

  it('answers a search later, as the one entry of a batch-response', async () => {
    const id = await made(admin, identified('later'));
    const place = placeOf(await ask(admin, 'GET', 'Patient?identifier=later', undefined, later));
    expect(place).to.match(/^\$async-status\/[\w-]+$/);
    const answer = await answerAt(place);
    expect(answer.status).to.equal(200);
    expect(at(answer.body, 'type')).to.equal('batch-response');
    expect(at(answer.body, 'entry', 0, 'response', 'status')).to.equal('200 OK');
    expect(at(answer.body, 'entry', 0, 'resource', 'type')).to.equal('searchset');
    expect(at(answer.body, 'entry', 0, 'resource', 'entry', 0, 'resource', 'id')).to.equal(id);
    expect(Date.parse(answer.headers.get('expires') ?? '')).to.be.greaterThan(Date.now() + 80_000_000);
    expect((await ask(admin, 'GET', place)).text).to.equal(answer.text);
  });

  it('answers histories, searches by form and operations so, and a read or a write at once', async () => {
    const id = await made(admin, patient());
    for (const path of [`Patient/${id}/_history`, 'Patient/_history?_count=1', '_history?_count=1', '$versions'])
      expect((await answerAt(placeOf(await ask(admin, 'GET', path, undefined, later)))).status, path).to.equal(200);
    const form = { ...later, 'Content-Type': 'application/x-www-form-urlencoded' };
    const searched = await ask(admin, 'POST', 'Patient/_search', `_id=${id}`, form);
    expect(at((await answerAt(placeOf(searched))).body, 'entry', 0, 'resource', 'entry', 0, 'resource', 'id')).to.equal(
      id,
    );
    expect((await ask(admin, 'GET', `Patient/${id}`, undefined, later)).status).to.equal(200);
    expect((await ask(admin, 'POST', 'Patient', patient(), later)).status).to.equal(201);
  });

  it('keeps what was said of the form', async () => {
    await made(admin, identified('formed'));
    const path = 'Patient?identifier=formed&_elements=id&_format=xml';
    const place = placeOf(await ask(admin, 'GET', path, undefined, later));
    const answer = await answerAt(place);
    expect(answer.headers.get('content-type')).to.contain('xml');
    expect(answer.text).to.contain('SUBSETTED').and.not.to.contain('<identifier>');
  });

  it('does a batch, each entry once, and says how far it is', async () => {
    const known = await made(admin, identified('known'));
    const place = placeOf(
      await ask(
        admin,
        'POST',
        '',
        batch(
          create('b1'),
          { request: { method: 'GET', url: `Patient/${known}` } },
          { request: { method: 'DELETE', url: `Patient/${known}` } },
          { request: { method: 'GET', url: 'Patient/never' } },
          { resource: patient({ gender: 'x' }), request: { method: 'POST', url: 'Patient' } },
        ),
        later,
      ),
    );
    const { body } = await answerAt(place);
    expect(at(body, 'type')).to.equal('batch-response');
    expect(listAt(body, 'entry').map((entry) => String(at(entry, 'response', 'status')).slice(0, 3))).to.deep.equal([
      ...['201', '200', '204', '404', '400'],
    ]);
    expect(listAt((await ask(admin, 'GET', 'Patient?identifier=b1')).body, 'entry')).to.have.length(1);
  });

  it('answers 202 with what is known while it runs', async () => {
    const many = batch(...Array.from({ length: 300 }, (_, n) => create(`many-${n}`)));
    const place = placeOf(await ask(admin, 'POST', '', many, later));
    const first = await ask(admin, 'GET', place);
    expect(first.status).to.equal(202);
    expect(first.headers.get('x-progress')).to.match(/waiting|running|\d+ of 300/);
    await eventually(async () => {
      const answer = await ask(admin, 'GET', place);
      expect(answer.headers.get('x-progress')).to.match(/^\d+ of 300 entries$/);
    });
    expect(listAt((await eventually(() => answerAt(place))).body, 'entry')).to.have.length(300);
  }).timeout(30_000);

  it('tells the refusal where it was refused', async () => {
    const place = placeOf(await ask(admin, 'GET', 'Patient?birthdate=nonsense', undefined, later));
    refusedWith(await answerAt(place), 400, 'invalid');
    const nurse = await server.as('nurse');
    refusedWith(await ask(nurse, 'GET', 'Account', undefined, later), 403, 'forbidden');
  });

  it('is nobody else’s to see or to take back', async () => {
    const place = placeOf(await ask(admin, 'GET', 'Patient', undefined, later));
    for (const name of ['doctor', 'otherhospital-admin']) {
      const other = await server.as(name);
      refusedWith(await ask(other, 'GET', place), 404, 'not-found');
      refusedWith(await ask(other, 'DELETE', place), 404, 'not-found');
    }
    expect((await answerAt(place)).status).to.equal(200);
    expect((await ask(admin, 'GET', '$async-status/never')).status).to.equal(404);
  });

  it('is broken off and forgotten when it is taken back', async () => {
    const many = batch(...Array.from({ length: 2_000 }, (_, n) => create(`gone-${n}`)));
    const place = placeOf(await ask(admin, 'POST', '', many, later));
    await eventually(async () =>
      expect((await ask(admin, 'GET', place)).headers.get('x-progress')).to.match(/^\d+ of/),
    );
    expect((await ask(admin, 'DELETE', place)).status).to.equal(202);
    refusedWith(await ask(admin, 'GET', place), 404, 'not-found');
    await eventually(async () => expect(await jobs()).to.equal(0));
    const found = async () => listAt((await ask(admin, 'GET', 'Patient?identifier=gone-1999')).body, 'entry').length;
    expect(await found()).to.equal(0);
    expect(
      await sql(
        server.database.owner,
        `select (select count(*)::int from heddle.deferred where id = '${place.split('/')[1] ?? ''}') as kept,
                (select count(*)::int from heddle.deferred_entry where id = '${place.split('/')[1] ?? ''}') as entries`,
      ),
    ).to.deep.equal([{ kept: 0, entries: 0 }]);
  }).timeout(30_000);

  it('keeps nothing of a request where no tenant bounds it', async () => {
    await sql(
      server.database.owner,
      `create table heddle.seen as select payload::text as text from graphile_worker._private_jobs`,
    );
    const secret = 'Rumpelstiltskin';
    await sql(
      server.database.owner,
      `create function heddle.see() returns trigger language plpgsql security definer as $$ begin insert into heddle.seen values (new.payload::text); return new; end $$`,
      'create trigger see after insert on graphile_worker._private_jobs for each row execute function heddle.see()',
    );
    const place = placeOf(
      await ask(
        admin,
        'POST',
        '',
        batch({ resource: patient({ name: [{ family: secret }] }), request: { method: 'POST', url: 'Patient' } }),
        later,
      ),
    );
    await answerAt(place);
    const seen = await sql(server.database.owner, 'select text from heddle.seen');
    expect(seen).to.have.length(1);
    expect(JSON.parse(String(seen[0]?.text))).to.have.nested.property('about.id', place.split('/')[1]);
    expect(String(seen[0]?.text)).not.to.contain(secret);
  });

  it('keeps its answer for a time, and no longer', async () => {
    const place = placeOf(await ask(admin, 'GET', 'Patient', undefined, later));
    await answerAt(place);
    await sql(server.database.owner, `update heddle.deferred set expires = now() - interval '1 second'`);
    refusedWith(await ask(admin, 'GET', place), 404, 'not-found');
  });

  it('lets a caller have so many on the way, and no more', async () => {
    const slow = batch(...Array.from({ length: 500 }, (_, n) => create(`slow-${n}`)));
    const places: string[] = [];
    const statuses: number[] = [];
    for (let n = 0; n < 7; n++) {
      const answer = await ask(admin, 'POST', '', slow, later);
      statuses.push(answer.status);
      if (answer.status === 202) places.push(placeOf(answer));
    }
    expect(statuses.slice(0, 5)).to.deep.equal([202, 202, 202, 202, 202]);
    expect(statuses.slice(-1)).to.deep.equal([429]);
    for (const place of places) await ask(admin, 'DELETE', place);
  }).timeout(30_000);
});
