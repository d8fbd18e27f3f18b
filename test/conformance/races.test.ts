import { expect } from 'chai';
import { startTestServer, type TestCaller, type TestServer } from '@heddle/core/testing';
import { seeded } from '../../core/test/seeded.ts';
import { ask, at, listAt, made, observation, patient, textAt } from './asked.ts';

describe('two who meet at the same resources, on two nodes', () => {
  let here: TestServer;
  let there: TestServer;
  let callers: readonly TestCaller[];
  before(async () => {
    here = await startTestServer();
    there = await startTestServer({ database: here.database });
    callers = [await here.as('admin'), await there.as('admin')];
  });
  after(async () => {
    await there.close();
    await here.close();
  });
  const one = (n: number): TestCaller => callers[n % 2] ?? expect.fail('no caller');

  it('one deletes a patient while others refer to it: never does a reference lead nowhere', async () => {
    const { seed, whole } = seeded();
    const ends = { deleted: 0, refused: 0 };
    for (let round = 0; round < 40; round++) {
      const id = await made(one(0), patient());
      const remove = () => ask(one(round), 'DELETE', `Patient/${id}`);
      const create = (n: number) => ask(one(n), 'POST', 'Observation', observation(`Patient/${id}`));
      // A head start of one request, of one turn or of nothing, to either end.
      const start = whole(4);
      const first = start % 2 ? [remove()] : [create(0)];
      if (start < 2) await ask(one(round), 'HEAD', 'Patient/none');
      const rest = start % 2 ? [1, 2, 3, 4, 5].map(create) : [remove(), ...[2, 3, 4, 5].map(create)];
      const answers = await Promise.all([...first, ...rest]);
      const deletion = answers[start % 2 ? 0 : 1]?.status;
      const creations = answers.filter((_, n) => n !== (start % 2 ? 0 : 1)).map(({ status }) => status);
      const told = `seed ${seed}, round ${round}: ${deletion}, ${creations.join()}`;
      const found = listAt((await ask(one(round), 'GET', `Observation?subject=Patient/${id}`)).body, 'entry');
      if (deletion === 204) {
        ends.deleted++;
        expect(
          creations.every((status) => status === 422),
          told,
        ).to.equal(true);
        expect(found, told).to.have.length(0);
      } else {
        ends.refused++;
        expect(deletion, told).to.equal(409);
        expect(found.length, told).to.equal(creations.filter((status) => status === 201).length);
        expect(found.length, told).to.be.greaterThan(0);
      }
    }
    expect(Math.min(ends.deleted, ends.refused), `seed ${seed}: ${JSON.stringify(ends)}`).to.be.greaterThan(0);
  });

  it('both write one resource: time never goes back along its versions', async () => {
    const id = await made(one(0), patient());
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, n) =>
        n % 5 === 4
          ? ask(one(n), 'PATCH', `Patient/${id}`, JSON.stringify([{ op: 'add', path: '/active', value: true }]), {
              'Content-Type': 'application/json-patch+json',
            })
          : ask(one(n), 'PUT', `Patient/${id}`, patient({ id, name: [{ family: `n${n}` }] })),
      ),
    );
    expect(answers.map(({ status }) => status)).to.deep.equal(answers.map(() => 200));
    const { body } = await ask(one(1), 'GET', `Patient/${id}/_history?_count=100`);
    const versions = listAt(body, 'entry').map((entry) => at(entry, 'response', 'etag'));
    expect(versions).to.deep.equal(Array.from({ length: 61 }, (_, n) => `W/"${61 - n}"`));
    const times = listAt(body, 'entry').map((entry) => Date.parse(textAt(entry, 'response', 'lastModified')));
    for (const [n, time] of times.slice(1).entries()) expect(time).to.be.lessThan(times[n] ?? 0);
  });

  it('both create under one id: one creates, the other updates', async () => {
    for (let round = 0; round < 20; round++) {
      const id = `met-${round}`;
      const answers = await Promise.all(
        Array.from({ length: 8 }, (_, n) =>
          ask(one(n), 'PUT', `Patient/${id}`, patient({ id, name: [{ family: `n${n}` }] })),
        ),
      );
      expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).to.deep.equal([
        200, 200, 200, 200, 200, 200, 200, 201,
      ]);
    }
  });

  it('both post transactions that create under the same ids: each is whole, none is lost', async () => {
    const put = (id: string, family: string) => ({
      resource: patient({ id, name: [{ family }] }),
      request: { method: 'PUT', url: `Patient/${id}` },
    });
    for (let round = 0; round < 10; round++) {
      const [a, b] = [`a-${round}`, `b-${round}`];
      const answers = await Promise.all(
        Array.from({ length: 8 }, (_, n) =>
          ask(one(n), 'POST', '', {
            ...{ resourceType: 'Bundle', type: 'transaction' },
            entry: n % 4 < 2 ? [put(a, `n${n}`), put(b, `n${n}`)] : [put(b, `n${n}`), put(a, `n${n}`)],
          }),
        ),
      );
      expect(answers.map(({ status, text }) => (status === 200 ? '' : text))).to.deep.equal(answers.map(() => ''));
      const [first, second] = [await ask(one(0), 'GET', `Patient/${a}`), await ask(one(1), 'GET', `Patient/${b}`)];
      expect(at(first.body, 'name')).to.deep.equal(at(second.body, 'name'));
      expect(at(first.body, 'meta', 'versionId')).to.equal('8');
    }
  });

  it('both delete what the other updates: they wait for each other and never in a circle', async () => {
    const entry = (verb: 'PUT' | 'DELETE', id: string) => ({
      ...(verb === 'PUT' ? { resource: patient({ id }) } : {}),
      request: { method: verb, url: `Patient/${id}` },
    });
    const bundle = (doomed: string, kept: string) => ({
      ...{ resourceType: 'Bundle', type: 'transaction' },
      entry: [entry('DELETE', doomed), entry('PUT', kept)],
    });
    const times: number[] = [];
    for (let round = 0; round < 5; round++) {
      const [a, b] = [`crossed-a-${round}`, `crossed-b-${round}`];
      for (const id of [a, b]) await ask(one(0), 'PUT', `Patient/${id}`, patient({ id }));
      const from = performance.now();
      const answers = await Promise.all(
        Array.from({ length: 6 }, (_, n) => ask(one(n), 'POST', '', n % 2 === 0 ? bundle(a, b) : bundle(b, a))),
      );
      times.push(performance.now() - from);
      expect(answers.map(({ status, text }) => (status === 200 ? '' : text))).to.deep.equal(answers.map(() => ''));
    }
    // The database looks for circles after a second.
    expect(Math.min(...times)).to.be.below(900);
  });
});
