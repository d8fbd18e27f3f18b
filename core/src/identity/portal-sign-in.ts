/** Signs a browser in at whichever issuer, as a client that keeps its tokens: code flow with PKCE, bound to the browser that began it. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { malformed, unauthenticated, unavailable } from '../outcome/outcome.ts';
import type { Database } from '../store/database.ts';
import { noTenant } from './accounts.ts';
import { hashOf } from './bearer-hash.ts';
import type { Held, Whose } from './browser-sessions.ts';
import type { Issuer } from './issuer.ts';
import { portalPaths } from './portal-client.ts';
import type { Vault } from './vault.ts';

/** Sends a form to the token endpoint or its neighbours. */
export type Send = (
  address: string,
  form: URLSearchParams,
) => Promise<{ readonly status: number; readonly body: string }>;

export interface PortalSignInNeeds {
  readonly database: Database;
  readonly vault: Vault;
  readonly issuer: Issuer;
  readonly client: { readonly clientId: string; readonly clientSecret?: string | undefined };
  readonly publicUrl: string;
  readonly send: Send;
  readonly now: () => number;
  readonly random: (bytes: number) => Uint8Array;
}

export interface Begun {
  readonly location: string;
  /** For a cookie that binds the answer to this browser. */
  readonly binding: string;
}

export interface Finished {
  readonly tokens: Held;
  readonly whose: Whose;
  readonly to: string;
}

export interface PortalSignIn {
  readonly begin: (to: string, mfa: boolean) => Promise<Begun>;
  readonly finish: (query: URLSearchParams, binding: string) => Promise<Finished>;
  readonly refresh: (token: string) => Promise<Held | undefined>;
  /** Tells the issuer; false where it does not take it. */
  readonly leave: (tokens: Held) => Promise<boolean>;
}

const waiting = z.object({ binding: z.string(), verifier: z.string(), nonce: z.string(), to: z.string() });
const answered = z.object({
  access_token: z.string(),
  refresh_token: z.string().optional(),
  id_token: z.string().optional(),
  expires_in: z.number(),
});

const waitSeconds = 1_800;
const kind = 'portal sign-in';

/** A path of this site and nothing else: no second slash by which a browser would leave. */
export const ownPath = (to: string): string => (/^\/(?![/\\])[\w\-./?=&%~+:,;@!$'()*]*$/.test(to) ? to : '/');

export const openPortalSignIn = (needs: PortalSignInNeeds): PortalSignIn => {
  const { database, vault, issuer, client, publicUrl, send, now, random } = needs;
  const word = (): string => Buffer.from(random(32)).toString('base64url');
  const redirect = `${publicUrl}${portalPaths.callback}`;
  const itself = {
    client_id: client.clientId,
    ...(client.clientSecret === undefined ? {} : { client_secret: client.clientSecret }),
  };

  const tokensFor = async (fields: Record<string, string>): Promise<z.infer<typeof answered> | undefined> => {
    const { token } = await issuer.endpoints();
    const { status, body } = await send(token, new URLSearchParams({ ...fields, ...itself }));
    if (status >= 500) throw unavailable('the identity provider does not answer', 5);
    return status === 200 ? answered.parse(JSON.parse(body)) : undefined;
  };
  const heldOf = ({
    access_token: access,
    refresh_token: refresh,
    expires_in: seconds,
  }: z.infer<typeof answered>): Held => ({
    ...{ access, expires: now() + seconds * 1_000 },
    ...(refresh === undefined ? {} : { refresh }),
  });

  /** Once: the row goes with the first who asks. */
  const take = async (state: string): Promise<z.infer<typeof waiting> | undefined> => {
    const [row] = await database.transactions.transaction(noTenant, ({ query }) =>
      query<{ factor_key: string; sealed: Buffer }>(
        'delete from pending where id = $1 and kind = $2 and expires > now() returning factor_key, sealed',
        [hashOf(state), kind],
      ),
    );
    const opened = row && vault.open(kind, { key: row.factor_key, sealed: row.sealed });
    return opened && waiting.parse(JSON.parse(opened.toString('utf8')));
  };

  return {
    begin: async (to, mfa) => {
      const [state, binding, verifier, nonce] = [word(), word(), word(), word()];
      const { key, sealed } = vault.seal(
        kind,
        Buffer.from(JSON.stringify({ binding: hashOf(binding), verifier, nonce, to: ownPath(to) })),
      );
      await database.transactions.transaction(noTenant, ({ query }) =>
        query(
          `insert into pending (id, kind, factor_key, sealed, expires) values ($1, $2, $3, $4, now() + make_interval(secs => $5))`,
          [hashOf(state), kind, key, sealed, waitSeconds],
        ),
      );
      const { authorization } = await issuer.endpoints();
      const query = new URLSearchParams({
        ...{ response_type: 'code', client_id: client.clientId, redirect_uri: redirect, scope: 'openid', state, nonce },
        code_challenge: createHash('sha256').update(verifier).digest('base64url'),
        code_challenge_method: 'S256',
        ...(mfa ? { acr_values: 'mfa' } : {}),
      });
      return { location: `${authorization}?${query.toString()}`, binding };
    },
    finish: async (query, binding) => {
      const begun = await take(query.get('state') ?? '');
      if (!begun || begun.binding !== hashOf(binding))
        throw malformed('this sign-in has ended or belongs to another window');
      // RFC 9207: an answer of another issuer must not be taken for this one's.
      if ((query.get('iss') ?? issuer.name) !== issuer.name) throw malformed('the answer is of another issuer');
      const code = query.get('code');
      if (code === null) throw unauthenticated('the sign-in was not completed');
      const given = await tokensFor({
        ...{ grant_type: 'authorization_code', code, redirect_uri: redirect, code_verifier: begun.verifier },
      });
      if (!given?.id_token) throw unauthenticated('the sign-in was not completed');
      const claims = await issuer.checkIdToken(given.id_token, client.clientId);
      if (claims['nonce'] !== begun.nonce) throw unauthenticated('the sign-in was not completed');
      const sid = claims['sid'];
      return {
        tokens: heldOf(given),
        whose: { sid: typeof sid === 'string' ? sid : undefined, subject: claims.sub ?? '' },
        to: begun.to,
      };
    },
    refresh: async (token) => {
      const given = await tokensFor({ grant_type: 'refresh_token', refresh_token: token });
      return given && heldOf(given);
    },
    leave: async ({ refresh }) => {
      const { endSession } = await issuer.endpoints();
      if (endSession === undefined || refresh === undefined) return false;
      const { status } = await send(endSession, new URLSearchParams({ refresh_token: refresh, ...itself }));
      return status < 300;
    },
  };
};
