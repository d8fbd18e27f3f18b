/** The pages by which people register themselves; the same words whether somebody is known or not. */
import type { KoaContextWithOIDC } from 'oidc-provider';
import { leastLength, passwordFault } from '../../identity/passwords.ts';
import { applicant, type Registration } from '../../identity/registration.ts';
import type { Log } from '../../observe/log.ts';
import { faultLine, readForm, show, type Fields } from './exchange.ts';
import { html, type Markup } from './html.ts';

export interface RegistrationPagesNeeds {
  readonly registration: Registration;
  readonly style: string;
  /** Where to sign in. */
  readonly portal: string;
  readonly log: Log;
}

const input = (name: string, label: string, value: string, more: Markup): Markup =>
  html`<label>${label} <input name="${name}" value="${value}" ${more} /></label>`;

const form = (fields: Fields, fault?: string): Markup => html`
  ${faultLine(fault)}
  <form method="post">
    ${input('email', 'E-mail', fields['email'] ?? '', html`type="email" autocomplete="email" required`)}
    ${input('first', 'First name', fields['first'] ?? '', html`autocomplete="given-name" required`)}
    ${input('last', 'Last name', fields['last'] ?? '', html`autocomplete="family-name" required`)}
    ${input('birthDate', 'Date of birth', fields['birthDate'] ?? '', html`type="date" autocomplete="bday" required`)}
    ${input('number', 'Record number, if the hospital gave you one', fields['number'] ?? '', html`autocomplete="off"`)}
    <label
      >Password, at least ${leastLength} characters
      <input name="password" type="password" autocomplete="new-password" minlength="${leastLength}" required
    /></label>
    <button>Register</button>
  </form>
`;

const title = 'Register';

const answers = {
  done: html`<p role="status">Your address is confirmed, and your account is ready.</p>`,
  unknown: html`<p role="alert">This link is too old, or was used already. Register again.</p>`,
  refused: html`<p role="alert">
    We could not set up your account with these details. Please ask at the reception, and bring something that shows who
    you are.
  </p>`,
};

export const registrationPages = ({ registration, style, portal, log }: RegistrationPagesNeeds) => {
  const place = { style, leadsTo: '' };

  const apply = async (ctx: KoaContextWithOIDC, fields: Fields): Promise<void> => {
    const who = applicant.safeParse({ number: '', ...fields });
    const password = fields['password'] ?? '';
    const fault = who.success
      ? passwordFault(password, who.data.email)
      : 'Something is missing, or not written as it should be.';
    if (!who.success || fault !== undefined) return show(ctx, place, title, form(fields, fault), 400);
    // Not waited for: how long a letter takes would tell whether there is an account.
    registration
      .apply(who.data, password)
      .catch((thrown: unknown) => log.error({ err: thrown }, 'a registration could not be taken'));
    show(
      ctx,
      place,
      title,
      html`<p role="status">Look into your letters: we have sent one to the address that you gave.</p>`,
    );
  };

  const confirm = async (ctx: KoaContextWithOIDC, secret: string): Promise<void> => {
    const came = await registration.confirm(secret);
    const next = came === 'done' ? html`<p><a href="${portal}">Sign in</a></p>` : html``;
    show(ctx, place, title, html`${answers[came]} ${next}`, came === 'done' ? 200 : 400);
  };

  return async (ctx: KoaContextWithOIDC): Promise<void> => {
    const link = typeof ctx.query['confirm'] === 'string' ? ctx.query['confirm'] : undefined;
    if (ctx.method === 'POST') {
      const fields = await readForm(ctx);
      return fields['confirm'] === undefined ? apply(ctx, fields) : confirm(ctx, fields['confirm']);
    }
    if (link === undefined) return show(ctx, place, title, form({}));
    // Programs that look through letters open links; only a person presses a button.
    const button = html`<form method="post">
      <input type="hidden" name="confirm" value="${link}" /><button>Confirm my address</button>
    </form>`;
    show(ctx, place, title, button);
  };
};
