/** What the token endpoint and its neighbours must do with every identity provider. */
import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { decodeProtectedHeader, exportJWK, generateKeyPair, SignJWT } from '../../../core/test/jose.ts';
import { app, cli, type Bench } from './bench.ts';
import { ask, at, byPassword, claimsOf, refreshed, tried } from './provider.ts';

export const tokenSentences = (bench: Bench): void => {
  describe('a token by password', () => {
    it('carries the claims that the house goes by, and Heddle takes it', async () => {
      const { access_token: token, ...rest } = await byPassword(bench.provider, 'doctor');
      expect(rest).to.include({ status: 200, token_type: 'Bearer' });
      expect(rest.refresh_token).to.be.a('string');
      expect(decodeProtectedHeader(token)).to.include({ typ: 'JWT' });
      const claims = claimsOf(token);
      expect(claims).to.include({
        iss: bench.provider.issuer,
        typ: 'Bearer',
        azp: 'heddle-cli',
        tenant: 'hospital',
        acr: '1',
      });
      expect(claims).to.include({ preferred_username: 'doctor' });
      expect(claims).to.include.keys('exp', 'iat', 'jti', 'sub', 'sid', 'scope').and.not.have.any.keys('nbf', 'amr');
      expect([claims.aud].flat()).to.include('heddle');
      expect((claims['realm_access'] as { roles: string[] }).roles).to.include('doctor');
      expect(await tried(bench.provider, token)).to.equal(404);
    });

    it('is refused alike for a wrong password, an unknown name and a locked account', async () => {
      await bench.provider.addUser({ username: 'locked', password: 'heddle', roles: ['nurse'] });
      const wrong = await byPassword(bench.provider, 'nurse', { password: 'wrong' });
      const unknown = await byPassword(bench.provider, 'nobody-at-all');
      for (let count = 0; count < 6; count++) await byPassword(bench.provider, 'locked', { password: 'wrong' });
      const locked = await byPassword(bench.provider, 'locked');
      expect(wrong).to.include({ status: 400, error: 'invalid_grant' });
      expect([unknown, locked]).to.deep.equal([wrong, wrong]);
    });

    it('needs the one-time code where there is a second factor, as otp or totp, and takes each once', async () => {
      expect(await byPassword(bench.provider, 'factor')).to.include({ status: 400, error: 'invalid_grant' });
      const first = await bench.code();
      expect(await byPassword(bench.provider, 'factor', { totp: first })).to.include({ status: 200 });
      expect(await byPassword(bench.provider, 'factor', { totp: first })).to.include({ status: 400 });
      expect(await byPassword(bench.provider, 'factor', { otp: await bench.code() })).to.include({ status: 200 });
    });

    it('refuses a scope that nobody knows', async () => {
      expect(await byPassword(bench.provider, 'doctor', { scope: 'openid nonsense' })).to.include({
        status: 400,
        error: 'invalid_scope',
      });
    });
  });

  describe('a machine', () => {
    it('gets a token by its secret, without a refresh token', async () => {
      const given = await ask(bench.provider, 'token', {
        ...{ grant_type: 'client_credentials', client_id: 'heddle-service', client_secret: 'heddle' },
      });
      expect(given).to.include({ status: 200 }).and.not.have.any.keys('refresh_token');
      expect(claimsOf(given.access_token)).to.include({ azp: 'heddle-service', tenant: 'hospital' });
      expect(await tried(bench.provider, given.access_token)).to.equal(404);
    });

    it('gets one by its own key (ES384), and a statement of its is good once', async () => {
      const { publicKey, privateKey } = await generateKeyPair('ES384', { extractable: true });
      const jwk = { ...(await exportJWK(publicKey)), kid: 'its-key', alg: 'ES384', use: 'sig' };
      await bench.provider.addClient({ id: 'test-backend', jwks: { keys: [jwk] }, grants: ['client_credentials'] });
      const assertion = await new SignJWT({})
        .setProtectedHeader({ alg: 'ES384', kid: 'its-key', typ: 'JWT' })
        .setIssuer('test-backend')
        .setSubject('test-backend')
        .setAudience(bench.provider.issuer)
        .setJti(randomBytes(12).toString('hex'))
        .setIssuedAt()
        .setExpirationTime('60s')
        .sign(privateKey);
      const fields = {
        grant_type: 'client_credentials',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: assertion,
      };
      expect(await ask(bench.provider, 'token', fields)).to.include({ status: 200 });
      const again = await ask(bench.provider, 'token', fields);
      expect(again.status).to.be.oneOf([400, 401]);
      expect(again.error).to.equal('invalid_client');
    });
  });

  describe('a refresh token', () => {
    it('is exchanged for a new one, and brought again ends the session', async () => {
      const first = await byPassword(bench.provider, 'doctor');
      const second = await refreshed(bench.provider, first.refresh_token, cli);
      expect(second).to.include({ status: 200 });
      expect(second.refresh_token).to.not.equal(first.refresh_token);
      expect(claimsOf(second.access_token)['sid']).to.equal(claimsOf(first.access_token)['sid']);
      expect(await refreshed(bench.provider, first.refresh_token, cli)).to.include({
        status: 400,
        error: 'invalid_grant',
      });
      expect(await refreshed(bench.provider, second.refresh_token, cli)).to.include({
        status: 400,
        error: 'invalid_grant',
      });
    });

    it('brings the roles as they are now', async () => {
      await bench.provider.addUser({ username: 'rising', password: 'heddle', roles: ['nurse'] });
      const first = await byPassword(bench.provider, 'rising');
      await bench.provider.setRoles('rising', ['doctor']);
      const second = await refreshed(bench.provider, first.refresh_token, cli);
      const rolesIn = (token: string): string[] => (claimsOf(token)['realm_access'] as { roles: string[] }).roles;
      expect(rolesIn(first.access_token)).to.include('nurse');
      expect(rolesIn(second.access_token)).to.include('doctor').and.not.include('nurse');
    });

    it('lasts beyond the session where offline access was asked for', async () => {
      const { tokens } = await bench.signedIn('doctor', { scope: 'openid offline_access' });
      expect(tokens).to.include({ status: 200 });
      expect(String(tokens['scope'])).to.contain('offline_access');
    });
  });

  describe('introspection and revocation', () => {
    it('tell a client that the token is for, and no other', async () => {
      const { access_token: token } = await byPassword(bench.provider, 'doctor');
      const answer = await bench.introspected(token);
      expect(answer).to.include({ active: true, preferred_username: 'doctor', client_id: 'heddle-cli' });
      const stranger = { token, client_id: 'heddle-service', client_secret: 'heddle' };
      expect(await ask(bench.provider, 'token/introspect', stranger)).to.include({ active: false });
      expect(
        await ask(bench.provider, 'token/introspect', { token, client_id: 'heddle', client_secret: 'no' }),
      ).to.include({
        status: 401,
      });
      expect(await bench.introspected('nonsense')).to.include({ active: false });
    });

    it('end a session by its refresh token, without a call', async () => {
      const { tokens } = await bench.signedIn('doctor');
      const before = bench.ears.heard.length;
      expect(await ask(bench.provider, 'revoke', { token: tokens.refresh_token, ...app })).to.include({ status: 200 });
      expect(await bench.introspected(tokens.access_token)).to.include({ active: false });
      expect(await refreshed(bench.provider, tokens.refresh_token, app)).to.include({ status: 400 });
      expect(bench.ears.heard).to.have.length(before);
    });

    it('take back an access token', async () => {
      const { access_token: token } = await byPassword(bench.provider, 'doctor');
      expect(await ask(bench.provider, 'revoke', { token, ...cli })).to.include({ status: 200 });
      expect(await bench.introspected(token)).to.include({ active: false });
    });
  });

  describe('userinfo', () => {
    const info = (token: string) =>
      fetch(at(bench.provider, 'userinfo'), { headers: { Authorization: `Bearer ${token}` } });

    it('says who it is, to tokens with openid', async () => {
      const { access_token: token } = await byPassword(bench.provider, 'doctor', { scope: 'openid' });
      const answer = await info(token);
      expect(answer.status).to.equal(200);
      expect(await answer.json()).to.include({ preferred_username: 'doctor', sub: claimsOf(token).sub });
    });

    it('is 403 without openid, and 401 without a token', async () => {
      const { access_token: token } = await byPassword(bench.provider, 'doctor');
      expect((await info(token)).status).to.equal(403);
      expect((await info('nonsense')).status).to.equal(401);
    });
  });

  describe('a disabled account', () => {
    it('is out at once: introspection, refresh, password', async () => {
      await bench.provider.addUser({ username: 'leaving', password: 'heddle', roles: ['nurse'] });
      const tokens = await byPassword(bench.provider, 'leaving');
      expect(await tried(bench.provider, tokens.access_token)).to.equal(404);
      await bench.provider.disable('leaving');
      expect(await bench.introspected(tokens.access_token)).to.include({ active: false });
      expect(await refreshed(bench.provider, tokens.refresh_token, cli)).to.include({ status: 400 });
      expect(await byPassword(bench.provider, 'leaving')).to.include({ status: 400, error: 'invalid_grant' });
    });
  });
};
