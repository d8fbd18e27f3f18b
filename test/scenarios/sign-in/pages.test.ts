import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { codeAt, stepAt } from '../../../core/src/identity/totp.ts';
import { embedded, type EmbeddedUnderTest } from './embedded.ts';
import { formsOf, type Browser, type Page } from './browser.ts';
import { browserAt, byPassword, claimsOf, codeRequest, exchange, refreshed, signIn, tried } from './provider.ts';

const bytesOf = (base32: string): Uint8Array => {
  const bits = Array.from(base32.replaceAll(' ', ''))
    .map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'))
    .join('');
  return Uint8Array.from(bits.match(/.{8}/g) ?? [], (byte) => Number.parseInt(byte, 2));
};

const listed = ({ text }: Page): string[] =>
  [...text.matchAll(/<li>([A-Z2-9-]{14})<\/li>/g)].map(([, code]) => code ?? '');

describe('the pages of the embedded provider', () => {
  let provider: EmbeddedUnderTest;
  before(async () => {
    provider = await embedded({ HEDDLE__IDENTITY__SECOND_FACTOR: 'staff' });
  });
  after(() => provider.close());

  const password = 'a long pass phrase';
  const newcomer = async (username: string, roles: readonly string[] = ['nurse']): Promise<void> =>
    provider.addUser({ username, password, roles });

  /** Through the enrolment that staff must pass. */
  const enrol = async (username: string) => {
    await newcomer(username);
    const browser = browserAt(provider);
    const request = codeRequest(provider);
    const page = await signIn(browser, request.url, username, password);
    const [, shown = ''] = /<code id="secret">([^<]+)</.exec(page.text) ?? [];
    const secret = bytesOf(shown);
    const recovery = await browser.submit(page, 'code', { code: codeAt(secret, stepAt(Date.now())) });
    return { browser, request, page, secret, recovery };
  };

  it('let no member of staff in without a second factor: they show a key once, then twelve recovery codes', async () => {
    const { browser, request, page, recovery } = await enrol('new-nurse');
    expect(page.text).to.contain('otpauth://totp/Heddle:new-nurse?secret=');
    expect(new Set(listed(recovery)).size).to.equal(12);
    const [, next = ''] = /<a href="([^"]+)">I have written/.exec(recovery.text) ?? [];
    const { left } = await browser.get(new URL(next, recovery.url).href);
    expect(claimsOf((await exchange(provider, request, left)).access_token)).to.include({ acr: 'mfa' });
    const rows = await provider.sql(
      `select recovery::text as codes, encode(totp, 'hex') as totp from account where username = 'new-nurse'`,
    );
    for (const code of listed(recovery))
      expect(rows[0]?.['codes']).to.not.contain(code).and.not.contain(code.replaceAll('-', ''));
  });

  it('show the same key again after a wrong code, and refuse the password grant until it is proven', async () => {
    await newcomer('slow-nurse');
    const browser = browserAt(provider);
    const page = await signIn(browser, codeRequest(provider).url, 'slow-nurse', password);
    const again = await browser.submit(page, 'code', { code: '000000' });
    const keyOf = ({ text }: Page): string | undefined => /<code id="secret">([^<]+)</.exec(text)?.[1];
    expect(again.text).to.contain('role="alert"');
    expect(keyOf(again)).to.equal(keyOf(page));
    expect(await byPassword(provider, 'slow-nurse', { password })).to.include({
      status: 400,
      error_description: 'Account is not fully set up',
    });
  });

  it('take recovery codes in their order, each once', async () => {
    const { recovery } = await enrol('lost-phone');
    const codes = listed(recovery);
    const into = async (code: string | undefined): Promise<Page> => {
      const browser = browserAt(provider);
      const page = await signIn(browser, codeRequest(provider).url, 'lost-phone', password);
      const form = formsOf(page).find(({ fields }) => fields['step'] === 'recovery');
      return browser.post(form?.action ?? '', { ...form?.fields, code: code ?? '' });
    };
    expect((await into(codes[1])).left, 'the second before the first').to.equal(undefined);
    expect((await into(codes[0]?.toLowerCase())).left?.origin).to.equal('http://127.0.0.1:54321');
    expect((await into(codes[0])).left, 'the first again').to.equal(undefined);
    expect((await into(codes[1])).left).to.not.equal(undefined);
  });

  it('lock an account whose codes are guessed, though its password is right each time', async () => {
    const { secret } = await enrol('guessed');
    for (let guess = 0; guess < 5; guess++) await byPassword(provider, 'guessed', { password, totp: '000000' });
    const right = codeAt(secret, stepAt(Date.now()) + 1);
    expect(await byPassword(provider, 'guessed', { password, totp: right })).to.include({ status: 400 });
    await provider.sql(`update sign_in_failure set until = now()`);
    expect(await byPassword(provider, 'guessed', { password, totp: right })).to.include({ status: 200 });
  });

  it('wait twice as long with each failure, up to the longest, and forget after half a day', async () => {
    const waits = async (): Promise<number> => {
      const rows = await provider.sql(
        `select max(extract(epoch from until - last))::float8 as wait from sign_in_failure where count < 100`,
      );
      return Math.round(Number(rows[0]?.['wait']));
    };
    await provider.sql('delete from sign_in_failure');
    const seen: number[] = [];
    for (let guess = 0; guess < 6; guess++) {
      await provider.sql('update sign_in_failure set until = last');
      await byPassword(provider, 'someone', { password: 'wrong' });
      seen.push(await waits());
    }
    expect(seen).to.deep.equal([0, 0, 0, 1, 2, 4]);
    await provider.sql(
      `update sign_in_failure set last = now() - interval '13 hours', until = now() - interval '13 hours'`,
    );
    await byPassword(provider, 'someone', { password: 'wrong' });
    expect(await waits()).to.equal(0);
    await provider.sql('delete from sign_in_failure');
  });

  it('answer no form that another site sent, and carry no script', async () => {
    const browser = browserAt(provider);
    const page = await browser.get(codeRequest(provider).url);
    expect(page.text).to.not.contain('<script');
    const policy = page.headers.get('content-security-policy') ?? '';
    expect(policy)
      .to.contain("default-src 'none'")
      .and.contain("form-action 'self' http://127.0.0.1:54321")
      .and.not.contain('unsafe');
    const [form] = formsOf(page);
    for (const headers of [
      { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://evil.example' },
      { 'Sec-Fetch-Site': 'same-site', Origin: 'https://evil.example' },
    ]) {
      const answer = await browser.post(
        form?.action ?? '',
        { ...form?.fields, username: 'doctor', password: 'heddle' },
        headers,
      );
      expect([answer.status, answer.left]).to.deep.equal([403, undefined]);
    }
  });

  it('let the one script through that sends an answer as a form, by its hash', async () => {
    const page = await signIn(browserAt(provider), codeRequest(provider, { response_mode: 'form_post' }).url, 'doctor');
    expect(page.text).to.contain('name="code"');
    expect(page.headers.get('content-security-policy')).to.match(/script-src 'self' 'sha256-[\w+/=]+'/);
  });

  it('belong to the browser that began: another one with the address gets nothing', async () => {
    const page = await browserAt(provider).get(codeRequest(provider).url);
    const other = await browserAt(provider).get(page.url);
    expect(other.status).to.equal(400);
    expect(other.text).to.not.contain('name="password"');
  });

  it('let nobody slip into the session of somebody else', async () => {
    await newcomer('first', ['patient']);
    await newcomer('second', ['patient']);
    const browser = browserAt(provider);
    await signIn(browser, codeRequest(provider).url, 'first', password);
    const request = codeRequest(provider, { prompt: 'login' });
    const page = await signIn(browser, request.url, 'second', password);
    expect([page.left, page.text.includes('Sign out first')]).to.deep.equal([undefined, true]);
    const { left } = await browser.submit(page, 'password', { username: 'first', password });
    expect(await exchange(provider, request, left)).to.include({ status: 200 });
  });

  it('write what people and clients send as text, never as markup', async () => {
    const page = await signIn(
      browserAt(provider),
      codeRequest(provider, { login_hint: '"><img src=x>' }).url,
      '<b>"\'&',
      'x',
    );
    expect(page.text).to.not.contain('<b>').and.not.contain('<img');
    const hinted = await browserAt(provider).get(codeRequest(provider, { login_hint: '"><img src=x>' }).url);
    expect(hinted.text).to.contain('&quot;&gt;&lt;img').and.not.contain('<img');
  });

  describe('of the account', () => {
    const inAccount = async (
      username: string,
    ): Promise<{ browser: Browser; page: Page; token: string; refresh: string }> => {
      await newcomer(username, ['patient']);
      const browser = browserAt(provider);
      const request = codeRequest(provider);
      const { left } = await signIn(browser, request.url, username, password);
      const tokens = await exchange(provider, request, left);
      const page = await browser.get(`${provider.issuer}/account`);
      return { browser, page, token: tokens.access_token, refresh: tokens.refresh_token };
    };
    const change = (browser: Browser, page: Page, fields: Record<string, string>) =>
      browser.submit(page, 'next', { current: password, ...fields });

    it('change the password by the policy, after the current one, and end all sessions', async () => {
      const { browser, page, token, refresh } = await inAccount('careful');
      for (const next of ['short', 'aaaaaaaaaaaaaaa', 'password1234', 'careful is my name', password])
        expect((await change(browser, page, { next })).status, next).to.equal(400);
      expect((await change(browser, page, { next: 'quite another phrase', current: 'wrong' })).status).to.equal(400);
      expect((await change(browser, page, { next: 'quite another phrase', token: 'stolen' })).status).to.equal(403);
      expect(await tried(provider, token)).to.equal(404);
      expect((await change(browser, page, { next: 'quite another phrase' })).status).to.equal(200);
      expect(await refreshed(provider, refresh, { client_id: 'heddle-cli' })).to.include({ status: 400 });
      expect((await browser.get(`${provider.issuer}/account`)).status).to.equal(401);
      expect(await byPassword(provider, 'careful', { password })).to.include({ status: 400 });
      expect(await byPassword(provider, 'careful', { password: 'quite another phrase' })).to.include({ status: 200 });
    });

    it('sign out everywhere', async () => {
      const { browser, page, refresh } = await inAccount('everywhere');
      const form = formsOf(page).find(({ fields }) => fields['step'] === 'everywhere');
      expect((await browser.post(form?.action ?? '', { ...form?.fields, current: password })).text).to.contain(
        'signed out everywhere',
      );
      expect(await refreshed(provider, refresh, { client_id: 'heddle-cli' })).to.include({ status: 400 });
    });

    it('ask a stranger to sign in', async () => {
      expect((await browserAt(provider).get(`${provider.issuer}/account`)).status).to.equal(401);
    });
  });

  it('take as long for an unknown name and a locked account as for a wrong password', async () => {
    const median = async (username: string): Promise<number> => {
      const times: number[] = [];
      for (let count = 0; count < 9; count++) {
        const from = performance.now();
        await byPassword(provider, username, { password: randomBytes(8).toString('hex') });
        times.push(performance.now() - from);
      }
      return times.toSorted((a, b) => a - b)[4] ?? 0;
    };
    await newcomer('timed');
    const [wrong, unknown] = [await median('doctor'), await median(`nobody-${randomBytes(4).toString('hex')}`)];
    const locked = await median('timed').then(() => median('timed'));
    expect(Math.max(wrong, unknown, locked) / Math.min(wrong, unknown, locked)).to.be.below(2);
    await provider.sql('delete from sign_in_failure');
  });

  it('keep nothing in the database by which somebody could sign in', async () => {
    const request = codeRequest(provider);
    const browser = browserAt(provider);
    const { left } = await signIn(browser, request.url, 'doctor');
    const code = left?.searchParams.get('code') ?? 'none';
    const tokens = await exchange(provider, request, left);
    const rows = await provider.sql('select * from sign_in');
    const text = JSON.stringify(rows);
    expect(rows.length).to.be.above(3);
    for (const secret of [code, tokens.refresh_token, tokens.access_token]) expect(text).to.not.contain(secret);
    for (const { name, value } of browser.cookies()) if (name === 'heddle_session') expect(text).to.not.contain(value);
  });
});
