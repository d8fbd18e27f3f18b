/** What signing in and out in a browser must do with every identity provider. */
import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { eventually } from '../../../core/test/eventually.ts';
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from '../../../core/test/jose.ts';
import { app, home, wordsOf, type Bench } from './bench.ts';
import { ask, at, browserAt, claimsOf, codeRequest, exchange, refreshed, signIn, tried } from './provider.ts';

export const pageSentences = (bench: Bench): void => {
  describe('the code flow', () => {
    it('signs in on a page without script, and comes back with code, state, iss and session_state', async () => {
      const { left, tokens } = await bench.signedIn('doctor', { scope: 'openid user/*.rs' });
      expect(left?.origin).to.equal('http://127.0.0.1');
      expect(left?.searchParams.get('state')).to.equal('a state');
      expect(left?.searchParams.get('iss')).to.equal(bench.provider.issuer);
      expect(left?.searchParams.get('session_state')).to.be.a('string').and.not.equal('');
      expect(tokens).to.include({ status: 200 });
      const { sid, sub } = claimsOf(tokens.access_token);
      expect(claimsOf(tokens.id_token)).to.include({ sub, sid, aud: app.client_id, preferred_username: 'doctor' });
      expect(await tried(bench.provider, tokens.access_token)).to.equal(404);
    });

    it('asks once for several clients of one browser', async () => {
      const { browser } = await bench.signedIn('doctor');
      const request = codeRequest(bench.provider);
      const { left } = await browser.get(request.url);
      expect(await exchange(bench.provider, request, left)).to.include({ status: 200 });
    });

    it('says the same on its page for a wrong password and an unknown name', async () => {
      const texts = [];
      for (const [username, password] of [
        ['nurse', 'wrong'],
        ['nobody-here', 'heddle'],
      ] as const) {
        const page = await signIn(browserAt(bench.provider), codeRequest(bench.provider).url, username, password);
        expect(page.left, username).to.equal(undefined);
        texts.push(wordsOf(page).replaceAll(username, ''));
      }
      expect(texts[0]).to.equal(texts[1]);
    });

    it('burns a code that comes with a wrong verifier', async () => {
      const request = codeRequest(bench.provider);
      const { left } = await signIn(browserAt(bench.provider), request.url, 'doctor');
      const wrong = { ...request, verifier: randomBytes(32).toString('base64url') };
      expect(await exchange(bench.provider, wrong, left)).to.include({ status: 400, error: 'invalid_grant' });
      expect(await exchange(bench.provider, request, left)).to.include({ status: 400, error: 'invalid_grant' });
    });

    it('needs a verifier, and one that is hashed', async () => {
      for (const more of [{ code_challenge_method: 'plain' }, { code_challenge: '', code_challenge_method: '' }]) {
        const page = await browserAt(bench.provider).get(codeRequest(bench.provider, more).url);
        const error = page.left?.searchParams.get('error') ?? (page.status >= 400 ? 'a page' : undefined);
        expect(error, JSON.stringify(more)).to.be.oneOf(['invalid_request', 'a page']);
      }
    });

    it('ends the session when a code is brought twice', async () => {
      const { tokens, left, request } = await bench.signedIn('doctor');
      const again = await exchange(bench.provider, request, left, { client_secret: app.client_secret });
      expect(again).to.include({ status: 400, error: 'invalid_grant' });
      expect(await bench.introspected(tokens.access_token)).to.include({ active: false });
      expect(await refreshed(bench.provider, tokens.refresh_token, app)).to.include({ status: 400 });
    });

    it('leads back to no address that the client did not register', async () => {
      const page = await browserAt(bench.provider).get(
        codeRequest(bench.provider, {}, app.client_id, 'http://evil.example/').url,
      );
      expect([page.left, page.status]).to.deep.equal([undefined, 400]);
    });
  });

  describe('signing out', () => {
    const isLogoutLetter = async (letter: string, sid: unknown, sub: unknown): Promise<void> => {
      expect(decodeProtectedHeader(letter)).to.include({ typ: 'logout+jwt' });
      const keys = createRemoteJWKSet(new URL(at(bench.provider, 'certs')));
      const { payload } = await jwtVerify(letter, keys, { issuer: bench.provider.issuer, audience: app.client_id });
      expect(payload).to.include({ sid, sub });
      expect(payload['events']).to.have.property('http://schemas.openid.net/event/backchannel-logout');
    };

    it('with an id token happens at once, tells the client, and leads where it registered', async () => {
      const { browser, tokens } = await bench.signedIn('doctor');
      const before = bench.ears.heard.length;
      const query = new URLSearchParams({
        ...{ id_token_hint: tokens.id_token, post_logout_redirect_uri: `${home}/out`, state: 'bye' },
      });
      const { left } = await browser.get(`${at(bench.provider, 'logout')}?${query.toString()}`);
      expect(left?.href).to.equal(`${home}/out?state=bye`);
      await eventually(async () => expect(bench.ears.heard.length).to.be.above(before));
      const { sid, sub } = claimsOf(tokens.access_token);
      await isLogoutLetter(bench.ears.heard.at(-1) ?? '', sid, sub);
      expect(await bench.introspected(tokens.access_token)).to.include({ active: false });
      expect((await browser.get(codeRequest(bench.provider).url)).left, 'a page that asks again').to.equal(undefined);
    });

    it('without one asks first', async () => {
      const { browser, tokens } = await bench.signedIn('doctor');
      const page = await browser.get(at(bench.provider, 'logout'));
      expect(page.left).to.equal(undefined);
      expect(await bench.introspected(tokens.access_token)).to.include({ active: true });
    });

    it('leads to no address that the client did not register', async () => {
      const { browser, tokens } = await bench.signedIn('doctor');
      const query = new URLSearchParams({
        ...{ id_token_hint: tokens.id_token, post_logout_redirect_uri: 'http://evil.example/' },
      });
      const page = await browser.get(`${at(bench.provider, 'logout')}?${query.toString()}`);
      expect([page.left, page.status]).to.deep.equal([undefined, 400]);
    });

    it('by a refresh token tells the client', async () => {
      const { tokens } = await bench.signedIn('doctor');
      const before = bench.ears.heard.length;
      const answer = await ask(bench.provider, 'logout', { refresh_token: tokens.refresh_token, ...app });
      expect(answer.status).to.be.oneOf([200, 204]);
      await eventually(async () => expect(bench.ears.heard.length).to.be.above(before));
      expect(await bench.introspected(tokens.access_token)).to.include({ active: false });
    });

    it('by an administrator tells the client', async () => {
      const { tokens } = await bench.signedIn('radiologist');
      const before = bench.ears.heard.length;
      await bench.provider.endSessions('radiologist');
      await eventually(async () => expect(bench.ears.heard.length).to.be.above(before));
      expect(await refreshed(bench.provider, tokens.refresh_token, app)).to.include({ status: 400 });
    });
  });

  describe('a step up', () => {
    it('asks for the second factor and says so in acr', async () => {
      const browser = browserAt(bench.provider);
      const plain = codeRequest(bench.provider, { acr_values: 'mfa' });
      const page = await signIn(browser, plain.url, 'factor');
      expect(page.left).to.equal(undefined);
      const field = page.text.includes('name="otp"') ? 'otp' : 'code';
      const { left } = await browser.submit(page, field, { [field]: await bench.code() });
      const tokens = await exchange(bench.provider, plain, left);
      expect(claimsOf(tokens.access_token)).to.include({ acr: 'mfa' });
      expect(claimsOf(tokens.id_token)).to.include({ acr: 'mfa' });
    });
  });
};
