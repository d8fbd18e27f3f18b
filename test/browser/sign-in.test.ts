import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { startTestServer, type TestServer } from '@heddle/core/testing';
import { openBrowser } from './browser.ts';

const axePath = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const pictures = join(import.meta.dirname, '../../.cache/screenshots');

describe('the sign-in pages in a browser', () => {
  let server: TestServer;
  let browser: Browser;
  let app: Server;
  const arrived: string[] = [];
  before(async () => {
    mkdirSync(pictures, { recursive: true });
    [server, browser] = await Promise.all([startTestServer(), openBrowser()]);
    app = createServer((request, response) => {
      arrived.push(request.url ?? '');
      response.setHeader('Content-Type', 'text/html').end('<p>back at the app</p>');
    });
    await new Promise<void>((resolve) => void app.listen(0, '127.0.0.1', resolve));
  });
  after(async () => {
    app.close();
    await browser.close();
    await server.close();
  });

  const signIn = async (page: Page, username = 'doctor'): Promise<void> => {
    await page.getByLabel('Account').fill(username);
    await page.getByLabel('Password').fill('heddle');
    await page.getByRole('button', { name: 'Sign in' }).click();
  };

  it('work without script: in, and back where the person came from', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto(`${server.url}/auth/login?to=/healthz`);
    await signIn(page);
    await page.waitForURL(`${server.url}/healthz`);
    await page.goto(`${server.url}/auth/session`);
    expect(JSON.parse((await page.textContent('body')) ?? '{}')).to.include({ signedIn: true, tenant: 'hospital' });
    await context.close();
  });

  it('lead back to an app of another site, which the page’s policy must let through', async () => {
    const page = await browser.newPage();
    const redirect = `http://127.0.0.1:${(app.address() as AddressInfo).port}/callback`;
    const query = new URLSearchParams({
      ...{ response_type: 'code', client_id: 'heddle-cli', redirect_uri: redirect, scope: 'openid', state: 's' },
      code_challenge: createHash('sha256').update(randomBytes(32).toString('base64url')).digest('base64url'),
      code_challenge_method: 'S256',
    });
    await page.goto(`${server.url}/realms/heddle/protocol/openid-connect/auth?${query.toString()}`);
    await signIn(page);
    await page.getByText('back at the app').waitFor();
    expect(arrived.find((url) => url.startsWith('/callback?')))
      .to.contain('code=')
      .and.contain('state=s');
    await page.close();
  });

  it('sign out again: a script of this site may, by its token', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(`${server.url}/auth/login`);
    await signIn(page, 'nurse');
    await page.getByText('Heddle is ready').waitFor();
    const status = await page.evaluate(async () => {
      const { csrf } = (await (await fetch('/auth/session')).json()) as { csrf: string };
      await fetch('/auth/logout', { method: 'POST', body: new URLSearchParams({ csrf }) });
      return (await fetch('/fhir/Patient')).status;
    });
    expect(status).to.equal(401);
    await context.close();
  });

  for (const [name, path] of [
    ['sign-in', '/auth/login'],
    ['registration', '/realms/heddle/register'],
    ['account', '/realms/heddle/account'],
  ] as const)
    for (const [width, colorScheme] of [
      [360, 'light'],
      [1280, 'dark'],
    ] as const)
      it(`are accessible: ${name}, ${width} pixels wide and ${colorScheme}`, async () => {
        // The page's own policy lets no foreign script in, and rightly: the checker's page goes without it.
        const context = await browser.newContext({ bypassCSP: true, colorScheme, viewport: { width, height: 800 } });
        const page = await context.newPage();
        if (name === 'account') {
          await page.goto(`${server.url}/auth/login`);
          await signIn(page, 'patient');
          await page.getByText('Heddle is ready').waitFor();
        }
        await page.goto(`${server.url}${path}`);
        expect(await page.evaluate('document.documentElement.scrollWidth'), 'it scrolls sideways').to.equal(width);
        await page.addScriptTag({ path: axePath });
        const { violations } = await page.evaluate<{ violations: { id: string; help: string }[] }>('axe.run()');
        expect(violations.map(({ id, help }) => `${id}: ${help}`)).to.deep.equal([]);
        await page.screenshot({ path: join(pictures, `${name}-${width}-${colorScheme}.png`), fullPage: true });
        await context.close();
      });
});
