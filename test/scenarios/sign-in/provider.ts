/** What the suite asks of an identity provider, whichever it is; and the requests that every client makes. */
import { createHash, randomBytes } from 'node:crypto';
import { decodeJwt, type JWTPayload } from '../../../core/test/jose.ts';
import { openBrowser, type Browser, type Page } from './browser.ts';

export interface NewClient {
  readonly id: string;
  readonly secret?: string;
  readonly redirects?: readonly string[];
  readonly postLogouts?: readonly string[];
  readonly logoutUrl?: string;
  readonly jwks?: object;
  readonly grants?: readonly string[];
}

export interface NewUser {
  readonly username: string;
  readonly password: string;
  readonly roles: readonly string[];
  /** The raw bytes of a second factor. */
  readonly totp?: Uint8Array;
}

export interface ProviderUnderTest {
  readonly name: string;
  readonly issuer: string;
  /** Heddle, which takes its tokens. */
  readonly heddle: string;
  readonly addClient: (client: NewClient) => Promise<void>;
  readonly addUser: (user: NewUser) => Promise<void>;
  readonly disable: (username: string) => Promise<void>;
  readonly setRoles: (username: string, roles: readonly string[]) => Promise<void>;
  /** As an administrator does. */
  readonly endSessions: (username: string) => Promise<void>;
  readonly close: () => Promise<void>;
}

export interface Tokens {
  readonly status: number;
  readonly access_token: string;
  readonly refresh_token: string;
  readonly id_token: string;
  readonly error: string;
  readonly error_description: string;
  readonly [member: string]: unknown;
}

export const at = ({ issuer }: ProviderUnderTest, place: string): string =>
  `${issuer}/protocol/openid-connect/${place}`;

export const ask = async (
  provider: ProviderUnderTest,
  place: string,
  fields: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<Tokens> => {
  const answer = await fetch(at(provider, place), { method: 'POST', body: new URLSearchParams(fields), headers });
  const text = await answer.text();
  return { ...(text.startsWith('{') ? (JSON.parse(text) as object) : {}), status: answer.status } as Tokens;
};

export const byPassword = (
  provider: ProviderUnderTest,
  username: string,
  more: Record<string, string> = {},
): Promise<Tokens> =>
  ask(provider, 'token', { grant_type: 'password', client_id: 'heddle-cli', username, password: 'heddle', ...more });

export const refreshed = (
  provider: ProviderUnderTest,
  token: string,
  client: Record<string, string>,
): Promise<Tokens> => ask(provider, 'token', { grant_type: 'refresh_token', refresh_token: token, ...client });

/** What Heddle says to a bearer of a token: 404 for a resource that is not there, 401 for nobody. */
export const tried = async (
  { heddle }: ProviderUnderTest,
  token: string,
  headers: Record<string, string> = {},
): Promise<number> =>
  (await fetch(`${heddle}/fhir/Patient/none`, { headers: { Authorization: `Bearer ${token}`, ...headers } })).status;

export interface CodeRequest {
  readonly url: string;
  readonly verifier: string;
  readonly client: string;
  readonly redirect: string;
}

export const cliRedirect = 'http://127.0.0.1:54321/callback';

export const codeRequest = (
  provider: ProviderUnderTest,
  more: Record<string, string> = {},
  client = 'heddle-cli',
  redirect = cliRedirect,
): CodeRequest => {
  const verifier = randomBytes(32).toString('base64url');
  const query = new URLSearchParams({
    ...{ response_type: 'code', client_id: client, redirect_uri: redirect, scope: 'openid', state: 'a state' },
    ...{ code_challenge: createHash('sha256').update(verifier).digest('base64url'), code_challenge_method: 'S256' },
    ...more,
  });
  return { url: `${at(provider, 'auth')}?${query.toString()}`, verifier, client, redirect };
};

export const browserAt = ({ issuer, heddle }: ProviderUnderTest): Browser =>
  openBrowser((url) => url.origin === new URL(issuer).origin || url.origin === new URL(heddle).origin);

/** Through the page with the password; the page behind it, or the redirect to the client. */
export const signIn = async (browser: Browser, url: string, username: string, password = 'heddle'): Promise<Page> =>
  browser.submit(await browser.get(url), 'password', { username, password });

export const exchange = (
  provider: ProviderUnderTest,
  { verifier, client, redirect }: CodeRequest,
  left: URL | undefined,
  more: Record<string, string> = {},
): Promise<Tokens> =>
  ask(provider, 'token', {
    ...{ grant_type: 'authorization_code', client_id: client, code: left?.searchParams.get('code') ?? '' },
    ...{ redirect_uri: redirect, code_verifier: verifier, ...more },
  });

export const claimsOf = (token: string): JWTPayload => decodeJwt(token);
