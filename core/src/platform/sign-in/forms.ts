/** The pages of a sign-in as markup: password, code, enrolment, recovery codes, consent and the choice of a patient. */
import type { FactorState } from '../../identity/second-factor.ts';
import { base32, enrolmentLink } from '../../identity/totp.ts';
import { faultLine } from './exchange.ts';
import { html, type Markup } from './html.ts';

export const passwordForm = (username: string, fault?: string, more?: Markup): Markup => html`
  ${faultLine(fault)}
  <form method="post">
    <input type="hidden" name="step" value="password" />
    <label
      >Account <input name="username" autocomplete="username" autocapitalize="none" required value="${username}"
    /></label>
    <label>Password <input name="password" type="password" autocomplete="current-password" required /></label>
    <button>Sign in</button>
  </form>
  ${more}
`;

export const codeForm = ({ nextRecovery }: FactorState, fault?: string): Markup => html`
  ${faultLine(fault)}
  <form method="post">
    <input type="hidden" name="step" value="code" />
    <label
      >Code from your authenticator app
      <input name="code" inputmode="numeric" autocomplete="one-time-code" required maxlength="7"
    /></label>
    <button>Continue</button>
  </form>
  ${
    nextRecovery === undefined
      ? undefined
      : html`<details>
          <summary>I do not have my phone</summary>
          <form method="post">
            <input type="hidden" name="step" value="recovery" />
            <label
              >Recovery code ${nextRecovery} <input name="code" autocomplete="off" required maxlength="20"
            /></label>
            <button class="second">Continue with it</button>
          </form>
        </details>`
  }
`;

const spaced = (secret: string): string => secret.replace(/.{4}(?=.)/g, '$& ');

export const enrolForm = (username: string, secret: Uint8Array, hidden: Markup, fault?: string): Markup => html`
  ${faultLine(fault)}
  <p>Your account needs a second factor: an authenticator app on your phone, such as FreeOTP or Aegis.</p>
  <p>
    On this phone: <a href="${enrolmentLink(username, secret)}">open the app</a>. On another: add an account by hand,
    with this key:
  </p>
  <p><code id="secret">${spaced(base32(secret))}</code></p>
  <form method="post">
    <input type="hidden" name="step" value="enrol" />
    ${hidden}
    <label
      >The code that the app shows now
      <input name="code" inputmode="numeric" autocomplete="one-time-code" required maxlength="7"
    /></label>
    <button>Continue</button>
  </form>
`;

export const recoveryList = (codes: readonly string[], next: string): Markup => html`
  <p>
    Write these down and keep them apart from your phone. Each signs you in once without it, in this order. They are not
    shown again.
  </p>
  <ol>
    ${codes.map((code) => html`<li>${code}</li>`)}
  </ol>
  <p><a href="${next}">I have written them down</a></p>
`;

export interface PatientChoice {
  readonly id: string;
  readonly label: string;
}

export interface ConsentPage {
  readonly client: string;
  readonly scopes: readonly string[];
  /** Undefined where no patient must be chosen. */
  readonly patients: readonly PatientChoice[] | undefined;
  readonly searched: string;
  /** Fields that each of its forms carries. */
  readonly hidden?: Markup;
}

export const consentForm = (
  { client, scopes, patients, searched, hidden }: ConsentPage,
  fault?: string,
): Markup => html`
  ${faultLine(fault)}
  <p><strong>${client}</strong> asks for:</p>
  <ul>
    ${scopes.map((scope) => html`<li>${scope}</li>`)}
  </ul>
  ${
    patients === undefined
      ? undefined
      : html`<form method="post">
          <input type="hidden" name="step" value="find" />${hidden}
          <label>Find a patient by name <input name="search" value="${searched}" autocomplete="off" /></label>
          <button class="second">Find</button>
        </form>`
  }
  <form method="post">
    <input type="hidden" name="step" value="consent" />${hidden}
    ${
      patients === undefined || patients.length === 0
        ? undefined
        : html`<fieldset>
            <legend>Whose record?</legend>
            ${patients.map(
              ({ id, label }) =>
                html`<label class="choice"
                  ><input type="radio" name="patient" value="${id}" required /> ${label}</label
                >`,
            )}
          </fieldset>`
    }
    <button name="answer" value="allow">Allow</button>
    <button class="second" name="answer" value="deny" formnovalidate>Refuse</button>
  </form>
`;
