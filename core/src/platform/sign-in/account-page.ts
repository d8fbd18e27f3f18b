/** A person's own account: password, second factor, recovery codes, and the end of all sessions; each change asks for the password again. */
import type { KoaContextWithOIDC, Provider } from 'oidc-provider';
import type { Account, Directory } from '../../identity/accounts.ts';
import { leastLength } from '../../identity/passwords.ts';
import type { SignInService } from '../../identity/sign-in.ts';
import type { Vault } from '../../identity/vault.ts';
import { nameOf } from './claims.ts';
import { faultLine, readForm, show, type Fields } from './exchange.ts';
import { recoveryList } from './forms.ts';
import { html, type Markup } from './html.ts';
import { endSessionsOf, type SessionEnd } from './sessions.ts';

export interface AccountPageNeeds {
  readonly directory: Directory;
  readonly signIn: SignInService;
  readonly vault: Vault;
  readonly addressOf: (ctx: KoaContextWithOIDC) => string;
  readonly style: string;
  /** Where to sign in. */
  readonly portal: string;
  readonly end: SessionEnd;
}

interface Shown {
  readonly token: string;
  readonly fault?: string;
  readonly done?: string;
}

const form = (step: string, token: string, fields: Markup, button: string): Markup =>
  html`<form method="post">
    <input type="hidden" name="step" value="${step}" />
    <input type="hidden" name="token" value="${token}" />
    <label>Password <input name="current" type="password" autocomplete="current-password" required /></label>
    ${fields}
    <button class="second">${button}</button>
  </form>`;

const overview = (account: Account, { token, fault, done }: Shown): Markup => html`
  ${faultLine(fault)} ${done === undefined ? undefined : html`<p role="status">${done}</p>`}
  <p>Signed in as <strong>${nameOf(account) ?? account.username}</strong> (${account.username}, ${account.tenant}).</p>
  <h3>Change the password</h3>
  ${form(
    'password',
    token,
    html`<label
      >New password, at least ${leastLength} characters
      <input name="next" type="password" autocomplete="new-password" minlength="${leastLength}" required
    /></label>`,
    'Change it',
  )}
  ${
    account.hasTotp
      ? html`<h3>Recovery codes</h3>
          ${form('recovery', token, html``, 'Show new ones, and void the old')}`
      : undefined
  }
  <h3>Sign out everywhere</h3>
  ${form('everywhere', token, html``, 'Sign out everywhere')}
`;

export const accountPage = (needs: AccountPageNeeds) => {
  const { directory, signIn, vault, addressOf, style } = needs;
  const place = { style, leadsTo: '' };

  /** Bound to the session, so that no page of a stranger can know it. */
  const tokenOf = (uid: string): string => vault.mark(vault.currentKey(), 'account page', uid) ?? '';

  const change = async (
    ctx: KoaContextWithOIDC,
    provider: Provider,
    account: Account,
    { step, current = '', next = '' }: Fields,
    token: string,
  ): Promise<void> => {
    const title = 'Your account';
    if (step === 'password') {
      const fault = await signIn.changePassword(account, current, next, addressOf(ctx));
      if (fault !== undefined) return show(ctx, place, title, overview(account, { token, fault }), 400);
      await endSessionsOf(provider, account.id, needs.end);
      return show(
        ctx,
        place,
        title,
        html`<p role="status">The password is changed. <a href="${needs.portal}">Sign in again</a> with it.</p>`,
      );
    }
    if (!(await directory.signIn(account.username, current, addressOf(ctx))))
      return show(ctx, place, title, overview(account, { token, fault: 'The password is not right.' }), 400);
    if (step === 'recovery' && account.hasTotp)
      return show(ctx, place, 'Recovery codes', recoveryList(await signIn.newRecovery(account), 'account'));
    if (step !== 'everywhere') return show(ctx, place, title, overview(account, { token }), 400);
    await endSessionsOf(provider, account.id, needs.end);
    show(ctx, place, title, html`<p role="status">You are signed out everywhere.</p>`);
  };

  return async (ctx: KoaContextWithOIDC, provider: Provider): Promise<void> => {
    const session = await provider.Session.get(ctx);
    const account = session.accountId === undefined ? undefined : await directory.findAccount(session.accountId);
    if (!account) {
      show(ctx, place, 'Your account', html`<p><a href="${needs.portal}">Sign in</a> first, and come back.</p>`, 401);
      return;
    }
    const token = tokenOf(session.uid);
    if (ctx.method !== 'POST') return show(ctx, place, 'Your account', overview(account, { token }));
    const fields = await readForm(ctx);
    if (fields['token'] !== token)
      return show(ctx, place, 'Your account', overview(account, { token, fault: 'Please try again.' }), 403);
    return change(ctx, provider, account, fields, token);
  };
};
