import { expect } from 'chai';
import { startTestServer, type TestCaller, type TestServer } from '@heddle/core/testing';
import { ask, at, identified, listAt, made, patient, refusedWith, textAt } from './asked.ts';

const jsonPatch = { 'Content-Type': 'application/json-patch+json' };

describe('a resource named by criteria', () => {
  let server: TestServer;
  let admin: TestCaller;
  let other: TestServer;
  before(async () => {
    server = await startTestServer();
    admin = await server.as('admin');
    other = await startTestServer({
      database: server.database,
      environment: { HEDDLE__IDENTITY__DEMO_ACCOUNTS: 'true' },
    });
  });
  after(async () => {
    await other.close();
    await server.close();
  });
  const matches = async (query: string): Promise<readonly unknown[]> =>
    listAt((await ask(admin, 'GET', `Patient?${query}`)).body, 'entry');
  const create = (value: string, criteria: string, caller = admin) =>
    ask(caller, 'POST', 'Patient', identified(value), { 'If-None-Exist': criteria });

  it('is created once, and answered to whoever comes later', async () => {
    const first = await create('once', 'identifier=http://hospital.example/mrn|once');
    const second = await create('once', 'identifier=http://hospital.example/mrn|once');
    expect([first.status, second.status]).to.deep.equal([201, 200]);
    expect(at(second.body, 'id')).to.equal(at(first.body, 'id'));
    expect(second.headers.get('location')).to.equal(first.headers.get('location'));
  });

  it('is created by exactly one of 64 who ask at once, on two nodes', async () => {
    const there = await other.as('admin');
    const answers = await Promise.all(
      Array.from({ length: 64 }, (_, n) =>
        create('racing', 'identifier=http://hospital.example/mrn|racing', n % 2 ? admin : there),
      ),
    );
    expect(
      answers.filter(({ status }) => status === 201),
      answers.map(({ status }) => status).join(),
    ).to.have.length(1);
    expect(new Set(answers.map(({ body }) => at(body, 'id'))).size).to.equal(1);
    expect(await matches('identifier=racing')).to.have.length(1);
  });

  it('is created by exactly one of 64, also when their criteria differ and match the same resource', async () => {
    for (let round = 0; round < 4; round++) {
      const resource = patient({
        identifier: [
          { system: 'http://hospital.example/mrn', value: `differ-${round}` },
          { system: 'http://hospital.example/nid', value: `nid-${round}` },
        ],
        birthDate: '1977-07-07',
        name: [{ family: `Differ${round}` }],
      });
      const criteria = [
        `identifier=http://hospital.example/mrn|differ-${round}`,
        `identifier=http://hospital.example/nid|nid-${round}`,
        `identifier=differ-${round}`,
        `family=Differ${round}&birthdate=1977-07-07`,
      ];
      const answers = await Promise.all(
        Array.from({ length: 64 }, (_, n) =>
          ask(admin, 'POST', 'Patient', resource, { 'If-None-Exist': criteria[n % criteria.length] ?? '' }),
        ),
      );
      expect(
        answers.filter(({ status }) => status === 201),
        answers.map(({ status }) => status).join(),
      ).to.have.length(1);
      expect(await matches(`identifier=differ-${round}`)).to.have.length(1);
    }
  });

  it('is refused where the criteria match several, narrow nothing or are not understood', async () => {
    await made(admin, identified('twin'));
    await made(admin, identified('twin'));
    refusedWith(await create('twin', 'identifier=twin'), 412, 'multiple-matches');
    refusedWith(await create('x', ''), 400, 'structure');
    refusedWith(await create('x', 'horse=1'), 400, 'invalid', /horse/);
    refusedWith(await create('x', 'identifier='), 400, 'structure');
    refusedWith(await ask(admin, 'PUT', 'Patient?identifier=twin', identified('twin')), 412, 'multiple-matches');
    refusedWith(await ask(admin, 'PUT', 'Patient', identified('twin')), 400, 'structure');
    refusedWith(await ask(admin, 'DELETE', 'Patient'), 400, 'structure');
  });

  it('is updated, created when none matches, and keeps an id that the body brings', async () => {
    const id = await made(admin, identified('updated'));
    const update = await ask(admin, 'PUT', 'Patient?identifier=updated', { ...identified('updated'), active: true });
    expect([update.status, at(update.body, 'id'), update.headers.get('etag')]).to.deep.equal([200, id, 'W/"2"']);
    const fresh = await ask(admin, 'PUT', 'Patient?identifier=fresh', identified('fresh'));
    expect(fresh.status).to.equal(201);
    const meant = await ask(admin, 'PUT', 'Patient?identifier=none', identified('none'), { 'If-Match': 'W/"1"' });
    refusedWith(meant, 412, 'conflict');
    const named = await ask(admin, 'PUT', 'Patient?identifier=named', { ...identified('named'), id: 'named-1' });
    expect([named.status, at(named.body, 'id')]).to.deep.equal([201, 'named-1']);
    refusedWith(
      await ask(admin, 'PUT', 'Patient?identifier=named', { ...identified('named'), id: 'other' }),
      400,
      'invalid',
    );
  });

  it('is updated by forty at once as one resource', async () => {
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, n) =>
        ask(admin, 'PUT', 'Patient?identifier=met', { ...identified('met'), name: [{ family: `n${n}` }] }),
      ),
    );
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).to.deep.equal([
      ...answers.slice(1).map(() => 200),
      201,
    ]);
    expect(await matches('identifier=met')).to.have.length(1);
  });

  it('is patched, and missed where none matches', async () => {
    const id = await made(admin, identified('patched'));
    const operations = JSON.stringify([{ op: 'add', path: '/active', value: true }]);
    const patched = await ask(admin, 'PATCH', 'Patient?identifier=patched', operations, jsonPatch);
    expect([patched.status, at(patched.body, 'id'), at(patched.body, 'active')]).to.deep.equal([200, id, true]);
    refusedWith(await ask(admin, 'PATCH', 'Patient?identifier=nobody', operations, jsonPatch), 404, 'not-found');
  });

  it('is deleted, alone or with all that match', async () => {
    const id = await made(admin, identified('gone'));
    expect((await ask(admin, 'DELETE', 'Patient?identifier=gone')).status).to.equal(204);
    expect((await ask(admin, 'GET', `Patient/${id}`)).status).to.equal(410);
    expect((await ask(admin, 'DELETE', 'Patient?identifier=gone')).status).to.equal(204);
    for (let n = 0; n < 3; n++) await made(admin, identified('several'));
    expect((await ask(admin, 'DELETE', 'Patient?identifier=several')).status).to.equal(204);
    expect(await matches('identifier=several')).to.have.length(0);
  });

  it('is not found by a caller who may not search it', async () => {
    const nurse = await server.as('nurse');
    const answer = await ask(
      nurse,
      'POST',
      'Coverage',
      { resourceType: 'Coverage' },
      { 'If-None-Exist': 'identifier=x' },
    );
    expect(answer.status).to.be.oneOf([400, 403]);
  });

  it('that matches in another tenant only is made here', async () => {
    const there = await server.as('otherhospital-admin');
    const [here, elsewhere] = [await create('both', 'identifier=both'), await create('both', 'identifier=both', there)];
    expect([here.status, elsewhere.status]).to.deep.equal([201, 201]);
    expect(textAt(here.body, 'id')).not.to.equal(textAt(elsewhere.body, 'id'));
  });
});
