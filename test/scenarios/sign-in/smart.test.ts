import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { exportJWK, generateKeyPair, SignJWT } from '../../../core/test/jose.ts';
import { embedded, type EmbeddedUnderTest } from './embedded.ts';
import type { Browser } from './browser.ts';
import { ask, browserAt, claimsOf, codeRequest, exchange, refreshed, signIn, tried, type Tokens } from './provider.ts';

const home = 'https://app.example/back';
const app = 'growth-chart';

interface Discovery {
  readonly issuer: string;
  readonly authorization_endpoint: string;
  readonly token_endpoint: string;
  readonly introspection_endpoint: string;
  readonly code_challenge_methods_supported: readonly string[];
  readonly capabilities: readonly string[];
}

describe('a SMART app', () => {
  let provider: EmbeddedUnderTest;
  let asha: string;
  let other: string;
  before(async () => {
    provider = await embedded();
    await provider.addClient({ id: app, redirects: [home] });
    await provider.sql(`update client set consent = true, name = 'Growth <chart>' where id = '${app}'`);
    const admin = await provider.server.as('receptionist');
    const create = async (family: string): Promise<string> => {
      const answer = await admin.send('POST', '/fhir/Patient', {
        ...{ resourceType: 'Patient', name: [{ family, given: ['Asha'] }], birthDate: '1987-03-14' },
      });
      return ((await answer.json()) as { id: string }).id;
    };
    asha = await create('Rao');
    other = await create('Iyer');
  });
  after(() => provider.close());

  const base = (): string => `${provider.heddle}/fhir`;
  const request = (scope: string, more: Record<string, string> = {}) =>
    codeRequest(provider, { scope, aud: base(), ...more }, app, home);
  const withPassword = async (browser: Browser, url: string, username: string) => signIn(browser, url, username);
  const launched = async (username: string, launch: object): Promise<string> => {
    const caller = await provider.server.as(username);
    const answer = await caller.send('POST', '/auth/launch', launch, { 'Content-Type': 'application/json' });
    return ((await answer.json()) as { launch: string }).launch;
  };
  const callerOf = (tokens: Tokens) => provider.server.serving.identity.verify(tokens.access_token);

  it('finds where to go without a token, under the public address', async () => {
    const answer = await fetch(`${base()}/.well-known/smart-configuration`);
    expect([answer.status, answer.headers.get('content-type')]).to.deep.equal([200, 'application/json; charset=utf-8']);
    const found = (await answer.json()) as Discovery;
    expect(found).to.include({
      issuer: provider.issuer,
      authorization_endpoint: `${provider.issuer}/protocol/openid-connect/auth`,
      token_endpoint: `${provider.issuer}/protocol/openid-connect/token`,
      introspection_endpoint: `${provider.issuer}/protocol/openid-connect/token/introspect`,
    });
    expect(found.code_challenge_methods_supported).to.deep.equal(['S256']);
    expect(found.capabilities).to.include.members([
      'launch-ehr',
      'launch-standalone',
      'permission-v1',
      'permission-v2',
    ]);
  });

  it('alone: the person allows it and chooses a patient, and the answer says who it is about', async () => {
    const browser = browserAt(provider);
    const asked = request('openid fhirUser launch/patient patient/Observation.rs?category=laboratory');
    const consent = await withPassword(browser, asked.url, 'doctor');
    expect(consent.text).to.contain('Growth &lt;chart&gt;').and.contain('patient/Observation.rs?category=laboratory');
    expect(consent.text).to.contain('Asha Rao, born 1987-03-14').and.contain('Asha Iyer');
    const found = await browser.submit(consent, 'search', { search: 'Rao' });
    expect(found.text).to.contain('Asha Rao').and.not.contain('Asha Iyer');
    const { left } = await browser.submit(found, 'patient', { patient: asha, answer: 'allow' });
    const tokens = await exchange(provider, asked, left);
    expect(tokens).to.include({ status: 200, patient: asha, need_patient_banner: true });
    const caller = await callerOf(tokens);
    expect(caller.scopes).to.deep.equal(['patient/Observation.rs?category=laboratory']);
    expect(caller.launch).to.deep.equal({ patient: asha });
    const again = await refreshed(provider, tokens.refresh_token, { client_id: app });
    expect(again).to.include({ status: 200, patient: asha });
  });

  it('cannot be given a patient whom the person may not see', async () => {
    const browser = browserAt(provider);
    const consent = await withPassword(browser, request('openid launch/patient').url, 'doctor');
    const page = await browser.submit(consent, 'patient', { patient: 'somebody-elsewhere', answer: 'allow' });
    expect(page.left).to.equal(undefined);
    expect(page.text).to.contain('Choose a patient first');
    const pharmacist = browserAt(provider);
    const stranger = await withPassword(pharmacist, request('openid launch/patient').url, 'patient');
    expect(stranger.text).to.not.contain('Asha');
  });

  it('gets nothing where the person refuses', async () => {
    const browser = browserAt(provider);
    const consent = await withPassword(browser, request('openid patient/*.rs').url, 'doctor');
    const { left } = await browser.submit(consent, 'step', { answer: 'deny' });
    expect(left?.searchParams.get('error')).to.equal('access_denied');
    expect(left?.searchParams.get('code')).to.equal(null);
  });

  it('of a patient is about that patient without a choice', async () => {
    await provider.addUser({ username: 'asha', password: 'heddle', roles: ['patient'] });
    await provider.sql(`update account set fhir_user = 'Patient/${asha}' where username = 'asha'`);
    const browser = browserAt(provider);
    const asked = request('openid fhirUser launch/patient patient/*.rs');
    const consent = await withPassword(browser, asked.url, 'asha');
    expect(consent.text).to.not.contain('Find a patient');
    const { left } = await browser.submit(consent, 'step', { answer: 'allow' });
    const tokens = await exchange(provider, asked, left);
    expect(tokens).to.include({ patient: asha, fhirUser: `Patient/${asha}` });
  });

  describe('out of the portal', () => {
    const begin = async (browser: Browser, launch: string, username?: string) => {
      const asked = request('openid launch patient/*.rs', { launch });
      const page =
        username === undefined ? await browser.get(asked.url) : await withPassword(browser, asked.url, username);
      const { left } = await browser.submit(page, 'step', { answer: 'allow' });
      return exchange(provider, asked, left);
    };

    it('is about what it was launched with, once', async () => {
      const word = await launched('doctor', { patient: asha, encounter: 'e-1', needPatientBanner: false });
      const browser = browserAt(provider);
      const tokens = await begin(browser, word, 'doctor');
      expect(tokens).to.include({ patient: asha, encounter: 'e-1', need_patient_banner: false });
      expect(claimsOf(tokens.access_token)).to.include({ patient: asha, encounter: 'e-1' });
      expect((await callerOf(tokens)).launch).to.deep.equal({ patient: asha, encounter: 'e-1' });
      expect(await begin(browser, word)).to.not.have.any.keys('patient', 'encounter');
    });

    it('tells nothing to another person who got hold of the launch', async () => {
      const word = await launched('doctor', { patient: asha });
      expect(await begin(browserAt(provider), word, 'nurse')).to.not.have.any.keys('patient');
    });

    it('keeps two windows about two patients apart, and ends both with the session', async () => {
      const browser = browserAt(provider);
      const first = await begin(browser, await launched('doctor', { patient: asha }), 'doctor');
      const second = await begin(browser, await launched('doctor', { patient: other }));
      const renewed = await refreshed(provider, first.refresh_token, { client_id: app });
      expect([renewed['patient'], second['patient']]).to.deep.equal([asha, other]);
      await provider.endSessions('doctor');
      for (const { refresh_token: token } of [renewed, second])
        expect(await refreshed(provider, token, { client_id: app })).to.include({ status: 400 });
    });

    it('is begun by nobody who has not signed in', async () => {
      const answer = await fetch(`${provider.heddle}/auth/launch`, { method: 'POST', body: '{}' });
      expect(answer.status).to.equal(401);
      const caller = await provider.server.as('nurse');
      expect((await caller.send('POST', '/auth/launch', { patient: '../x' })).status).to.equal(400);
    });
  });

  it('must ask for this server', async () => {
    const page = await browserAt(provider).get(
      request('openid patient/*.rs', { aud: 'https://evil.example/fhir' }).url,
    );
    expect(page.left?.searchParams.get('error')).to.equal('invalid_request');
  });

  it('gets no scope that is not its own', async () => {
    await provider.sql(`update client set scopes = '{patient/Observation.rs}' where id = '${app}'`);
    const page = await browserAt(provider).get(request('openid patient/Observation.rs user/*.cruds').url);
    await provider.sql(`update client set scopes = null where id = '${app}'`);
    expect(page.left?.searchParams.get('error')).to.equal('invalid_scope');
  });
});

describe('a SMART backend service', () => {
  let provider: EmbeddedUnderTest;
  let keys: Server;
  before(async () => {
    provider = await embedded();
  });
  after(async () => {
    keys?.close();
    await provider.close();
  });

  it('proves itself by a key at its own address (RS384), and is held to its system scopes', async () => {
    const { publicKey, privateKey } = await generateKeyPair('RS384', { extractable: true });
    const jwk = { ...(await exportJWK(publicKey)), kid: 'k', alg: 'RS384', use: 'sig' };
    keys = createServer((_request, response) => {
      response.setHeader('Content-Type', 'application/json').end(JSON.stringify({ keys: [jwk] }));
    });
    await new Promise<void>((resolve) => void keys.listen(0, '127.0.0.1', resolve));
    const { port } = keys.address() as AddressInfo;
    await provider.addClient({ id: 'exporter', grants: ['client_credentials'] });
    await provider.sql(`update client set jwks_url = 'http://127.0.0.1:${port}/keys' where id = 'exporter'`);
    const statement = async (aud: string): Promise<Record<string, string>> => ({
      grant_type: 'client_credentials',
      scope: 'system/Observation.rs system/Patient.r',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: await new SignJWT({ jti: randomBytes(8).toString('hex') })
        .setProtectedHeader({ alg: 'RS384', kid: 'k' })
        .setIssuer('exporter')
        .setSubject('exporter')
        .setAudience(aud)
        .setExpirationTime('2m')
        .sign(privateKey),
    });
    const tokens = await ask(provider, 'token', await statement(`${provider.issuer}/protocol/openid-connect/token`));
    expect(tokens).to.include({ status: 200, scope: 'system/Observation.rs system/Patient.r' });
    const caller = await provider.server.serving.identity.verify(tokens.access_token);
    expect(caller).to.deep.include({ kind: 'client', client: 'exporter', roles: ['service'] });
    expect(caller.scopes).to.deep.equal(['system/Observation.rs', 'system/Patient.r']);
    expect(await tried(provider, tokens.access_token)).to.equal(404);
    expect((await ask(provider, 'token', await statement('https://elsewhere.example/token'))).status).to.equal(401);
  });
});
