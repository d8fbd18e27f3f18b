import { expect } from 'chai';
import { decodeJwt, decodeProtectedHeader, importJWK, SignJWT, type JWTPayload } from 'jose';
import { startTestServer, type TestServer } from '../../src/testing/server.ts';
import { sql } from '../store/rig.ts';

const endpoint = '/realms/heddle/protocol/openid-connect/token';

describe('the token endpoint', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
  });
  after(() => server.close());

  const ask = async (fields: Record<string, string>, headers: Record<string, string> = {}) => {
    const answer = await fetch(`${server.url}${endpoint}`, {
      method: 'POST',
      body: new URLSearchParams(fields),
      headers,
    });
    return { status: answer.status, body: (await answer.json()) as Record<string, string> };
  };
  const password = (username: string, secret = 'heddle') =>
    ask({ grant_type: 'password', client_id: 'heddle-cli', username, password: secret });
  const use = (token: string) =>
    fetch(`${server.url}/fhir/Patient/none`, { headers: { Authorization: `Bearer ${token}` } });

  /** A token of the server's own key, with claims changed. */
  const forge = async (change: JWTPayload, header: { kid?: string; alg?: string } = {}) => {
    const key = server.serving.keys.current('token');
    const good = decodeJwt((await password('doctor')).body['access_token'] ?? '');
    const secret = await importJWK(JSON.parse(Buffer.from(key.secret).toString()) as object, 'ES256');
    return new SignJWT({ ...good, ...change })
      .setProtectedHeader({ alg: 'ES256', kid: key.id, ...header })
      .sign(secret);
  };

  it('gives a person a token with the claims that Keycloak gives', async () => {
    const { status, body } = await password('doctor');
    expect(status).to.equal(200);
    expect(body).to.include({ token_type: 'Bearer', expires_in: 3600 });
    const token = body['access_token'] ?? '';
    expect(decodeProtectedHeader(token)).to.include({ typ: 'JWT', alg: 'ES256' });
    const claims = decodeJwt(token);
    expect(claims).to.include({
      iss: `${server.url}/realms/heddle`,
      aud: 'heddle',
      azp: 'heddle-cli',
      typ: 'Bearer',
      tenant: 'hospital',
      preferred_username: 'doctor',
    });
    expect(claims['realm_access']).to.deep.equal({ roles: ['doctor'] });
    expect(claims).to.include.keys('exp', 'iat', 'jti', 'sub').and.not.include.keys('nbf');
  });

  for (const username of [
    'admin',
    'doctor',
    'nurse',
    'receptionist',
    'pharmacist',
    'labtech',
    'radiographer',
    'radiologist',
    'patient',
    'otherhospital-admin',
  ])
    it(`knows the demo account ${username}`, async () => {
      const { body } = await password(username);
      expect((await use(body['access_token'] ?? '')).status).to.equal(404);
    });

  it('takes a machine by its secret, in the header or in the form', async () => {
    const basic = `Basic ${Buffer.from('heddle-service:heddle').toString('base64')}`;
    const inHeader = await ask({ grant_type: 'client_credentials' }, { Authorization: basic });
    const inForm = await ask({
      grant_type: 'client_credentials',
      client_id: 'heddle-service',
      client_secret: 'heddle',
    });
    for (const { body } of [inHeader, inForm]) {
      expect(decodeJwt(body['access_token'] ?? '')).to.include({ azp: 'heddle-service', tenant: 'hospital' });
      expect(body).to.not.include.keys('refresh_token');
      expect((await use(body['access_token'] ?? '')).status).to.equal(404);
    }
  });

  it('answers a wrong password, an unknown name and a disabled account alike', async () => {
    await sql(server.database.superuser, `update heddle.account set disabled = true where username = 'nurse'`);
    const answers = [await password('doctor', 'wrong'), await password('nobody'), await password('nurse')];
    for (const answer of answers) expect(answer).to.deep.equal(answers[0]);
    expect(answers[0]).to.include({ status: 400 });
    expect(answers[0]?.body['error']).to.equal('invalid_grant');
  });

  it('refuses a wrong secret, an unknown client and a grant that is not the client’s', async () => {
    expect(
      (await ask({ grant_type: 'client_credentials', client_id: 'heddle-service', client_secret: 'x' })).status,
    ).to.equal(401);
    expect(
      (await ask({ grant_type: 'client_credentials', client_id: 'stranger', client_secret: 'x' })).status,
    ).to.equal(401);
    expect((await ask({ grant_type: 'client_credentials', client_id: 'heddle-cli' })).status).to.equal(400);
    expect(
      (
        await ask({
          grant_type: 'password',
          client_id: 'heddle-service',
          client_secret: 'heddle',
          username: 'doctor',
          password: 'heddle',
        })
      ).status,
    ).to.equal(400);
    expect((await ask({ grant_type: 'password', client_id: 'heddle-cli', username: 'doctor' })).status).to.equal(400);
  });

  it('publishes the keys that prove its tokens, and nothing private of them', async () => {
    const { keys } = (await (await fetch(`${server.url}/realms/heddle/protocol/openid-connect/certs`)).json()) as {
      keys: Record<string, string>[];
    };
    expect(keys.map(({ kid }) => kid)).to.deep.equal(server.serving.keys.all('token').map(({ id }) => id));
    for (const key of keys) expect(key).to.not.have.any.keys('d', 'k');
  });

  it('describes itself under the path of the realm', async () => {
    const found = (await (
      await fetch(`${server.url}/realms/heddle/.well-known/openid-configuration`)
    ).json()) as Record<string, string>;
    expect(found['issuer']).to.equal(`${server.url}/realms/heddle`);
    expect(found['token_endpoint']).to.equal(`${server.url}${endpoint}`);
    expect(found['jwks_uri']).to.equal(`${server.url}/realms/heddle/protocol/openid-connect/certs`);
  });

  it('names its endpoints under the public address, whatever a request says of itself', async () => {
    const headers = {
      'X-Forwarded-Host': 'evil.example',
      'X-Forwarded-Proto': 'https',
      Forwarded: 'host=evil.example',
    };
    const found = await fetch(`${server.url}/realms/heddle/.well-known/openid-configuration`, { headers });
    expect(await found.text()).to.not.contain('evil.example');
  });

  it('takes a page of this server for no stranger, under each of its names, and refuses strange ones', async () => {
    const fields = { grant_type: 'password', client_id: 'heddle-cli', username: 'doctor', password: 'heddle' };
    const { port } = new URL(server.url);
    const from = (host: string, origin: string) =>
      fetch(`http://${host}:${port}${endpoint}`, {
        method: 'POST',
        body: new URLSearchParams(fields),
        headers: { Origin: origin },
      });
    expect((await from('localhost', `http://localhost:${port}`)).status).to.equal(200);
    expect((await from('127.0.0.1', `http://127.0.0.1:${port}`)).status).to.equal(200);
    for (const origin of ['null', 'foo', 'https://evil.example'])
      expect((await from('localhost', origin)).status, origin).to.equal(400);
  });

  it('knows nobody whose name no database can hold', async () => {
    expect(await password('doctor\0')).to.include({ status: 400 });
    expect((await ask({ grant_type: 'client_credentials', client_id: 'a\0b', client_secret: 'x' })).status).to.equal(
      401,
    );
  });

  describe('and its tokens', () => {
    const now = Math.floor(Date.now() / 1_000);
    const bad: Record<string, JWTPayload> = {
      'of another issuer': { iss: 'https://elsewhere.example' },
      'for another audience': { aud: 'account' },
      'that have expired': { exp: now - 10 },
      'that are not valid yet': { nbf: now + 3_600 },
      'of a tenant that does not exist': { tenant: 'nowhere' },
      'without a tenant': { tenant: '' },
      'of another kind': { typ: 'ID' },
      'of no kind': { typ: undefined },
    };
    for (const [what, change] of Object.entries(bad))
      it(`are refused when they are ones ${what}`, async () => {
        expect((await use(await forge(change))).status).to.equal(401);
      });

    it('are refused when they were signed with another key, with none, or changed', async () => {
      const { body } = await password('doctor');
      const [header = '', payload = '', signature = ''] = (body['access_token'] ?? '').split('.');
      const claims = { ...decodeJwt(body['access_token'] ?? ''), realm_access: { roles: ['admin'] } };
      const promoted = Buffer.from(JSON.stringify(claims)).toString('base64url');
      const none = Buffer.from('{"alg":"none"}').toString('base64url');
      for (const token of [
        `${header}.${promoted}.${signature}`,
        `${none}.${payload}.`,
        `${header}.${payload}.${'A'.repeat(86)}`,
        'x',
        'a.b.c',
        await forge({}, { kid: 'unknown' }),
      ])
        expect((await use(token)).status, token).to.equal(401);
    });

    it('are refused ten seconds (of clock skew) after they expire, though they were checked before', async () => {
      const token = (await password('doctor')).body['access_token'] ?? '';
      expect((await use(token)).status).to.equal(404);
      server.advance(3_611_000);
      const answer = await use(token);
      server.advance(-3_611_000);
      expect(answer.status).to.equal(401);
      expect(answer.headers.get('WWW-Authenticate')).to.equal('Bearer realm="heddle"');
      expect(await answer.text()).to.contain('expired');
    });

    it('outlive the rotation of the key that signed them, and not its end', async () => {
      const token = (await password('doctor')).body['access_token'] ?? '';
      const signed = server.serving.keys.current('token').id;
      await server.serving.keys.rotate('token');
      const fresh = (await password('doctor')).body['access_token'] ?? '';
      expect(decodeProtectedHeader(fresh).kid).to.not.equal(signed);
      expect([(await use(token)).status, (await use(fresh)).status]).to.deep.equal([404, 404]);
      await sql(server.database.superuser, `delete from heddle.key where id = '${signed}'`);
      await server.serving.keys.reload();
      expect([(await use(token)).status, (await use(fresh)).status]).to.deep.equal([401, 404]);
    });
  });
});
