import { expect } from 'chai';
import { startTestServer, type TestServer } from '../../src/testing/server.ts';

describe('a second tenant', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
  });
  after(() => server.close());

  it("answers another tenant's id word for word as one that does not exist", async () => {
    const [here, there] = [await server.as('admin'), await server.as('otherhospital-admin')];
    const { id } = (await (
      await here.send('POST', '/fhir/Patient', { resourceType: 'Patient', active: true })
    ).json()) as { id: string };
    const absent = id.replace(/.$/, (last) => (last === '0' ? '1' : '0'));
    const known = await there.send('GET', `/fhir/Patient/${id}`);
    const unknown = await there.send('GET', `/fhir/Patient/${absent}`);
    expect(known.status).to.equal(404);
    expect((await known.text()).replace(id, '*')).to.equal((await unknown.text()).replace(absent, '*'));
    const headers = (answer: Response) =>
      [...answer.headers].filter(([name]) => !['x-request-id', 'date'].includes(name));
    expect(headers(known)).to.deep.equal(headers(unknown));
    expect((await here.send('GET', `/fhir/Patient/${id}`)).status).to.equal(200);
  });

  it('keeps tenants apart while both ask at once', async () => {
    const callers = [await server.as('admin'), await server.as('otherhospital-admin')];
    const made = await Promise.all(
      Array.from({ length: 60 }, async (_, n) => {
        const caller = callers[n % 2] ?? expect.fail('no caller');
        const { id } = (await (
          await caller.send('POST', '/fhir/Basic', { resourceType: 'Basic', code: { text: String(n) } })
        ).json()) as { id: string };
        return { n, id };
      }),
    );
    await Promise.all(
      made.flatMap(({ n, id }) =>
        callers.map(async (caller, tenant) => {
          const answer = await caller.send('GET', `/fhir/Basic/${id}`);
          expect(answer.status).to.equal(n % 2 === tenant ? 200 : 404);
        }),
      ),
    );
  });
});
