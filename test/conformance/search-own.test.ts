import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import { startTestServer, type TestCaller, type TestServer } from '@heddle/core/testing';
import { bringForward } from '../../core/src/store/own-passes.ts';
import { eventually } from '../../core/test/eventually.ts';
import { seeded } from '../../core/test/seeded.ts';
import { sql } from '../../core/test/store/rig.ts';
import { ask, at, listAt, made, observation, patient, refusedWith, textAt, type Json } from './asked.ts';

const described = (code: string, type: string, expression: string, rest: Json = {}): Json => ({
  ...{ resourceType: 'SearchParameter', url: `http://hospital.example/${code}`, name: code, status: 'active' },
  ...{ description: code, code, base: ['Patient'], type, expression },
  ...rest,
});

describe('a search parameter that is made at run time', () => {
  let here: TestServer;
  let there: TestServer;
  let admin: TestCaller;
  let onOther: TestCaller;
  let stranger: TestCaller;
  before(async () => {
    here = await startTestServer();
    there = await startTestServer({ database: here.database });
    admin = await here.as('admin');
    onOther = await there.as('admin');
    stranger = await here.as('otherhospital-admin');
  });
  after(async () => {
    await there.close();
    await here.close();
  });

  const put = async (resource: Json, id: string, status = 201): Promise<void> => {
    const answer = await ask(admin, 'PUT', `${String(resource.resourceType)}/${id}`, { ...resource, id });
    expect(answer.status, answer.text).to.equal(status);
  };
  const ids = async (query: string, caller = admin): Promise<string> => {
    const answer = await ask(caller, 'GET', query, undefined, { Prefer: 'handling=strict' });
    expect(answer.status, answer.text).to.equal(200);
    return listAt(answer.body, 'entry')
      .map((entry) => textAt(entry, 'resource', 'id'))
      .toSorted()
      .join(' ');
  };
  const statusOf = async (id: string): Promise<unknown> => {
    const { body } = await ask(admin, 'GET', `SearchParameter/${id}/$status`);
    return at(
      listAt(body, 'parameter').find((each) => at(each, 'name') === 'state'),
      'valueCode',
    );
  };
  const ready = (id: string) => eventually(async () => expect(await statusOf(id)).to.equal('ready'), 600);
  /** Heard of by both nodes. */
  const known = async (code: string): Promise<void> => {
    for (const caller of [admin, onOther])
      await eventually(async () => {
        const answer = await ask(caller, 'GET', `Patient?${code}:missing=true`, undefined, {
          Prefer: 'handling=strict',
        });
        expect(answer.status, answer.text).to.equal(200);
      });
  };
  const named = (...given: readonly string[]): Json => patient({ name: [{ use: 'nickname', given }, { family: 'F' }] });
  const nickname = described('nickname', 'string', `Patient.name.where(use = 'nickname').given`);

  it('finds what was there before, what is written since, and no longer what was changed', async () => {
    await put(named('Bob'), 'bob');
    await put(named('Rob'), 'rob');
    await put(nickname, 'nickname');
    await ready('nickname');
    await known('nickname');
    expect(await ids('Patient?nickname=bo')).to.equal('bob');
    await put(named('Bobby'), 'bobby');
    await put(named('Bert'), 'bob', 200);
    expect(await ids('Patient?nickname=bo')).to.equal('bobby');
    expect(await ids('Patient?nickname:exact=Bert&_sort=-nickname', onOther)).to.equal('bob');
    expect(await ids('Patient?nickname:missing=false')).to.equal('bob bobby rob');
    await ask(admin, 'DELETE', 'Patient/bobby');
    expect(await ids('Patient?nickname=bobby')).to.equal('');
  });

  it('is one tenant’s own', async () => {
    const strict = { Prefer: 'handling=strict' };
    refusedWith(await ask(stranger, 'GET', 'Patient?nickname=bo', undefined, strict), 400, 'invalid', /nickname/);
    refusedWith(await ask(stranger, 'GET', 'SearchParameter/nickname/$status'), 404, 'not-found');
  });

  it('follows what its resource says: another expression, not in use, gone', async () => {
    await put({ ...nickname, expression: 'Patient.name.family' }, 'nickname', 200);
    await ready('nickname');
    await known('nickname');
    await eventually(async () => expect(await ids('Patient?nickname=f', onOther)).to.equal('bob rob'));
    expect(await ids('Patient?nickname=f')).to.equal('bob rob');
    expect(await ids('Patient?nickname=bert')).to.equal('');
    await put({ ...nickname, status: 'retired' }, 'nickname', 200);
    expect(await statusOf('nickname')).to.equal('unused');
    const strict = { Prefer: 'handling=strict' };
    await eventually(async () =>
      refusedWith(await ask(admin, 'GET', 'Patient?nickname=f', undefined, strict), 400, 'invalid'),
    );
    await put(nickname, 'nickname', 200);
    await ready('nickname');
    expect((await ask(admin, 'DELETE', 'SearchParameter/nickname')).status).to.equal(204);
    await eventually(async () =>
      refusedWith(await ask(admin, 'GET', 'Patient?nickname=f', undefined, strict), 400, 'invalid'),
    );
  });

  it('leaves nothing behind when nobody can ask for it any more', async () => {
    const { owner } = here.database;
    const slots = () => sql(owner, `select slot from heddle.search_parameter where id = 'nickname'`);
    expect(await slots()).to.have.length(3);
    const before = await sql(owner, 'select count(*)::int as n from heddle.word');
    await sql(owner, `update heddle.search_parameter set since = now() - interval '2 minutes' where id = 'nickname'`);
    const { store } = here.serving.kernel;
    const { database, generations } = store;
    const { tenant } = await here.caller('admin');
    const signal = new AbortController().signal;
    expect(await bringForward({ database, generations, tenant, signal })).to.equal(false);
    expect(await slots()).to.have.length(0);
    const after = await sql(owner, 'select count(*)::int as n from heddle.word');
    expect(Number(after[0]?.['n'])).to.be.lessThan(Number(before[0]?.['n']));
  });

  it('finds every kind of value, and serves chains, includes and orders', async () => {
    const contact = 'Patient.contact.organization';
    await put(described('kin', 'reference', contact, { target: ['Organization'] }), 'kin');
    await put(described('siblings', 'number', 'Patient.multipleBirth as integer'), 'siblings');
    await put(described('moved', 'date', 'Patient.address.period'), 'moved');
    await put(described('card', 'token', 'Patient.photo.contentType'), 'card');
    await put(described('page', 'uri', 'Patient.link.other.reference'), 'page');
    await put({ resourceType: 'Organization', name: 'Northern' }, 'north');
    await put(
      patient({
        contact: [{ organization: { reference: 'Organization/north' } }],
        ...{
          multipleBirthInteger: 3,
          photo: [{ contentType: 'image/png' }],
          address: [{ period: { start: '2020-03' } }],
        },
      }),
      'full',
    );
    for (const id of ['kin', 'siblings', 'moved', 'card']) await ready(id);
    for (const code of ['kin', 'siblings', 'moved', 'card']) await known(code);
    const questions = [
      'kin=north',
      'kin.name=nor',
      'siblings=gt2',
      'moved=gt2021',
      'card=image/png',
      'kin:missing=false',
    ];
    for (const question of questions) expect(await ids(`Patient?${question}`), question).to.equal('full');
    expect(await ids('Patient?kin=north&_include=Patient:kin')).to.equal('full north');
    expect(await ids('Organization?_has:Patient:kin:siblings=3')).to.equal('north');
    expect((await ids('Patient?_sort=-siblings')).split(' ')).to.include('full');
    // A reference that only the tenant’s own parameter leads by still stands in the way of a deletion.
    expect((await ask(admin, 'DELETE', 'Organization/north')).status).to.equal(409);
  });

  it('is refused with the element that stands in the way', async () => {
    const refusals: readonly (readonly [Json, number, RegExp])[] = [
      [{ expression: 'Patient.name.where(' }, 400, /SearchParameter\.expression/],
      [{ expression: undefined }, 400, /SearchParameter\.expression/],
      [{ type: 'composite' }, 400, /SearchParameter\.type/],
      [{ type: 'special' }, 400, /SearchParameter\.type/],
      [{ code: '_mine' }, 400, /SearchParameter\.code/],
      [{ code: 'a.b' }, 400, /SearchParameter\.code/],
      // A name that every object has is one like any other.
      [{ code: 'constructor', expression: 'Patient.nosuch' }, 422, /Patient\.nosuch would find nothing/],
      [{ code: 'half', expression: 'Patient.gender | Patient.name.nosuch' }, 422, /SearchParameter\.expression/],
      [{ code: 'elsewhere', expression: 'Observation.status' }, 422, /SearchParameter\.expression/],
      [
        { code: 'again', expression: 'Patient.gender', url: 'http://hospital.example/kin' },
        422,
        /SearchParameter\.url/,
      ],
      [{ code: 'family', url: 'http://hospital.example/other' }, 409, /family already/],
      [{ code: 'kin', url: 'http://hospital.example/other' }, 409, /kin already/],
    ];
    for (const [rest, status, words] of refusals) {
      const answer = await ask(admin, 'POST', 'SearchParameter', { ...nickname, ...rest });
      expect(answer.status, answer.text).to.equal(status);
      expect(answer.text).to.match(words);
    }
    const draft = { ...nickname, status: 'draft', type: 'composite' };
    expect((await ask(admin, 'POST', 'SearchParameter', draft)).status).to.equal(201);
  });

  it('whose expression fails on a resource stands in nobody’s way', async () => {
    await put(described('only', 'string', 'Patient.name.given.single()'), 'only');
    await ready('only');
    await known('only');
    await put(patient({ name: [{ given: ['One'] }] }), 'single');
    await put(patient({ name: [{ given: ['One', 'Two'] }] }), 'double');
    expect(await ids('Patient?only=one')).to.equal('single');
  });

  it('cannot be asked for until all is indexed, and says so', async () => {
    const { connections } = here.serving.database.transactions;
    const client = await connections.connect();
    try {
      await client.query('begin; select pg_current_xact_id()');
      await put(described('slow', 'token', 'Patient.gender'), 'slow');
      await eventually(async () =>
        refusedWith(await ask(admin, 'GET', 'Patient?slow=male'), 503, 'transient', /SearchParameter\/slow\/\$status/),
      );
      // Whoever has a number of before could still commit what no page of the index will see.
      await pause(1_500);
      expect(await statusOf('slow')).to.equal('indexing');
    } finally {
      await client.query('rollback');
      client.release();
    }
    await ready('slow');
    await known('slow');
    expect(await ids('Patient?slow=male')).to.equal('');
  });

  it('misses nobody who is written while it comes, on two nodes, alone and in bundles', async () => {
    const { seed, whole, pick } = seeded();
    const callers = [admin, onOther];
    const before = await Promise.all(
      Array.from({ length: 60 }, (_, n) => made(callers[n % 2] ?? admin, patient({ birthDate: '1990-01-01' }))),
    );
    const end = new AbortController();
    const expected = new Map(before.map((id) => [id, '1990-01-01']));
    const writer = async (caller: TestCaller): Promise<void> => {
      while (!end.signal.aborted) {
        const birthDate = `19${50 + whole(40)}-0${1 + whole(9)}-11`;
        if (whole(3) === 0) {
          const id = pick([...expected.keys()]);
          const answer = await ask(caller, 'PUT', `Patient/${id}`, patient({ id, birthDate }));
          if (answer.status === 200) expected.delete(id);
        } else if (whole(2) === 0) {
          expected.set(await made(caller, patient({ birthDate })), birthDate);
        } else {
          const entry = [1, 2, 3].map(() => ({
            resource: patient({ birthDate }),
            request: { method: 'POST', url: 'Patient' },
          }));
          const answer = await ask(caller, 'POST', '', { resourceType: 'Bundle', type: 'transaction', entry });
          expect(answer.status, answer.text).to.equal(200);
          for (const each of listAt(answer.body, 'entry')) {
            const [, id = ''] = /Patient\/([^/]+)/.exec(textAt(each, 'response', 'location')) ?? [];
            expected.set(id, birthDate);
          }
        }
      }
    };
    const writers = [admin, onOther, admin, onOther].map(writer);
    await put(described('born', 'date', 'Patient.birthDate'), 'born');
    await ready('born');
    end.abort();
    await Promise.all(writers);
    await known('born');
    for (const [id, birthDate] of expected) {
      const { body } = await ask(admin, 'GET', `Patient/${id}`);
      const born = textAt(body, 'birthDate');
      expect(await ids(`Patient?_id=${id}&born=${born}`), `seed ${seed}: ${birthDate}`).to.equal(id);
    }
    const all = await ask(admin, 'GET', 'Patient?birthdate:missing=false&_summary=count');
    const own = await ask(admin, 'GET', 'Patient?born:missing=false&_summary=count');
    expect(at(own.body, 'total'), `seed ${seed}`).to.equal(at(all.body, 'total'));
  }).timeout(60_000);

  it('takes paths through extensions, and elements of whatever a resource holds', async () => {
    const url = 'http://hospital.example/ward';
    await put(described('ward', 'string', `Patient.extension.where(url = '${url}').value.ofType(string)`), 'ward');
    await put(
      described('held', 'string', 'Bundle.entry.resource.ofType(Patient).name.family', { base: ['Bundle'] }),
      'held',
    );
    await ready('ward');
    await known('ward');
    await put(patient({ extension: [{ url, valueString: 'North' }] }), 'warded');
    expect(await ids('Patient?ward=north')).to.equal('warded');
  });

  it('goes on where it was broken off', async () => {
    const entry = Array.from({ length: 1_100 }, () => ({
      resource: observation('Patient/single'),
      request: { method: 'POST', url: 'Observation' },
    }));
    await ask(admin, 'POST', '', { resourceType: 'Bundle', type: 'transaction', entry });
    const { connections } = here.serving.database.transactions;
    const client = await connections.connect();
    const { store } = here.serving.kernel;
    const { database, generations } = store;
    const { tenant } = await here.caller('admin');
    const seen = async (): Promise<number> =>
      Number(
        (await sql(here.database.owner, `select seen from heddle.search_parameter where id = 'state'`))[0]?.['seen'],
      );
    await client.query('begin; select pg_current_xact_id()');
    try {
      // The job waits for that transaction; here it is done by hand, and broken off behind the first page.
      await put(described('state', 'token', 'Observation.status', { base: ['Observation'] }), 'state');
    } finally {
      await client.query('rollback');
      client.release();
    }
    const controller = new AbortController();
    const first = bringForward({ database, generations, tenant, signal: controller.signal }).catch(
      (thrown: unknown) => thrown,
    );
    await eventually(async () => expect(await seen()).to.be.greaterThan(0), 600);
    controller.abort();
    await first;
    await ready('state');
    await eventually(async () => {
      const { body } = await ask(admin, 'GET', 'Observation?state=final&_summary=count');
      expect(at(body, 'total')).to.equal(1_100);
    });
  }).timeout(60_000);

  it('counts each resource once, however many are at it', async () => {
    const { store } = here.serving.kernel;
    const { database, generations } = store;
    const { tenant } = await here.caller('admin');
    await put(described('thrice', 'token', 'Observation.status', { base: ['Observation'] }), 'thrice');
    const { signal } = new AbortController();
    await Promise.all([1, 2, 3].map(() => bringForward({ database, generations, tenant, signal })));
    await ready('thrice');
    const { body } = await ask(admin, 'GET', 'SearchParameter/thrice/$status');
    const [seen, of] = ['resources', 'of'].map((name) =>
      at(
        listAt(body, 'parameter').find((each) => at(each, 'name') === name),
        'valueDecimal',
      ),
    );
    expect(of).to.be.greaterThan(0);
    expect(seen).to.equal(of);
  }).timeout(60_000);
});
