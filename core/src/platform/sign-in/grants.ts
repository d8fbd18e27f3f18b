/** What a client has been given in a session: one grant, whose id is the tokens' `sid`; and one for each launch, or two windows of an app would change places. */
import type { KoaContextWithOIDC, Provider } from 'oidc-provider';
import type { Launches } from '../../identity/launches.ts';
import type { SignInRows } from '../../identity/sign-in-rows.ts';
import { resource } from './resource.ts';
import { scopesOf } from './scopes.ts';

type Grant = InstanceType<Provider['Grant']>;

export const isLaunch = (scopes: readonly string[]): boolean =>
  scopes.some((scope) => scope === 'launch' || scope.startsWith('launch/'));

/** Of a sign-in that was interrupted by a page, the one that it began with. */
const begun = (ctx: KoaContextWithOIDC): string | undefined => {
  const { Interaction: interaction } = ctx.oidc.entities;
  return interaction?.grantId;
};

const foundGrant = async (ctx: KoaContextWithOIDC, isNew: boolean): Promise<Grant | undefined> => {
  const { session, client, account, provider } = ctx.oidc;
  const id = begun(ctx) ?? (isNew ? undefined : session?.grantIdFor(client?.clientId ?? ''));
  const grant = id === undefined ? undefined : await provider.Grant.find(id);
  // Another person may have signed in on the page.
  return grant?.accountId === account?.accountId && grant?.clientId === client?.clientId ? grant : undefined;
};

export const openGrants =
  ({ rows, launches }: { readonly rows: SignInRows; readonly launches: Launches }) =>
  async (ctx: KoaContextWithOIDC): Promise<Grant | undefined> => {
    const { client, account, session, provider, params, result } = ctx.oidc;
    if (!client || !account || !session) return undefined;
    const scopes = scopesOf(params?.['scope']);
    const grant =
      (await foundGrant(ctx, isLaunch(scopes))) ??
      new provider.Grant({ accountId: account.accountId, clientId: client.clientId });
    grant.addOIDCScope(scopes.join(' '));
    grant.addResourceScope(resource, scopes.join(' '));
    const id = await grant.save();
    session.sidFor(client.clientId, id);
    const word = params?.['launch'];
    const launched = typeof word === 'string' ? await launches.take(word, account.accountId) : undefined;
    const chosen = result?.['launch'];
    const launch = typeof chosen === 'object' && chosen !== null ? chosen : launched;
    if (launch) await rows.setLaunch(id, launch);
    return grant;
  };
