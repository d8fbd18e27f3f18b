import { once } from 'node:events';
import { connect } from 'node:net';
import { expect } from 'chai';
import { eventually } from '../eventually.ts';
import { definePlugin, type Plugin } from '../../src/plugin/define.ts';
import { startTestServer } from '../../src/testing/server.ts';

/** A route that waits to be let go, and then still needs the database. */
const patient = (): { plugin: Plugin; reached: Promise<void>; letGo: () => void } => {
  const doors: { reach: () => void; letGo: () => void } = { reach: () => {}, letGo: () => {} };
  const reached = new Promise<void>((resolve) => {
    doors.reach = resolve;
  });
  const held = new Promise<void>((resolve) => {
    doors.letGo = resolve;
  });
  let work: () => Promise<number> = async () => 0;
  const plugin = definePlugin({
    name: 'patient',
    version: '1.0.0',
    routes: [
      {
        method: 'GET',
        path: '/wait',
        access: 'open',
        answer: async () => {
          doors.reach();
          await held;
          return { status: 200, type: 'text/plain', body: String(await work()) };
        },
      },
    ],
    setup: ({ fhir }) => {
      const caller = { tenant: 1, tenantName: 'hospital', subject: 'x', kind: 'user', roles: ['admin'] } as const;
      work = () =>
        fhir
          .as(caller)
          .perform({ verb: 'read', type: 'Basic', id: 'none' })
          .then(
            ({ status }) => status,
            (outcome: { status: number }) => outcome.status,
          );
    },
  });
  return { plugin, reached, letGo: () => doors.letGo() };
};

describe('closing', () => {
  it('lets answers on the way finish with all they need, and takes no new connections', async () => {
    const { plugin, reached, letGo } = patient();
    const server = await startTestServer({ plugins: [plugin] });
    const asked = fetch(`${server.url}/api/patient/wait`);
    await reached;
    const closed = server.close();
    await eventually(async () => {
      const late = connect(Number(new URL(server.url).port), '127.0.0.1');
      const [error] = (await once(late, 'error')) as [NodeJS.ErrnoException];
      expect(error.code).to.equal('ECONNREFUSED');
    });
    letGo();
    const answer = await asked;
    expect([answer.status, answer.headers.get('connection'), await answer.text()]).to.deep.equal([200, 'close', '404']);
    const from = performance.now();
    await closed;
    expect(performance.now() - from, 'it waited for a connection that was kept alive').to.be.below(1_000);
  });

  it('says that it is not ready a while before it takes nothing more', async () => {
    const server = await startTestServer({ environment: { HEDDLE__HTTP__NOTICE_MS: '300' } });
    const closed = server.close();
    const ready = await fetch(`${server.url}/readyz`);
    expect(ready.status).to.equal(503);
    expect((await fetch(`${server.url}/fhir/metadata`)).status).to.equal(200);
    await closed;
  });

  it('cuts what does not finish in time', async () => {
    const { plugin, reached } = patient();
    const server = await startTestServer({ plugins: [plugin], environment: { HEDDLE__HTTP__DRAIN_MS: '100' } });
    const asked = fetch(`${server.url}/api/patient/wait`).then(
      () => 'answered',
      () => 'cut',
    );
    await reached;
    await server.close();
    expect(await asked).to.equal('cut');
  });
});
