import { expect } from 'chai';
import { eventually } from '../../../core/test/eventually.ts';
import { startTestServer, type TestServer } from '../../../core/src/testing/server.ts';
import type { Browser } from './browser.ts';
import { embedded, type EmbeddedUnderTest } from './embedded.ts';
import { browserAt, signIn } from './provider.ts';

interface Session {
  readonly signedIn: boolean;
  readonly csrf: string;
  readonly roles: readonly string[];
  readonly tenant: string;
}

const cookieOf = (browser: Browser, name = 'heddle'): string | undefined =>
  browser.cookies().find((cookie) => cookie.name === name)?.value;

describe('the portal’s session', () => {
  let provider: EmbeddedUnderTest;
  before(async () => {
    provider = await embedded();
  });
  after(() => provider.close());

  const at = (path: string): string => `${provider.heddle}${path}`;
  const sessionOf = async (browser: Browser, url = provider.heddle): Promise<Session> =>
    JSON.parse((await browser.get(`${url}/auth/session`)).text) as Session;
  const signedIn = async (username = 'receptionist', to = '/') => {
    const browser = browserAt(provider);
    const page = await signIn(browser, at(`/auth/login?to=${encodeURIComponent(to)}`), username);
    return { browser, page, session: await sessionOf(browser) };
  };
  const create = (cookie: string | undefined, headers: Record<string, string>) =>
    fetch(at('/fhir/Patient'), {
      method: 'POST',
      body: '{"resourceType":"Patient"}',
      headers: { 'Content-Type': 'application/fhir+json', Cookie: `heddle=${cookie}`, ...headers },
    });
  const read = (cookie: string | undefined) =>
    fetch(at('/fhir/Patient/none'), { headers: { Cookie: `heddle=${cookie}` } });

  it('begins with a sign-in at the provider, leads back, and answers FHIR as the person', async () => {
    const { browser, page, session } = await signedIn('receptionist', '/healthz?a=b');
    expect(page.url).to.equal(at('/healthz?a=b'));
    expect(session).to.include({ signedIn: true, tenant: 'hospital' });
    expect(session.roles).to.deep.equal(['receptionist']);
    expect((await read(cookieOf(browser))).status).to.equal(404);
  });

  it('gives the browser a cookie that no script reads, and never a token', async () => {
    const browser = browserAt(provider);
    const page = await signIn(browser, at('/auth/login'), 'receptionist');
    const everything = `${page.text}${JSON.stringify(browser.cookies())}${(await browser.get(at('/auth/session'))).text}`;
    expect(everything).to.not.match(/eyJ[\w-]+\.eyJ/);
    const begun = await fetch(at('/auth/login'), { redirect: 'manual' });
    expect(begun.headers.get('set-cookie')).to.match(/HttpOnly; SameSite=Lax/);
  });

  it('refuses what changes something unless it proves where it is from, twice', async () => {
    const { browser, session } = await signedIn();
    const cookie = cookieOf(browser);
    const origin = { Origin: provider.heddle };
    const guard = { 'X-CSRF-Token': session.csrf };
    for (const headers of [
      {},
      origin,
      guard,
      { ...guard, Origin: 'https://evil.example' },
      { ...guard, ...origin, 'Sec-Fetch-Site': 'cross-site' },
      { ...guard, ...origin, 'Sec-Fetch-Site': 'same-site' },
      { ...origin, 'X-CSRF-Token': (await signedIn('nurse')).session.csrf },
    ])
      expect((await create(cookie, headers)).status, JSON.stringify(headers)).to.equal(403);
    expect((await create(cookie, { ...guard, ...origin })).status).to.equal(201);
    expect((await create(cookie, { ...guard, 'Sec-Fetch-Site': 'same-origin' })).status).to.equal(201);
  });

  it('gets a new name with each sign-in: a planted cookie does not become somebody’s', async () => {
    const attacker = await signedIn('nurse');
    const planted = cookieOf(attacker.browser) ?? '';
    const victim = browserAt(provider);
    victim.set({ name: 'heddle', value: planted, path: '/' });
    await signIn(victim, at('/auth/login'), 'doctor');
    expect(cookieOf(victim)).to.not.equal(planted);
    expect((await read(planted)).status, 'what was planted is over').to.equal(401);
  });

  it('takes an answer only in the browser that asked, and once', async () => {
    const asked = browserAt(provider);
    const page = await asked.get(at('/auth/login'));
    const stopped = browserAt(provider);
    for (const cookie of asked.cookies()) if (cookie.name !== 'heddle-sign-in') stopped.set(cookie);
    const answer = await stopped.submit(page, 'password', { username: 'doctor', password: 'heddle' });
    expect(answer.status).to.equal(400);
    expect(cookieOf(stopped)).to.equal(undefined);
  });

  it('leads nowhere but into this site', async () => {
    for (const to of ['https://evil.example/', '//evil.example', '/\\evil.example', 'javascript:alert(1)'])
      expect((await signedIn('receptionist', to)).page.url).to.equal(at('/'));
  });

  it('ends with the sign-out, here and at the provider', async () => {
    const { browser, session } = await signedIn();
    const cookie = cookieOf(browser);
    expect((await browser.post(at('/auth/logout'), { csrf: 'wrong' })).status).to.equal(403);
    await browser.post(at('/auth/logout'), { csrf: session.csrf });
    expect(cookieOf(browser)).to.equal(undefined);
    expect((await read(cookie)).status).to.equal(401);
    expect((await browser.get(at('/auth/login'))).text, 'a password is asked for').to.contain('name="password"');
  });

  it('ends everywhere when the person says so', async () => {
    const [one, two] = [await signedIn('pharmacist'), await signedIn('pharmacist')];
    expect((await read(cookieOf(two.browser))).status).to.equal(404);
    await one.browser.post(at('/auth/logout'), { csrf: one.session.csrf, everywhere: 'true' });
    expect((await read(cookieOf(two.browser))).status).to.equal(401);
  });

  it('ends when the account is disabled, within a second', async () => {
    const { browser } = await signedIn('labtech');
    expect((await read(cookieOf(browser))).status).to.equal(404);
    await provider.disable('labtech');
    await eventually(async () => expect((await read(cookieOf(browser))).status).to.equal(401));
  });

  it('takes a bearer token before a cookie', async () => {
    const { browser } = await signedIn();
    const answer = await fetch(at('/fhir/Patient/none'), {
      headers: { Cookie: `heddle=${cookieOf(browser)}`, Authorization: 'Bearer nonsense' },
    });
    expect(answer.status).to.equal(401);
  });

  it('hears from the provider that somebody has left, and believes no stranger', async () => {
    const letter = (token: string) =>
      fetch(at('/auth/backchannel-logout'), { method: 'POST', body: new URLSearchParams({ logout_token: token }) });
    const { browser } = await signedIn();
    const rows = await provider.sql('select sid from browser_session order by started desc limit 1');
    const sid = String(rows[0]?.['sid']);
    expect((await letter('nonsense')).status).to.equal(401);
    expect((await letter(await provider.letter({ sid, events: {} }))).status).to.equal(401);
    expect((await letter(await provider.letter({ sid }, 'JWT'))).status, 'a token of another kind').to.equal(401);
    expect((await read(cookieOf(browser))).status).to.equal(404);
    expect((await letter(await provider.letter({ sid }))).status).to.equal(204);
    await eventually(async () => expect((await read(cookieOf(browser))).status).to.equal(401));
  });
});

describe('the portal’s session in time', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer({
      environment: {
        HEDDLE__IDENTITY__ACCESS_TOKEN_SECONDS: '32',
        HEDDLE__IDENTITY__SESSION__IDLE_SECONDS: '600',
        HEDDLE__IDENTITY__SESSION__MOST_SECONDS: '1200',
      },
    });
  });
  after(() => server.close());

  const opened = async () => {
    const provider = { issuer: `${server.url}/realms/heddle`, heddle: server.url } as EmbeddedUnderTest;
    const browser = browserAt(provider);
    await signIn(browser, `${server.url}/auth/login`, 'receptionist');
    return cookieOf(browser);
  };
  const read = async (cookie: string | undefined): Promise<number> =>
    (await fetch(`${server.url}/fhir/Patient/none`, { headers: { Cookie: `heddle=${cookie}` } })).status;
  const run = (statement: string) =>
    server.serving.database.transactions.transaction(0, ({ query }) => query<Record<string, unknown>>(statement));

  it('renews its tokens by itself, once however many ask at once', async () => {
    const cookie = await opened();
    server.advance(10_000);
    const answers = await Promise.all(Array.from({ length: 8 }, () => read(cookie)));
    expect(answers).to.deep.equal(Array.from({ length: 8 }, () => 404));
    expect(await read(cookie)).to.equal(404);
  });

  it('ends when it was not used for long, and in any case after the longest time', async () => {
    const cookie = await opened();
    const lasts = async (): Promise<number> =>
      Number(
        (
          await run(
            `select extract(epoch from expires - now())::float8 as s from browser_session order by started desc limit 1`,
          )
        )[0]?.['s'],
      );
    expect(await lasts()).to.be.within(590, 600);
    await run(`update browser_session set started = now() - interval '1000 seconds'`);
    server.advance(21_000);
    expect(await read(cookie)).to.equal(404);
    expect(await lasts()).to.be.within(190, 200);
    await run('update browser_session set expires = now()');
    server.advance(21_000);
    expect(await read(cookie)).to.equal(401);
  });
});

describe('the portal’s session over https', () => {
  it('is bound to the host by its cookie’s name', async () => {
    const server = await startTestServer({
      environment: { HEDDLE_PUBLIC_URL: 'https://hospital.example', HEDDLE__HTTP__PROXIES: '127.0.0.1' },
    });
    try {
      const answer = await fetch(`http://localhost:${server.serving.port}/auth/login`, { redirect: 'manual' });
      expect(answer.headers.get('set-cookie')).to.match(
        /^__Host-heddle-sign-in=[\w-]+; Path=\/; HttpOnly; SameSite=Lax; Secure; Max-Age=1800$/,
      );
      expect(answer.headers.get('location')).to.match(/^https:\/\/hospital\.example\/realms\/heddle\//);
    } finally {
      await server.close();
    }
  });
});
