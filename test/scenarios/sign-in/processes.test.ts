import { expect } from 'chai';
import { startTestServer, type TestServer } from '../../../core/src/testing/server.ts';
import { eventually } from '../../../core/test/eventually.ts';
import { embedded, type EmbeddedUnderTest } from './embedded.ts';
import { ask, browserAt, byPassword, codeRequest, exchange, signIn, tried } from './provider.ts';

describe('a sign-out in a house of two processes', () => {
  let provider: EmbeddedUnderTest;
  let other: TestServer;
  before(async () => {
    provider = await embedded({ HEDDLE__DATABASE__NODES: '2' });
    other = await startTestServer({
      database: provider.server.database,
      environment: { HEDDLE_PUBLIC_URL: provider.heddle, HEDDLE__DATABASE__NODES: '2' },
    });
  });
  after(async () => {
    await other?.close();
    await provider?.close();
  });

  const there = (token: string): Promise<number> => tried({ ...provider, heddle: portOf(other) }, token);
  const portOf = ({ serving }: TestServer): string => `http://localhost:${serving.port}`;

  /** Both have seen the token and remember it; then something ends it. */
  const outWithin = async (token: string, end: () => Promise<unknown>): Promise<void> => {
    expect([await tried(provider, token), await there(token)]).to.deep.equal([404, 404]);
    const from = performance.now();
    await end();
    await eventually(async () => expect([await tried(provider, token), await there(token)]).to.deep.equal([401, 401]));
    expect(performance.now() - from).to.be.below(1_000);
  };

  it('holds in both within a second: by refresh token', async () => {
    const { access_token: token, refresh_token: refresh } = await byPassword(provider, 'doctor');
    await outWithin(token, () => ask(provider, 'logout', { refresh_token: refresh, client_id: 'heddle-cli' }));
  });

  it('holds when an administrator signs a person out', async () => {
    const { access_token: token } = await byPassword(provider, 'nurse');
    await outWithin(token, () => provider.endSessions('nurse'));
  });

  it('holds when a token is taken back', async () => {
    const { access_token: token } = await byPassword(provider, 'doctor');
    await outWithin(token, () => ask(provider, 'revoke', { token, client_id: 'heddle-cli' }));
  });

  it('holds when an account is disabled by whatever way', async () => {
    const { access_token: token } = await byPassword(provider, 'receptionist');
    await outWithin(token, () => provider.disable('receptionist'));
    expect(await byPassword(provider, 'receptionist')).to.include({ status: 400 });
  });

  it('holds in a process that did not hear of it, once it listens again', async () => {
    const { access_token: token, refresh_token: refresh } = await byPassword(provider, 'doctor');
    expect(await there(token)).to.equal(404);
    await provider.sql(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name like '%listening%' and datname = current_database()`,
    );
    await ask(provider, 'logout', { refresh_token: refresh, client_id: 'heddle-cli' });
    await eventually(async () => expect(await there(token)).to.equal(401));
  });

  it('lets a code of one process be exchanged at the other, once', async () => {
    const request = codeRequest(provider);
    const { left } = await signIn(browserAt(provider), request.url, 'doctor');
    const atOther = { ...provider, issuer: `${portOf(other)}/realms/heddle` };
    const answers = await Promise.all([exchange(provider, request, left), exchange(atOther, request, left)]);
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).to.deep.equal([200, 400]);
  });
});
