/** Walks a person through a sign-in, page by page; what was proven so far stands in the sign-in's row, never in the browser. */
import type { InteractionResults, KoaContextWithOIDC, Provider } from 'oidc-provider';
import type { Account, Directory } from '../../identity/accounts.ts';
import type { SignInService } from '../../identity/sign-in.ts';
import type { Vault } from '../../identity/vault.ts';
import { faultLine, fullUrl, readForm, show, type Fields, type Place } from './exchange.ts';
import { consentForm, codeForm, enrolForm, passwordForm, recoveryList, type PatientChoice } from './forms.ts';
import { html, sourceOf, type Markup } from './html.ts';
import { scopesOf } from './scopes.ts';

type Interaction = InstanceType<Provider['Interaction']>;

/** Somebody who has shown a password, and must show or get a second factor. */
interface Pending {
  readonly account: string;
  readonly key?: string;
  readonly sealed?: string;
}

export interface InteractionNeeds {
  readonly directory: Directory;
  readonly signIn: SignInService;
  readonly vault: Vault;
  readonly addressOf: (ctx: KoaContextWithOIDC) => string;
  readonly style: string;
  /** Where strangers may register; undefined where they may not. */
  readonly registration: string | undefined;
  /** Patients whom this person may choose; undefined while nobody can be searched. */
  readonly now: () => number;
  readonly findPatients: (account: Account, text: string) => Promise<readonly PatientChoice[]>;
}

const label = 'enrolment';
const wrong = 'That account and password do not fit.';
const occupied = 'Somebody else is signed in in this browser. Sign out first, and begin again.';
const wrongCode = 'That code does not fit. Each code is good once, for half a minute.';

const wantsMfa = ({ params }: Interaction): boolean => scopesOf(params['acr_values']).includes('mfa');

const pendingOf = ({ result }: Interaction): Pending | undefined =>
  (result as { pending?: Pending } | undefined)?.pending;

interface Step {
  readonly ctx: KoaContextWithOIDC;
  readonly provider: Provider;
  readonly interaction: Interaction;
  readonly place: Place;
}

const again = (ctx: KoaContextWithOIDC): void => {
  ctx.status = 303;
  ctx.redirect(fullUrl(ctx));
};

/** Sends the browser back to the provider's package, which goes on by what was found out. */
const finish = async ({ ctx, provider }: Step, result: InteractionResults): Promise<void> => {
  const next = await provider.interactionResult(ctx.req, ctx.res, result, { mergeWithLastSubmission: false });
  ctx.status = 303;
  ctx.redirect(next);
};

const loginOf = (account: string, acr: '1' | 'mfa') => ({ login: { accountId: account, acr, remember: true } });

export const interactions = (needs: InteractionNeeds) => {
  const { directory, signIn, vault, addressOf } = needs;

  const keep = (interaction: Interaction, result: object): Promise<unknown> => {
    Object.assign(interaction, { result });
    return interaction.save(Math.max(1, interaction.exp - Math.floor(needs.now() / 1_000)));
  };

  const enrolPage = async (step: Step, account: Account, pending: Pending, fault?: string): Promise<void> => {
    const opened =
      pending.key === undefined
        ? undefined
        : vault.open(label, { key: pending.key, sealed: Buffer.from(pending.sealed ?? '', 'base64') });
    const secret = opened ?? signIn.propose();
    if (!opened) {
      const { key, sealed } = vault.seal(label, secret);
      await keep(step.interaction, { pending: { account: account.id, key, sealed: sealed.toString('base64') } });
    }
    show(step.ctx, step.place, 'Set up a second factor', enrolForm(account.username, secret, html``, fault));
  };

  /** Who has shown a password goes on to the factor that is missing; who needs none is in. */
  const afterPassword = async (step: Step, account: Account): Promise<void> => {
    if (!account.hasTotp && !signIn.mustEnrol(account) && !wantsMfa(step.interaction))
      return finish(step, loginOf(account.id, '1'));
    await keep(step.interaction, { pending: { account: account.id } });
    again(step.ctx);
  };

  const factorPage = async (step: Step, account: Account, pending: Pending, fault?: string): Promise<void> => {
    if (!account.hasTotp) return enrolPage(step, account, pending, fault);
    show(step.ctx, step.place, 'Second factor', codeForm(await signIn.factor(account), fault));
  };

  const passwordPage = (step: Step, username: string, fault?: string): void => {
    const more: Markup | undefined =
      needs.registration === undefined
        ? undefined
        : html`<p><a href="${needs.registration}">I have no account yet</a></p>`;
    show(step.ctx, step.place, 'Sign in', passwordForm(username, fault, more));
  };

  const enrol = async (step: Step, account: Account, pending: Pending, code: string): Promise<void> => {
    const secret =
      pending.key === undefined
        ? undefined
        : vault.open(label, { key: pending.key, sealed: Buffer.from(pending.sealed ?? '', 'base64') });
    const enrolled = secret && (await signIn.enrol(account, secret, code));
    if (!enrolled) return enrolPage(step, account, pending, wrongCode);
    const next = await step.provider.interactionResult(step.ctx.req, step.ctx.res, loginOf(account.id, 'mfa'), {
      mergeWithLastSubmission: false,
    });
    show(step.ctx, step.place, 'Recovery codes', recoveryList(enrolled.recovery, next));
  };

  /** Somebody half way in, from this sign-in or (for a step-up) from the session that it builds on. */
  const halfWay = async ({ interaction }: Step): Promise<{ account: Account; pending: Pending } | undefined> => {
    const signedIn = interaction.session?.accountId;
    const onlyFactor = interaction.prompt.reasons.length === 1 && interaction.prompt.reasons.includes('mfa');
    const pending =
      pendingOf(interaction) ?? (signedIn !== undefined && onlyFactor ? { account: signedIn } : undefined);
    const account = pending && (await directory.findAccount(pending.account));
    return account && { account, pending };
  };

  const loginSubmitted = async (
    step: Step,
    { step: name, username = '', password = '', code = '' }: Fields,
  ): Promise<void> => {
    const address = addressOf(step.ctx);
    if (name === 'password') {
      const account = await directory.signIn(username, password, address);
      if (!account) return passwordPage(step, username, wrong);
      // The package would end the other session by a page that needs a script.
      const other = step.interaction.session?.accountId;
      if (other !== undefined && other !== account.id) return passwordPage(step, username, occupied);
      return afterPassword(step, account);
    }
    const half = await halfWay(step);
    if (!half) return passwordPage(step, '');
    const { account, pending } = half;
    if (name === 'enrol' && !account.hasTotp) return enrol(step, account, pending, code);
    const prove = name === 'recovery' ? signIn.byRecoveryCode : signIn.byCode;
    if (await prove(account, code, address)) return finish(step, loginOf(account.id, 'mfa'));
    return factorPage(step, account, pending, wrongCode);
  };

  const login = async (step: Step): Promise<void> => {
    if (step.ctx.method === 'POST') return loginSubmitted(step, await readForm(step.ctx));
    const half = await halfWay(step);
    if (half) return factorPage(step, half.account, half.pending);
    const hint = step.interaction.params['login_hint'];
    passwordPage(step, typeof hint === 'string' ? hint : '');
  };

  const consent = async (step: Step): Promise<void> => {
    const { ctx, interaction, place } = step;
    const client = await directory.findClient(String(interaction.params['client_id']));
    const account = await directory.findAccount(interaction.session?.accountId ?? '');
    if (!client || !account) return passwordPage(step, '');
    const scopes = scopesOf(interaction.params['scope']);
    const ownRecord = /^Patient\/([A-Za-z0-9.-]{1,64})$/.exec(account.fhirUser ?? '')?.[1];
    const choosing = interaction.prompt.reasons.includes('launch_patient');
    if (!client.consent && !(choosing && ownRecord === undefined))
      return finish(step, { consent: {}, ...(choosing ? { launch: { patient: ownRecord } } : {}) });
    const render = async (searched: string, fault?: string): Promise<void> => {
      const patients = choosing && ownRecord === undefined ? await needs.findPatients(account, searched) : undefined;
      show(
        ctx,
        place,
        'Allow access?',
        consentForm({ client: client.name ?? client.id, scopes, patients, searched }, fault),
      );
    };
    if (ctx.method !== 'POST') return render('');
    const fields = await readForm(ctx);
    if (fields['step'] === 'find') return render(fields['search'] ?? '');
    if (fields['answer'] !== 'allow')
      return finish(step, { error: 'access_denied', error_description: 'the person refused' });
    if (!choosing) return finish(step, { consent: {} });
    const patient = ownRecord ?? fields['patient'];
    const may = ownRecord !== undefined || (await needs.findPatients(account, `_id=${patient ?? ''}`)).length > 0;
    if (patient === undefined || !may) return render('', 'Choose a patient first.');
    return finish(step, { consent: {}, launch: { patient } });
  };

  return async (ctx: KoaContextWithOIDC, provider: Provider): Promise<void> => {
    const place = { style: needs.style, leadsTo: '' };
    const interaction = await provider.interactionDetails(ctx.req, ctx.res).catch(() => undefined);
    if (!interaction || !fullUrl(ctx).split('?')[0]?.endsWith(`/${interaction.uid}`)) {
      show(
        ctx,
        place,
        'Sign in again',
        faultLine('This sign-in has ended or belongs to another window. Begin again where you came from.'),
        400,
      );
      return;
    }
    const step = {
      ...{ ctx, provider, interaction },
      place: { ...place, leadsTo: sourceOf(interaction.params['redirect_uri']) },
    };
    await (interaction.prompt.name === 'consent' ? consent(step) : login(step));
  };
};
