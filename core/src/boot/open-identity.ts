/** Puts together who may sign in and how tokens are checked: the embedded provider and its pages, or another issuer in its place. */
import type { Configuration } from '../config/schema.ts';
import type { Mount } from '../http/app.ts';
import { openDirectory } from '../identity/accounts.ts';
import { portalClient, withPortal } from '../identity/portal-client.ts';
import { foreignIssuer } from '../identity/foreign-issuer.ts';
import { ownIssuer, type Issuer } from '../identity/issuer.ts';
import type { KeyRing } from '../identity/keyring.ts';
import { lockOut } from '../identity/lock-out.ts';
import { openSecondFactor } from '../identity/second-factor.ts';
import { openSignIn } from '../identity/sign-in.ts';
import { openSignInRows } from '../identity/sign-in-rows.ts';
import { openSignedOut } from '../identity/signed-out.ts';
import { openVault } from '../identity/vault.ts';
import { openVerifier, type Verify } from '../identity/verify.ts';
import type { Perform } from '../interaction/kernel.ts';
import type { Log } from '../observe/log.ts';
import { identityProvider, realmPath } from '../platform/identity-provider.ts';
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
  readonly mounts: readonly Mount[];
  /** Signs a person out everywhere. Another provider's people are signed out there. */
  readonly endSessionsOf: (account: string) => Promise<void>;
}

const introspectorOf = ({ introspection }: Configuration['identity']) => {
  const { clientId, clientSecret, everySeconds } = introspection;
  return everySeconds === 0 || clientId === undefined || clientSecret === undefined
    ? undefined
    : { clientId, clientSecret };
};

export const openIdentity = async (needs: IdentityNeeds): Promise<Identity> => {
  const { config, database, keys, publicUrl, effects, log, closing } = needs;
  const { identity } = config;
  const { now, random } = effects;
  const signedOut = closing(await openSignedOut(database, log, identity.clockSkewSeconds));
  const common = { audience: identity.audience, skewSeconds: identity.clockSkewSeconds, now };

  const own = ownIssuer(keys, { issuer: `${publicUrl}${realmPath}`, ...common });
  const issuer: Issuer =
    identity.issuer === undefined
      ? own
      : foreignIssuer({
          checks: { issuer: identity.issuer, ...common },
          introspection: introspectorOf(identity),
        });
  const verify = openVerifier({
    ...{ database, signedOut, now, issuers: [issuer], audience: identity.audience, base: `${publicUrl}/fhir` },
    ...{ houseClients: identity.houseClients, introspectMs: identity.introspection.everySeconds * 1_000 },
  });
  if (identity.issuer !== undefined) return { verify, mounts: [], endSessionsOf: async () => undefined };

  const lock = lockOut(identity.lockOut);
  const directory = withPortal(
    openDirectory(database, identity.demoAccounts, lock),
    portalClient(identity.portal.clientId, publicUrl),
  );
  const vault = openVault(keys, random);
  const factors = openSecondFactor(vault, now, random);
  const { accessTokenSeconds, refreshSeconds, session } = identity;
  const provider = identityProvider({
    ...{ now, directory, vault, keys, issuer: own, publicUrl, log, accessTokenSeconds, refreshSeconds },
    // Longer than any token lives whose time is judged by another clock.
    rows: openSignInRows(database, accessTokenSeconds + 2 * identity.clockSkewSeconds + 60),
    signIn: openSignIn({
      ...{ database, directory, lock, factors, random, staffNeedsFactor: identity.secondFactor === 'staff' },
    }),
    sessionSeconds: { idle: session.idleSeconds, most: session.mostSeconds },
    origins: config.http.cors.origins,
    registration: undefined,
    findPatients: async () => [],
  });
  return { verify, mounts: [{ path: realmPath, handle: provider.handle }], endSessionsOf: provider.endSessionsOf };
};
