import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { foreignIssuer } from '../../src/identity/foreign-issuer.ts';
import type { Issuer } from '../../src/identity/issuer.ts';
import { exportJWK, generateKeyPair, SignJWT, type JWTPayload } from '../jose.ts';
import { refused } from '../outcomes.ts';

type Keys = Awaited<ReturnType<typeof generateKeyPair>>;

describe('another issuer', () => {
  let server: Server;
  let address: string;
  let keys: Keys;
  let published: object[];
  let calls: string[];
  let calledItself: string | undefined;
  let active: boolean;
  let time: number;

  before(async () => {
    keys = await generateKeyPair('RS256', { extractable: true });
    server = createServer((request, response) => {
      calls.push(request.url ?? '');
      const answers: Record<string, object> = {
        '/.well-known/openid-configuration': {
          issuer: calledItself ?? address,
          jwks_uri: `${address}/keys`,
          authorization_endpoint: `${address}/auth`,
          token_endpoint: `${address}/token`,
          introspection_endpoint: `${address}/introspect`,
        },
        '/keys': { keys: published },
        '/introspect': { active },
      };
      const answer = answers[request.url ?? ''];
      response.statusCode = answer ? 200 : 404;
      response.setHeader('Content-Type', 'application/json').end(JSON.stringify(answer ?? {}));
    });
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => server.close());

  const jwkOf = async ({ publicKey }: Keys, kid: string) => ({ ...(await exportJWK(publicKey)), kid, use: 'sig' });
  beforeEach(async () => {
    published = [await jwkOf(keys, 'one')];
    [calls, calledItself, active, time] = [[], undefined, true, Date.now()];
  });

  const issuer = (introspection?: { clientId: string; clientSecret: string }): Issuer =>
    foreignIssuer({
      checks: { issuer: address, audience: 'heddle', skewSeconds: 10, now: () => time },
      introspection,
    });
  const seconds = (): number => Math.floor(time / 1_000);
  const token = (
    claims: Record<string, unknown> = {},
    header: object = {},
    by: Keys['privateKey'] | Uint8Array = keys.privateKey,
  ) =>
    new SignJWT({
      iss: address,
      aud: 'heddle',
      sub: 's',
      typ: 'Bearer',
      iat: seconds(),
      exp: seconds() + 60,
      ...claims,
    })
      .setProtectedHeader({ alg: 'RS256', kid: 'one', typ: 'JWT', ...header })
      .sign(by);

  it('is believed for its own tokens, with an audience that is one or one of several', async () => {
    expect(await issuer().check(await token())).to.include({ sub: 's' });
    expect(await issuer().check(await token({ aud: ['account', 'heddle'] }))).to.include({ sub: 's' });
    expect(await issuer().check(await token({}, { typ: 'at+jwt' }))).to.include({ sub: 's' });
  });

  const refusals: readonly (readonly [string, Record<string, unknown>, object?])[] = [
    ['of another issuer', { iss: 'https://elsewhere.example' }],
    ['for another audience', { aud: 'account' }],
    ['for several others', { aud: ['account', 'broker'] }],
    ['without an end', { exp: undefined }],
    ['that is an id token', { typ: 'ID' }],
    ['that is a refresh token', { typ: 'Refresh' }],
    ['that is a letter of a sign-out', {}, { typ: 'logout+jwt' }],
  ];
  for (const [what, claims, header] of refusals)
    it(`is not believed for a token ${what}`, async () =>
      refused(issuer().check(await token(claims, header)), 401, /not valid/));

  it('is held to the time, but for the difference of two clocks', async () => {
    const checked = issuer();
    const now = seconds();
    expect(await checked.check(await token({ exp: now - 5 }))).to.include({ sub: 's' });
    await refused(checked.check(await token({ exp: now - 15 })), 401, /expired/);
    expect(await checked.check(await token({ nbf: now + 5, iat: now + 5 }))).to.include({ sub: 's' });
    await refused(checked.check(await token({ nbf: now + 30 })), 401, /not valid/);
    await refused(checked.check(await token({ iat: now + 30, exp: now + 90 })), 401, /not valid/);
  });

  it('is not believed for what a shared secret or nobody signed, whatever the token says of itself', async () => {
    const secret = randomBytes(32);
    published.push({ kty: 'oct', k: secret.toString('base64url'), kid: 'shared', alg: 'HS256' });
    await refused(issuer().check(await token({}, { alg: 'HS256', kid: 'shared' }, secret)), 401, /not valid/);
    const [, payload] = (await token()).split('.');
    const none = `${Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')}.${payload}.`;
    await refused(issuer().check(none), 401, /not valid/);
    const other = await generateKeyPair('RS256', { extractable: true });
    await refused(issuer().check(await token({}, {}, other.privateKey)), 401, /not valid/);
  });

  it('is asked once for its keys, and again for one that is not known, but not for each', async () => {
    const checked = issuer();
    for (let count = 0; count < 5; count++) await checked.check(await token());
    expect(calls.filter((url) => url === '/keys')).to.have.length(1);
    for (let count = 0; count < 5; count++)
      await refused(checked.check(await token({}, { kid: `stranger-${count}` })), 401, /not valid/);
    expect(calls.filter((url) => url === '/keys').length, 'within the pause').to.be.below(3);
    expect(calls.filter((url) => url.startsWith('/.well-known'))).to.have.length(1);
  });

  it('must call itself by the name that was configured', async () => {
    calledItself = 'https://elsewhere.example';
    await refused(issuer().check(await token()), 503, /does not answer/);
  });

  it('that does not answer is a 503, not a 401, and is asked again', async () => {
    const gone = foreignIssuer({
      checks: { issuer: 'http://127.0.0.1:1', audience: 'heddle', skewSeconds: 10, now: () => time },
      introspection: undefined,
    });
    await refused(gone.check(await token({ iss: 'http://127.0.0.1:1' })), 503, /does not answer/);
    const checked = issuer();
    calledItself = 'https://elsewhere.example';
    await refused(checked.check(await token()), 503, /does not answer/);
    calledItself = undefined;
    expect(await checked.check(await token())).to.include({ sub: 's' });
  });

  it('says whether a token still holds, where it may be asked', async () => {
    const asking = issuer({ clientId: 'heddle', clientSecret: 'x' });
    expect(await asking.isActive?.('a token')).to.equal(true);
    active = false;
    expect(await asking.isActive?.('a token')).to.equal(false);
    expect(issuer()).to.not.have.property('isActive');
  });

  describe('and its letters of sign-outs', () => {
    const events = { 'http://schemas.openid.net/event/backchannel-logout': {} };
    const letter = (claims: JWTPayload = {}, header: object = {}) =>
      token(
        { aud: 'heddle-portal', events, sid: 'a', jti: 'j', typ: 'Logout', ...claims },
        { typ: 'logout+jwt', ...header },
      );

    it('name the session or the person', async () => {
      expect(await issuer().checkLogout(await letter(), 'heddle-portal')).to.deep.equal({ session: 'a', subject: 's' });
    });

    for (const [what, claims, header] of [
      ['without the event', { events: {} }],
      ['with a nonce', { nonce: 'n' }],
      ['to another client', { aud: 'other' }],
      ['of long ago', { iat: 1_000_000 }],
      ['that is another kind of token', {}, { typ: 'JWT' }],
    ] as const)
      it(`are not believed ${what}`, async () =>
        refused(
          issuer().checkLogout(await letter(claims, header), 'heddle-portal'),
          401,
          /not valid|no logout|expired/,
        ));
  });
});
