/** Ends a person's sessions at the provider: what its clients hold, the session itself, and each client that wants to hear of it is told. */
import type { Provider } from 'oidc-provider';
import type { Payload, SignInRows } from '../../identity/sign-in-rows.ts';
import type { Log } from '../../observe/log.ts';

interface Authorization {
  readonly sid?: string;
  readonly grantId?: string;
  /** Offline access outlives the session. */
  readonly persistsLogout?: boolean;
}

export interface SessionEnd {
  readonly rows: SignInRows;
  readonly log: Log;
}

/** The package's types leave this out. */
interface Listening {
  readonly backchannelLogoutUri?: string;
  readonly backchannelLogout: (account: string, sid: string) => Promise<void>;
}

const tell = async (provider: Provider, clientId: string, account: string, sid: string, log: Log): Promise<void> => {
  try {
    const client = (await provider.Client.find(clientId)) as Listening | undefined;
    if (client?.backchannelLogoutUri) await client.backchannelLogout(account, sid);
  } catch (thrown) {
    log.warn({ err: thrown, client: clientId }, 'a client could not be told of a sign-out');
  }
};

export const endSession = async (provider: Provider, session: Payload, { rows, log }: SessionEnd): Promise<void> => {
  const { uid, accountId } = session;
  const authorizations = Object.entries((session['authorizations'] ?? {}) as Record<string, Authorization>);
  if (typeof uid === 'string') await rows.endSession(uid);
  await Promise.all(
    authorizations
      .filter(([, { persistsLogout }]) => persistsLogout !== true)
      .map(async ([clientId, { grantId, sid }]) => {
        if (grantId !== undefined) await rows.endGrant(grantId);
        if (sid !== undefined && typeof accountId === 'string') await tell(provider, clientId, accountId, sid, log);
      }),
  );
};

export const endSessionsOf = async (provider: Provider, account: string, needs: SessionEnd): Promise<void> => {
  await Promise.all((await needs.rows.sessionsOf(account)).map((session) => endSession(provider, session, needs)));
};
