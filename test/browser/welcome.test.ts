import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { startTestServer, type TestServer } from '@heddle/core/testing';
import { openBrowser } from './browser.ts';

const axePath = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const pictures = join(import.meta.dirname, '../../.cache/screenshots');

describe('the first page', () => {
  let server: TestServer;
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];
  before(async () => {
    mkdirSync(pictures, { recursive: true });
    [server, browser] = await Promise.all([startTestServer(), openBrowser()]);
  });
  after(async () => {
    await browser.close();
    await server.close();
  });
  beforeEach(async () => {
    page = await browser.newPage();
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(server.url);
  });
  afterEach(() => page.close());

  const signIn = async (username: string, password = 'heddle'): Promise<void> => {
    await page.getByLabel('Account').fill(username);
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
  };

  it('signs a newcomer in, stores a patient and reads it back', async () => {
    await page.getByText('Heddle is ready').waitFor();
    expect(await page.getByRole('button', { name: 'Create it' }).isDisabled()).to.equal(true);
    await signIn('receptionist');
    await page.getByText('Signed in as receptionist, role receptionist, tenant hospital.').waitFor();
    await page.getByRole('button', { name: 'Create it' }).click();
    await page.getByText(/^Stored at \/fhir\/Patient\/[\w-]+, and read from there:$/).waitFor();
    expect(await page.locator('pre').textContent())
      .to.contain('"family": "Rao"')
      .and.contain('"versionId": "1"');
    await page.screenshot({ path: join(pictures, 'welcome.png'), fullPage: true });
    expect(complaints).to.deep.equal([]);
  });

  it('tells in words what is refused, and why', async () => {
    await signIn('doctor', 'wrong');
    await page.getByText('That account and password do not fit.').waitFor();
    await signIn('doctor');
    await page.getByText('Signed in as doctor').waitFor();
    await page.getByRole('button', { name: 'Create it' }).click();
    await page.getByText('Refused with 403:').waitFor();
    expect(await page.locator('pre').textContent()).to.equal('the role doctor may not create Patient');
    await page.getByLabel('A new resource').fill('{');
    await page.getByRole('button', { name: 'Create it' }).click();
    await page.getByText('This is not JSON yet').waitFor();
  });

  for (const [width, colorScheme] of [
    [360, 'light'],
    [1280, 'dark'],
  ] as const)
    it(`is accessible ${width} pixels wide and ${colorScheme}`, async () => {
      // The page's own policy lets no foreign script in, and rightly: the checker's page goes without it.
      const context = await browser.newContext({ bypassCSP: true, colorScheme, viewport: { width, height: 800 } });
      const checked = await context.newPage();
      await checked.goto(server.url);
      await checked.getByText('Heddle is ready').waitFor();
      expect(await checked.evaluate('document.documentElement.scrollWidth'), 'it scrolls sideways').to.equal(width);
      await checked.addScriptTag({ path: axePath });
      const { violations } = await checked.evaluate<{ violations: { id: string; help: string }[] }>('axe.run()');
      expect(violations.map(({ id, help }) => `${id}: ${help}`)).to.deep.equal([]);
      await checked.screenshot({ path: join(pictures, `welcome-${width}-${colorScheme}.png`), fullPage: true });
      await context.close();
    });

  it('can be used with the keyboard alone', async () => {
    await page.getByLabel('Account').focus();
    await page.keyboard.press('Tab');
    await page.keyboard.type('heddle');
    await page.keyboard.press('Enter');
    await page.getByText('Signed in as receptionist').waitFor();
    await page.getByLabel('A new resource').focus();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByText('Stored at').waitFor();
  });
});
