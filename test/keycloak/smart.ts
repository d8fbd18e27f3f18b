/** SMART launches with Keycloak behind: Heddle knows what they are about, and says so beside tokens that Keycloak gave. */
import { expect } from 'chai';
import {
  browserAt,
  claimsOf,
  codeRequest,
  signIn,
  type CodeRequest,
  type Tokens,
} from '../scenarios/sign-in/provider.ts';
import type { Browser } from '../scenarios/sign-in/browser.ts';
import type { KeycloakUnderTest } from './under-test.ts';

const app = { client_id: 'growth-chart', client_secret: 'a secret of the chart' };
const home = 'https://app.example/back';

export const smartBehindKeycloak = (provider: () => KeycloakUnderTest): void => {
  describe('a SMART app behind Keycloak', () => {
    let asha: string;
    let other: string;
    before(async () => {
      await provider().addClient({ id: app.client_id, secret: app.client_secret, redirects: [home] });
      const caller = await provider().server.caller('receptionist');
      const create = async (family: string): Promise<string> => {
        const resource = { resourceType: 'Patient', name: [{ family, given: ['Asha'] }] };
        const body = { resource, text: JSON.stringify(resource) };
        const answer = await provider().server.perform({ verb: 'create', type: 'Patient', body, caller });
        return 'stored' in answer ? (answer.stored?.id ?? '') : '';
      };
      asha = await create('Rao');
      other = await create('Iyer');
    });

    const at = (path: string): string => `${provider().heddle}${path}`;
    const request = (scope: string, more: Record<string, string> = {}): CodeRequest => {
      const asked = codeRequest(provider(), { scope, aud: at('/fhir'), ...more }, app.client_id, home);
      return { ...asked, url: at(`/auth/smart/authorize${new URL(asked.url).search}`) };
    };
    const ask = async (fields: Record<string, string>): Promise<Tokens> => {
      const answer = await fetch(at('/auth/smart/token'), {
        method: 'POST',
        body: new URLSearchParams({ ...fields, ...app }),
      });
      return { ...((await answer.json()) as object), status: answer.status } as Tokens;
    };
    const exchange = ({ verifier }: CodeRequest, left: URL | undefined): Promise<Tokens> =>
      ask({
        ...{ grant_type: 'authorization_code', code: left?.searchParams.get('code') ?? '' },
        ...{ redirect_uri: home, code_verifier: verifier },
      });
    const signedIn = async (): Promise<Browser> => {
      const browser = browserAt(provider());
      await signIn(browser, at('/auth/login'), 'doctor');
      return browser;
    };
    const launched = async (browser: Browser, patient: string): Promise<Tokens> => {
      const { csrf } = JSON.parse((await browser.get(at('/auth/session'))).text) as { csrf: string };
      const cookie = browser.cookies().find(({ name }) => name === 'heddle')?.value ?? '';
      const answer = await fetch(at('/auth/launch'), {
        method: 'POST',
        body: JSON.stringify({ patient }),
        headers: { Cookie: `heddle=${cookie}`, 'X-CSRF-Token': csrf, Origin: provider().heddle },
      });
      const { launch } = (await answer.json()) as { launch: string };
      const asked = request('openid launch patient/*.rs', { launch });
      return exchange(asked, (await browser.get(asked.url)).left);
    };
    const launchOf = async ({ access_token: token }: Tokens) =>
      (await provider().server.serving.identity.verify(token)).launch;

    it('is led to Heddle, which signs in at Keycloak', async () => {
      const found = (await (await fetch(at('/fhir/.well-known/smart-configuration'))).json()) as Record<string, string>;
      expect(found).to.include({
        issuer: provider().issuer,
        authorization_endpoint: at('/auth/smart/authorize'),
        token_endpoint: at('/auth/smart/token'),
      });
    });

    it('alone: the person signs in, chooses a patient, and token and answer are about that one', async () => {
      const browser = browserAt(provider());
      const asked = request('openid launch/patient patient/Observation.rs?category=laboratory');
      const choice = await signIn(browser, asked.url, 'doctor');
      expect(choice.text).to.contain('Asha Rao').and.contain('Asha Iyer');
      const forged = await browser.submit(choice, 'patient', { patient: asha, answer: 'allow', csrf: 'stolen' });
      expect(forged.status).to.equal(403);
      const { left } = await browser.submit(choice, 'patient', { patient: asha, answer: 'allow' });
      const tokens = await exchange(asked, left);
      expect(tokens).to.include({ status: 200, patient: asha, need_patient_banner: true });
      expect(claimsOf(tokens.access_token).iss).to.equal(provider().issuer);
      const caller = await provider().server.serving.identity.verify(tokens.access_token);
      expect(caller.launch).to.deep.equal({ patient: asha });
      expect(caller.scopes).to.deep.equal(['patient/Observation.rs?category=laboratory']);
    });

    it('out of the portal: two windows about two patients stay apart, also when they refresh', async () => {
      const browser = await signedIn();
      const [first, second] = [await launched(browser, asha), await launched(browser, other)];
      expect([await launchOf(first), await launchOf(second)]).to.deep.equal([{ patient: asha }, { patient: other }]);
      const renewed = await ask({ grant_type: 'refresh_token', refresh_token: first.refresh_token });
      expect(renewed).to.include({ status: 200, patient: asha });
      expect(await launchOf(renewed)).to.deep.equal({ patient: asha });
    });

    it('without a launch is Keycloak’s alone, and a wrong secret stays wrong', async () => {
      const browser = await signedIn();
      const asked = request('openid patient/*.rs');
      const tokens = await exchange(asked, (await browser.get(asked.url)).left);
      expect(tokens).to.include({ status: 200 }).and.not.have.any.keys('patient');
      expect(await launchOf(tokens)).to.equal(undefined);
      const wrong = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token, client_id: app.client_id };
      const answer = await fetch(at('/auth/smart/token'), { method: 'POST', body: new URLSearchParams(wrong) });
      expect(answer.status).to.equal(401);
    });
  });
};
