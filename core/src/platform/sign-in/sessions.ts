/** Ends a person's sessions at the provider: what its clients hold, the session itself, and each client that wants to hear of it is told. */
import type { Provider } from 'oidc-provider';
import type { Payload, SignInRows } from '../../identity/sign-in-rows.ts';
import type { Log } from '../../observe/log.ts';

interface Authorization {
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
  const launched = typeof uid === 'string' ? await rows.grantsOf(uid) : [];
  if (typeof uid === 'string') await rows.endSession(uid);
  const current = authorizations
    .filter(([, { persistsLogout }]) => persistsLogout !== true)
    .flatMap(([client, { grantId }]) => (grantId === undefined ? [] : [{ client, grant: grantId }]));
  const all = new Map([...launched, ...current].map(({ client, grant }) => [grant, client]));
  await Promise.all(
    [...all].map(async ([grant, client]) => {
      await rows.endGrant(grant);
      if (typeof accountId === 'string') await tell(provider, client, accountId, grant, log);
    }),
  );
};

export const endSessionsOf = async (provider: Provider, account: string, needs: SessionEnd): Promise<void> => {
  await Promise.all((await needs.rows.sessionsOf(account)).map((session) => endSession(provider, session, needs)));
};
