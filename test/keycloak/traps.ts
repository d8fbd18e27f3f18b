/** What went wrong with Keycloak when it was tried by hand, and must not come back; and a whole sign-in to the portal through it. */
import { expect } from 'chai';
import { eventually } from '../../core/test/eventually.ts';
import { browserAt, byPassword, claimsOf, codeRequest, signIn, tried } from '../scenarios/sign-in/provider.ts';
import type { KeycloakUnderTest } from './under-test.ts';

export const traps = (provider: () => KeycloakUnderTest): void => {
  const at = (path: string): string => `${provider().heddle}${path}`;
  const cookieIn = (browser: ReturnType<typeof browserAt>): string =>
    browser.cookies().find(({ name }) => name === 'heddle')?.value ?? '';
  const read = async (cookie: string): Promise<number> =>
    (await fetch(at('/fhir/Patient/none'), { headers: { Cookie: `heddle=${cookie}` } })).status;

  describe('the realm', () => {
    for (const role of [
      'admin',
      'nurse',
      'receptionist',
      'pharmacist',
      'labtech',
      'radiographer',
      'radiologist',
      'patient',
    ])
      it(`has the demo account ${role}, complete, with sub, role and tenant`, async () => {
        const { access_token: token } = await byPassword(provider(), role);
        const claims = claimsOf(token);
        expect(claims).to.include({ tenant: 'hospital' });
        expect(claims.sub).to.be.a('string');
        expect((claims['realm_access'] as { roles: string[] }).roles).to.include(role);
        expect(await tried(provider(), token)).to.equal(404);
      });

    it('has a second tenant', async () => {
      const { access_token: token } = await byPassword(provider(), 'otherhospital-admin');
      expect(claimsOf(token)).to.include({ tenant: 'otherhospital' });
    });

    it('lets nobody change the own tenant or place in the record', async () => {
      const { access_token: token } = await byPassword(provider(), 'doctor', { scope: 'openid' });
      const account = `${provider().issuer}/account`;
      const headers = {
        Authorization: `Bearer ${token}`,
        'Content-Type': 'application/json',
        Accept: 'application/json',
      };
      const own = (await (await fetch(account, { headers })).json()) as { attributes?: Record<string, string[]> };
      const renamed = JSON.stringify({ ...own, firstName: 'Renamed' });
      expect((await fetch(account, { method: 'POST', headers, body: renamed })).ok, 'a name').to.equal(true);
      for (const change of [{ tenant: ['otherhospital'] }, { fhirUser: ['Practitioner/somebody-else'] }]) {
        const body = JSON.stringify({ ...own, attributes: { ...own.attributes, ...change } });
        await fetch(account, { method: 'POST', headers, body });
      }
      const claims = claimsOf((await byPassword(provider(), 'doctor')).access_token);
      expect(claims).to.include({ tenant: 'hospital', given_name: 'Renamed', fhirUser: 'Practitioner/demo-doctor' });
    });

    it('keeps what an administrator says of a person', async () => {
      const id = await provider().userId('patient');
      const [user] = await provider().admin('GET', `users/${id}`);
      const attributes = { ...(user?.['attributes'] as object), fhirUser: ['Patient/p-1'] };
      await provider().admin('PUT', `users/${id}`, { ...user, attributes });
      const { access_token: token } = await byPassword(provider(), 'patient');
      expect(claimsOf(token)).to.include({ fhirUser: 'Patient/p-1' });
      const caller = await provider().server.serving.identity.verify(token);
      expect(caller.fhirUser).to.deep.equal({ type: 'Patient', id: 'p-1' });
    });

    it('knows the SMART scopes that it lists, and gives them to anybody: Heddle must narrow by role', async () => {
      const { access_token: token, status } = await byPassword(provider(), 'patient', { scope: 'openid user/*.cruds' });
      expect(status).to.equal(200);
      expect(String(claimsOf(token)['scope'])).to.contain('user/*.cruds');
      const answer = await fetch(at('/fhir/Observation'), {
        method: 'POST',
        body: '{"resourceType":"Observation","status":"final","code":{"text":"x"}}',
        headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/fhir+json' },
      });
      expect(answer.status, 'the role of a patient stays').to.equal(403);
    });

    it('is for Heddle, beside what else a token is for', async () => {
      const { aud } = claimsOf((await byPassword(provider(), 'doctor')).access_token);
      expect([aud].flat()).to.include('heddle');
    });

    it('is known by one spelling of its address: a token of another is refused', async () => {
      const other = { ...provider(), issuer: provider().issuer.replace('127.0.0.1', 'localhost') };
      const { access_token: token } = await byPassword(other, 'doctor');
      expect(claimsOf(token).iss).to.contain('localhost');
      expect(await tried(provider(), token)).to.equal(401);
    });
  });

  describe('the portal', () => {
    const signedIn = async (username: string) => {
      const browser = browserAt(provider());
      await signIn(browser, at('/auth/login'), username);
      return browser;
    };

    it('signs in through it, and the browser gets no token', async () => {
      const browser = await signedIn('receptionist');
      expect(await read(cookieIn(browser))).to.equal(404);
      const session = JSON.parse((await browser.get(at('/auth/session'))).text) as { roles: string[]; tenant: string };
      expect(session).to.include({ tenant: 'hospital' });
      expect(session.roles).to.include('receptionist');
    });

    it('hears within a second when the person leaves Keycloak, by cookie and by bearer', async () => {
      const browser = await signedIn('pharmacist');
      const cookie = cookieIn(browser);
      expect(await read(cookie)).to.equal(404);
      const from = performance.now();
      await provider().endSessions('pharmacist');
      await eventually(async () => expect(await read(cookie)).to.equal(401));
      expect(performance.now() - from).to.be.below(1_500);
    });

    it('ends Keycloak’s session with its own', async () => {
      const browser = await signedIn('labtech');
      const { csrf } = JSON.parse((await browser.get(at('/auth/session'))).text) as { csrf: string };
      await browser.post(at('/auth/logout'), { csrf });
      const page = await browser.get(codeRequest(provider()).url);
      expect(page.left, 'a page that asks again').to.equal(undefined);
    });
  });
};
