/** Puts together who may sign in and how tokens are checked: the embedded provider and its pages, or another issuer in its place. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Configuration } from '../config/schema.ts';
import type { Mount } from '../http/app.ts';
import { launchKey, type SmartFront } from '../http/smart-front.ts';
import { openInside } from '../http/inside.ts';
import type { PortalDoor } from '../http/portal-session.ts';
import { openDirectory } from '../identity/accounts.ts';
import { portalClient, withPortal } from '../identity/portal-client.ts';
import { openBrowserSessions } from '../identity/browser-sessions.ts';
import { foreignIssuer } from '../identity/foreign-issuer.ts';
import { ownIssuer, type Issuer } from '../identity/issuer.ts';
import type { KeyRing } from '../identity/keyring.ts';
import { lockOut } from '../identity/lock-out.ts';
import { openLaunches, type Launches } from '../identity/launches.ts';
import { callerOfAccount, findPatients } from '../identity/record-people.ts';
import { openPortalSignIn, type Send } from '../identity/portal-sign-in.ts';
import { openRegistration, type Registration } from '../identity/registration.ts';
import { openSecondFactor } from '../identity/second-factor.ts';
import { openSignIn } from '../identity/sign-in.ts';
import { openSignInRows, type Launch } from '../identity/sign-in-rows.ts';
import { openSignedOut } from '../identity/signed-out.ts';
import { openVault, type Vault } from '../identity/vault.ts';
import { openVerifier, type Verify } from '../identity/verify.ts';
import type { Perform } from '../interaction/kernel.ts';
import type { Log } from '../observe/log.ts';
import { unavailable } from '../outcome/outcome.ts';
import { openMail } from '../platform/mail.ts';
import { identityProvider, realmPath, type IdentityProvider } from '../platform/identity-provider.ts';
import type { Database } from '../store/database.ts';
import type { Effects } from './effects.ts';

export interface IdentityNeeds {
  readonly config: Configuration;
  readonly database: Database;
  readonly keys: KeyRing;
  readonly publicUrl: string;
  readonly perform: Perform;
  readonly effects: Effects;
  readonly log: Log;
  readonly closing: <T extends { readonly close: () => Promise<void> }>(part: T) => T;
}

export interface Identity {
  readonly verify: Verify;
  readonly portal: PortalDoor;
  readonly mounts: readonly Mount[];
  readonly launches: Launches;
  /** Undefined where the embedded provider launches apps itself. */
  readonly smartFront: SmartFront | undefined;
  /** Signs a person out everywhere. Another provider's people are signed out there. */
  readonly endSessionsOf: (account: string) => Promise<void>;
}

const introspectorOf = ({ introspection }: Configuration['identity']) => {
  const { clientId, clientSecret, everySeconds } = introspection;
  return everySeconds === 0 || clientId === undefined || clientSecret === undefined
    ? undefined
    : { clientId, clientSecret };
};

/** What the embedded provider answers is asked for inside this process: the public address may not lead back here. */
const senderTo = (provider: IdentityProvider | undefined, publicUrl: string): Send => {
  if (!provider)
    return async (address, form) => {
      const answer = await fetch(address, { method: 'POST', body: form, signal: AbortSignal.timeout(10_000) }).catch(
        (thrown: unknown) => {
          throw unavailable('the identity provider does not answer', 5, thrown);
        },
      );
      return { status: answer.status, body: await answer.text() };
    };
  const inside = openInside(realmPath, provider.handle);
  return (address, form) => inside(address.slice(publicUrl.length), form);
};

interface Common {
  readonly vault: Vault;
  readonly launches: Launches;
}

const openOwnRegistration = (
  { config, database, publicUrl, perform, effects, log, closing }: IdentityNeeds,
  vault: Vault,
): Registration | undefined => {
  const { tenant } = config.identity.registration;
  if (tenant === undefined) return undefined;
  const { send } = closing(openMail(config.mail, log));
  const { ids, random } = effects;
  const address = `${publicUrl}${realmPath}/register`;
  return openRegistration({ database, vault, perform, send, ids, random, tenant, address });
};

const openEmbedded = (needs: IdentityNeeds, { vault, launches }: Common, issuer: Issuer): IdentityProvider => {
  const { config, database, keys, publicUrl, perform, effects, log } = needs;
  const { identity } = config;
  const { now, random } = effects;
  const { accessTokenSeconds, refreshSeconds, session } = identity;
  const lock = lockOut(identity.lockOut);
  const directory = withPortal(
    openDirectory(database, identity.demoAccounts, lock),
    portalClient(identity.portal.clientId, publicUrl),
  );
  const factors = openSecondFactor(vault, now, random);
  return identityProvider({
    ...{ now, directory, vault, keys, issuer, publicUrl, log, accessTokenSeconds, refreshSeconds },
    rows: openSignInRows(database, longestToken(config)),
    signIn: openSignIn({
      ...{ database, directory, lock, factors, random, staffNeedsFactor: identity.secondFactor === 'staff' },
    }),
    sessionSeconds: { idle: session.idleSeconds, most: session.mostSeconds },
    origins: config.http.cors.origins,
    registration: openOwnRegistration(needs, vault),
    findPatients: async (account, text) => {
      const caller = await callerOfAccount(database, account);
      return caller ? findPatients(perform)(caller, text) : [];
    },
    ...{ launches, fhirBase: `${publicUrl}/fhir` },
  });
};

/** Longer than any token lives whose time is judged by another clock. */
const longestToken = ({ identity }: Configuration): number =>
  identity.accessTokenSeconds + 2 * identity.clockSkewSeconds + 60;

export const openIdentity = async (needs: IdentityNeeds): Promise<Identity> => {
  const { config, database, keys, publicUrl, effects, log, closing } = needs;
  const { identity } = config;
  const { now, random } = effects;
  const signedOut = closing(await openSignedOut(database, log, identity.clockSkewSeconds));
  const vault = openVault(keys, random);
  const launches = openLaunches(database, vault, random);
  const checks = {
    ...{ issuer: identity.issuer ?? `${publicUrl}${realmPath}`, audience: identity.audience },
    ...{ skewSeconds: identity.clockSkewSeconds, now },
  };
  const issuer: Issuer =
    identity.issuer === undefined
      ? ownIssuer(keys, checks)
      : foreignIssuer({ checks, introspection: introspectorOf(identity) });
  const provider = identity.issuer === undefined ? openEmbedded(needs, { vault, launches }, issuer) : undefined;

  const signIn = openPortalSignIn({
    ...{ database, vault, issuer, publicUrl, now, random },
    ...{ client: identity.portal, send: senderTo(provider, publicUrl) },
  });
  const endSessionsOf = provider?.endSessionsOf ?? (async () => undefined);
  const rows = openSignInRows(database, longestToken(config));
  const launchOf = async (token: string): Promise<Launch | undefined> => {
    const found = await rows.find(...launchKey('access', token));
    return found && (found['launch'] as Launch);
  };
  const verify = openVerifier({
    ...{ database, signedOut, now, issuers: [issuer], audience: identity.audience, base: `${publicUrl}/fhir` },
    ...{ houseClients: identity.houseClients, introspectMs: identity.introspection.everySeconds * 1_000 },
    ...(provider ? {} : { launchOf }),
  });
  const portal: PortalDoor = {
    ...{ publicUrl, signIn, issuer, endSessionsOf, clientId: identity.portal.clientId },
    sessions: openBrowserSessions({
      ...{ database, vault, now, random, refresh: signIn.refresh },
      ...{ idleSeconds: identity.session.idleSeconds, mostSeconds: identity.session.mostSeconds },
      ...{ tokenSeconds: longestToken(config), pause: (milliseconds) => pause(milliseconds) },
    }),
  };
  return {
    ...{ verify, portal, endSessionsOf, launches },
    smartFront: provider ? undefined : { portal, verify, launches, rows, findPatients: findPatients(needs.perform) },
    mounts: provider ? [{ path: realmPath, handle: provider.handle }] : [],
  };
};
