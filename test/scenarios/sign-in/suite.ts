/** What signing in must do with every identity provider: the same sentences for the embedded one and for a real Keycloak. */
import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import {
  createRemoteJWKSet,
  decodeProtectedHeader,
  exportJWK,
  generateKeyPair,
  jwtVerify,
  SignJWT,
} from '../../../core/test/jose.ts';
import { eventually } from '../../../core/test/eventually.ts';
import { codeAt, stepAt } from '../../../core/src/identity/totp.ts';
import {
  ask,
  at,
  browserAt,
  byPassword,
  claimsOf,
  codeRequest,
  exchange,
  refreshed,
  signIn,
  tried,
  type ProviderUnderTest,
  type Tokens,
} from './provider.ts';

const cli = { client_id: 'heddle-cli' };
const app = { client_id: 'test-app', client_secret: 'a secret of the app' };
const home = 'http://127.0.0.1/app';

interface Listener {
  readonly server: Server;
  readonly url: string;
  readonly heard: string[];
}

/** A client that wants to hear of sign-outs. */
const listener = async (): Promise<Listener> => {
  const heard: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      heard.push(new URLSearchParams(Buffer.concat(chunks).toString()).get('logout_token') ?? '');
      response.end();
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/logged-out`, heard };
};

export const signInSuite = (open: () => Promise<ProviderUnderTest>): void => {
  let provider: ProviderUnderTest;
  let ears: Listener;
  const totp = randomBytes(20);
  let steps = 0;

  before(async () => {
    [provider, ears] = await Promise.all([open(), listener()]);
    await provider.addClient({
      ...{ id: app.client_id, secret: app.client_secret, logoutUrl: ears.url },
      ...{ redirects: [home], postLogouts: [`${home}/out`] },
      grants: ['authorization_code', 'refresh_token'],
    });
    await provider.addClient({ id: 'heddle', secret: 'asks', grants: ['client_credentials'] });
    await provider.addUser({ username: 'factor', password: 'heddle', roles: ['nurse'], totp });
  });
  after(async () => {
    ears?.server.close();
    await provider?.close();
  });

  /** The next code that was not used yet: each is good once. */
  const code = async (): Promise<string> => {
    const now = stepAt(Date.now());
    steps = Math.max(steps + 1, now - 1);
    if (steps > now + 1) await new Promise((resolve) => setTimeout(resolve, (steps - 1) * 30_000 - Date.now() + 200));
    return codeAt(totp, steps);
  };

  const signedIn = async (username: string, more: Record<string, string> = {}) => {
    const browser = browserAt(provider);
    const request = codeRequest(provider, more, app.client_id, home);
    const { left } = await signIn(browser, request.url, username);
    const tokens = await exchange(provider, request, left, { client_secret: app.client_secret });
    return { browser, tokens, left, request };
  };

  const introspected = (token: string): Promise<Tokens> =>
    ask(provider, 'token/introspect', { token, client_id: 'heddle', client_secret: 'asks' });

  describe('a token by password', () => {
    it('carries the claims that the house goes by, and Heddle takes it', async () => {
      const { access_token: token, ...rest } = await byPassword(provider, 'doctor');
      expect(rest).to.include({ status: 200, token_type: 'Bearer' });
      expect(rest.refresh_token).to.be.a('string');
      expect(decodeProtectedHeader(token)).to.include({ typ: 'JWT' });
      const claims = claimsOf(token);
      expect(claims).to.include({
        iss: provider.issuer,
        typ: 'Bearer',
        azp: 'heddle-cli',
        tenant: 'hospital',
        acr: '1',
      });
      expect(claims).to.include({ preferred_username: 'doctor' });
      expect(claims).to.include.keys('exp', 'iat', 'jti', 'sub', 'sid', 'scope').and.not.have.any.keys('nbf', 'amr');
      expect([claims.aud].flat()).to.include('heddle');
      expect((claims['realm_access'] as { roles: string[] }).roles).to.include('doctor');
      expect(await tried(provider, token)).to.equal(404);
    });

    it('is refused alike for a wrong password, an unknown name and a locked account', async () => {
      await provider.addUser({ username: 'locked', password: 'heddle', roles: ['nurse'] });
      const wrong = await byPassword(provider, 'nurse', { password: 'wrong' });
      const unknown = await byPassword(provider, 'nobody-at-all');
      for (let count = 0; count < 4; count++) await byPassword(provider, 'locked', { password: 'wrong' });
      const locked = await byPassword(provider, 'locked');
      expect(wrong).to.include({ status: 400, error: 'invalid_grant' });
      expect([unknown, locked]).to.deep.equal([wrong, wrong]);
    });

    it('needs the one-time code where there is a second factor, as otp or totp, and takes each once', async () => {
      expect(await byPassword(provider, 'factor')).to.include({ status: 400, error: 'invalid_grant' });
      const first = await code();
      expect(await byPassword(provider, 'factor', { totp: first })).to.include({ status: 200 });
      expect(await byPassword(provider, 'factor', { totp: first })).to.include({ status: 400 });
      expect(await byPassword(provider, 'factor', { otp: await code() })).to.include({ status: 200 });
    });

    it('refuses a scope that nobody knows', async () => {
      expect(await byPassword(provider, 'doctor', { scope: 'openid nonsense' })).to.include({
        status: 400,
        error: 'invalid_scope',
      });
    });
  });

  describe('a machine', () => {
    it('gets a token by its secret, without a refresh token', async () => {
      const given = await ask(provider, 'token', {
        ...{ grant_type: 'client_credentials', client_id: 'heddle-service', client_secret: 'heddle' },
      });
      expect(given).to.include({ status: 200 }).and.not.have.any.keys('refresh_token');
      expect(claimsOf(given.access_token)).to.include({ azp: 'heddle-service', tenant: 'hospital' });
      expect(await tried(provider, given.access_token)).to.equal(404);
    });

    it('gets one by its own key (ES384), and a statement of its is good once', async () => {
      const { publicKey, privateKey } = await generateKeyPair('ES384', { extractable: true });
      const jwk = { ...(await exportJWK(publicKey)), kid: 'its-key', alg: 'ES384', use: 'sig' };
      await provider.addClient({ id: 'test-backend', jwks: { keys: [jwk] }, grants: ['client_credentials'] });
      const assertion = await new SignJWT({})
        .setProtectedHeader({ alg: 'ES384', kid: 'its-key', typ: 'JWT' })
        .setIssuer('test-backend')
        .setSubject('test-backend')
        .setAudience(provider.issuer)
        .setJti(randomBytes(12).toString('hex'))
        .setIssuedAt()
        .setExpirationTime('60s')
        .sign(privateKey);
      const fields = {
        grant_type: 'client_credentials',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: assertion,
      };
      expect(await ask(provider, 'token', fields)).to.include({ status: 200 });
      const again = await ask(provider, 'token', fields);
      expect(again.status).to.be.oneOf([400, 401]);
      expect(again.error).to.equal('invalid_client');
    });
  });

  describe('the code flow', () => {
    it('signs in on a page without script, and comes back with code, state, iss and session_state', async () => {
      const { left, tokens } = await signedIn('doctor');
      expect(left?.origin).to.equal('http://127.0.0.1');
      expect(left?.searchParams.get('state')).to.equal('a state');
      expect(left?.searchParams.get('iss')).to.equal(provider.issuer);
      expect(left?.searchParams.get('session_state')).to.be.a('string').and.not.equal('');
      expect(tokens).to.include({ status: 200 });
      const { sid, sub } = claimsOf(tokens.access_token);
      expect(claimsOf(tokens.id_token)).to.include({ sub, sid, aud: app.client_id, preferred_username: 'doctor' });
      expect(await tried(provider, tokens.access_token)).to.equal(404);
    });

    it('asks once for several clients of one browser', async () => {
      const { browser } = await signedIn('doctor');
      const request = codeRequest(provider);
      const { left } = await browser.get(request.url);
      expect(await exchange(provider, request, left)).to.include({ status: 200 });
    });

    it('says the same on its page for a wrong password and an unknown name', async () => {
      const texts = [];
      for (const [username, password] of [
        ['nurse', 'wrong'],
        ['nobody-here', 'heddle'],
      ] as const) {
        const page = await signIn(browserAt(provider), codeRequest(provider).url, username, password);
        expect(page.left, username).to.equal(undefined);
        texts.push(page.text.replaceAll(username, '').replace(/[\w-]{20,}/g, ''));
      }
      expect(texts[0]).to.equal(texts[1]);
    });

    it('burns a code that comes with a wrong verifier', async () => {
      const request = codeRequest(provider);
      const { left } = await signIn(browserAt(provider), request.url, 'doctor');
      const wrong = { ...request, verifier: randomBytes(32).toString('base64url') };
      expect(await exchange(provider, wrong, left)).to.include({ status: 400, error: 'invalid_grant' });
      expect(await exchange(provider, request, left)).to.include({ status: 400, error: 'invalid_grant' });
    });

    it('needs a verifier, and one that is hashed', async () => {
      for (const more of [{ code_challenge_method: 'plain' }, { code_challenge: '', code_challenge_method: '' }]) {
        const page = await browserAt(provider).get(codeRequest(provider, more).url);
        const error = page.left?.searchParams.get('error') ?? (page.status >= 400 ? 'a page' : undefined);
        expect(error, JSON.stringify(more)).to.be.oneOf(['invalid_request', 'a page']);
      }
    });

    it('ends the session when a code is brought twice', async () => {
      const { tokens, left, request } = await signedIn('doctor');
      const again = await exchange(provider, request, left, { client_secret: app.client_secret });
      expect(again).to.include({ status: 400, error: 'invalid_grant' });
      expect(await introspected(tokens.access_token)).to.include({ active: false });
      expect(await refreshed(provider, tokens.refresh_token, app)).to.include({ status: 400 });
    });

    it('leads back to no address that the client did not register', async () => {
      const page = await browserAt(provider).get(codeRequest(provider, {}, app.client_id, 'http://evil.example/').url);
      expect([page.left, page.status]).to.deep.equal([undefined, 400]);
    });
  });

  describe('a refresh token', () => {
    it('is exchanged for a new one, and brought again ends the session', async () => {
      const first = await byPassword(provider, 'doctor');
      const second = await refreshed(provider, first.refresh_token, cli);
      expect(second).to.include({ status: 200 });
      expect(second.refresh_token).to.not.equal(first.refresh_token);
      expect(claimsOf(second.access_token)['sid']).to.equal(claimsOf(first.access_token)['sid']);
      expect(await refreshed(provider, first.refresh_token, cli)).to.include({ status: 400, error: 'invalid_grant' });
      expect(await refreshed(provider, second.refresh_token, cli)).to.include({ status: 400, error: 'invalid_grant' });
    });

    it('brings the roles as they are now', async () => {
      await provider.addUser({ username: 'rising', password: 'heddle', roles: ['nurse'] });
      const first = await byPassword(provider, 'rising');
      await provider.setRoles('rising', ['doctor']);
      const second = await refreshed(provider, first.refresh_token, cli);
      const rolesIn = (token: string): string[] => (claimsOf(token)['realm_access'] as { roles: string[] }).roles;
      expect(rolesIn(first.access_token)).to.include('nurse');
      expect(rolesIn(second.access_token)).to.include('doctor').and.not.include('nurse');
    });

    it('lasts beyond the session where offline access was asked for', async () => {
      const { tokens } = await signedIn('doctor', { scope: 'openid offline_access' });
      expect(tokens).to.include({ status: 200 });
      expect(String(tokens['scope'])).to.contain('offline_access');
    });
  });

  describe('introspection and revocation', () => {
    it('tell a client that the token is for, and no other', async () => {
      const { access_token: token } = await byPassword(provider, 'doctor');
      const answer = await introspected(token);
      expect(answer).to.include({ active: true, preferred_username: 'doctor', client_id: 'heddle-cli' });
      const stranger = { token, client_id: 'heddle-service', client_secret: 'heddle' };
      expect(await ask(provider, 'token/introspect', stranger)).to.include({ active: false });
      expect(await ask(provider, 'token/introspect', { token, client_id: 'heddle', client_secret: 'no' })).to.include({
        status: 401,
      });
      expect(await introspected('nonsense')).to.include({ active: false });
    });

    it('end a session by its refresh token, without a call', async () => {
      const { tokens } = await signedIn('doctor');
      const before = ears.heard.length;
      expect(await ask(provider, 'revoke', { token: tokens.refresh_token, ...app })).to.include({ status: 200 });
      expect(await introspected(tokens.access_token)).to.include({ active: false });
      expect(await refreshed(provider, tokens.refresh_token, app)).to.include({ status: 400 });
      expect(ears.heard).to.have.length(before);
    });

    it('take back an access token', async () => {
      const { access_token: token } = await byPassword(provider, 'doctor');
      expect(await ask(provider, 'revoke', { token, ...cli })).to.include({ status: 200 });
      expect(await introspected(token)).to.include({ active: false });
    });
  });

  describe('userinfo', () => {
    const info = (token: string) => fetch(at(provider, 'userinfo'), { headers: { Authorization: `Bearer ${token}` } });

    it('says who it is, to tokens with openid', async () => {
      const { access_token: token } = await byPassword(provider, 'doctor', { scope: 'openid' });
      const answer = await info(token);
      expect(answer.status).to.equal(200);
      expect(await answer.json()).to.include({ preferred_username: 'doctor', sub: claimsOf(token).sub });
    });

    it('is 403 without openid, and 401 without a token', async () => {
      const { access_token: token } = await byPassword(provider, 'doctor');
      expect((await info(token)).status).to.equal(403);
      expect((await info('nonsense')).status).to.equal(401);
    });
  });

  describe('signing out', () => {
    const isLogoutLetter = async (letter: string, sid: unknown, sub: unknown): Promise<void> => {
      expect(decodeProtectedHeader(letter)).to.include({ typ: 'logout+jwt' });
      const keys = createRemoteJWKSet(new URL(at(provider, 'certs')));
      const { payload } = await jwtVerify(letter, keys, { issuer: provider.issuer, audience: app.client_id });
      expect(payload).to.include({ sid, sub });
      expect(payload['events']).to.have.property('http://schemas.openid.net/event/backchannel-logout');
    };

    it('with an id token happens at once, tells the client, and leads where it registered', async () => {
      const { browser, tokens } = await signedIn('doctor');
      const before = ears.heard.length;
      const query = new URLSearchParams({
        ...{ id_token_hint: tokens.id_token, post_logout_redirect_uri: `${home}/out`, state: 'bye' },
      });
      const { left } = await browser.get(`${at(provider, 'logout')}?${query.toString()}`);
      expect(left?.href).to.equal(`${home}/out?state=bye`);
      await eventually(async () => expect(ears.heard.length).to.be.above(before));
      const { sid, sub } = claimsOf(tokens.access_token);
      await isLogoutLetter(ears.heard.at(-1) ?? '', sid, sub);
      expect(await introspected(tokens.access_token)).to.include({ active: false });
      expect((await browser.get(codeRequest(provider).url)).left, 'a page that asks again').to.equal(undefined);
    });

    it('without one asks first', async () => {
      const { browser, tokens } = await signedIn('doctor');
      const page = await browser.get(at(provider, 'logout'));
      expect(page.left).to.equal(undefined);
      expect(await introspected(tokens.access_token)).to.include({ active: true });
    });

    it('leads to no address that the client did not register', async () => {
      const { browser, tokens } = await signedIn('doctor');
      const query = new URLSearchParams({
        ...{ id_token_hint: tokens.id_token, post_logout_redirect_uri: 'http://evil.example/' },
      });
      const page = await browser.get(`${at(provider, 'logout')}?${query.toString()}`);
      expect([page.left, page.status]).to.deep.equal([undefined, 400]);
    });

    it('by a refresh token tells the client', async () => {
      const { tokens } = await signedIn('doctor');
      const before = ears.heard.length;
      const answer = await ask(provider, 'logout', { refresh_token: tokens.refresh_token, ...app });
      expect(answer.status).to.be.oneOf([200, 204]);
      await eventually(async () => expect(ears.heard.length).to.be.above(before));
      expect(await introspected(tokens.access_token)).to.include({ active: false });
    });

    it('by an administrator tells the client', async () => {
      const { tokens } = await signedIn('radiologist');
      const before = ears.heard.length;
      await provider.endSessions('radiologist');
      await eventually(async () => expect(ears.heard.length).to.be.above(before));
      expect(await refreshed(provider, tokens.refresh_token, app)).to.include({ status: 400 });
    });
  });

  describe('a disabled account', () => {
    it('is out at once: introspection, refresh, password', async () => {
      await provider.addUser({ username: 'leaving', password: 'heddle', roles: ['nurse'] });
      const tokens = await byPassword(provider, 'leaving');
      expect(await tried(provider, tokens.access_token)).to.equal(404);
      await provider.disable('leaving');
      expect(await introspected(tokens.access_token)).to.include({ active: false });
      expect(await refreshed(provider, tokens.refresh_token, cli)).to.include({ status: 400 });
      expect(await byPassword(provider, 'leaving')).to.include({ status: 400, error: 'invalid_grant' });
    });
  });

  describe('a step up', () => {
    it('asks for the second factor and says so in acr', async () => {
      const browser = browserAt(provider);
      const plain = codeRequest(provider, { acr_values: 'mfa' });
      const page = await signIn(browser, plain.url, 'factor');
      expect(page.left).to.equal(undefined);
      const field = page.text.includes('name="otp"') ? 'otp' : 'code';
      const { left } = await browser.submit(page, field, { [field]: await code() });
      const tokens = await exchange(provider, plain, left);
      expect(claimsOf(tokens.access_token)).to.include({ acr: 'mfa' });
      expect(claimsOf(tokens.id_token)).to.include({ acr: 'mfa' });
    });
  });
};
