/** What every sentence about signing in starts from: a provider, a client that hears of sign-outs, a person with a second factor. */
import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { codeAt, stepAt } from '../../../core/src/identity/totp.ts';
import type { Browser, Page } from './browser.ts';
import {
  ask,
  browserAt,
  codeRequest,
  exchange,
  signIn,
  type CodeRequest,
  type ProviderUnderTest,
  type Tokens,
} from './provider.ts';

export const cli = { client_id: 'heddle-cli' };
export const app = { client_id: 'test-app', client_secret: 'a secret of the app' };
export const home = 'http://127.0.0.1/app';

interface Listener {
  readonly server: Server;
  readonly url: string;
  readonly heard: string[];
}

/** What a person reads. */
export const wordsOf = ({ text }: Page): string =>
  text
    .replace(/<(script|style)\b[^]*?<\/\1>/gi, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ');

/** A client that wants to hear of sign-outs. */
const listener = async (): Promise<Listener> => {
  const heard: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      heard.push(new URLSearchParams(Buffer.concat(chunks).toString()).get('logout_token') ?? '');
      response.end();
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/logged-out`, heard };
};

export interface Bench {
  readonly provider: ProviderUnderTest;
  readonly ears: Listener;
  readonly code: () => Promise<string>;
  readonly introspected: (token: string) => Promise<Tokens>;
  readonly signedIn: (username: string, more?: Record<string, string>) => Promise<SignedIn>;
}

export interface SignedIn {
  readonly browser: Browser;
  readonly tokens: Tokens;
  readonly left: URL | undefined;
  readonly request: CodeRequest;
}

/** Opened before the tests of the suite that calls it, and closed behind them. */
export const openBench = (open: () => Promise<ProviderUnderTest>): Bench => {
  let provider: ProviderUnderTest;
  let ears: Listener;
  // Keycloak takes what is imported as text.
  const totp = Buffer.from(randomBytes(10).toString('hex'));
  let steps = 0;

  before(async () => {
    [provider, ears] = await Promise.all([open(), listener()]);
    await provider.addClient({
      ...{ id: app.client_id, secret: app.client_secret, logoutUrl: ears.url },
      ...{ redirects: [home], postLogouts: [`${home}/out`] },
      grants: ['authorization_code', 'refresh_token'],
    });
    await provider.addClient({ id: 'heddle', secret: 'asks', grants: ['client_credentials'] });
    await provider.addUser({ username: 'factor', password: 'heddle', roles: ['nurse'], totp });
  });
  after(async () => {
    ears?.server.close();
    await provider?.close();
  });

  /** The next code that was not used yet: each is good once. */
  const code = async (): Promise<string> => {
    const now = stepAt(Date.now());
    steps = Math.max(steps + 1, now - 1);
    if (steps > now + 1) await new Promise((resolve) => setTimeout(resolve, (steps - 1) * 30_000 - Date.now() + 200));
    return codeAt(totp, steps);
  };

  const signedIn = async (username: string, more: Record<string, string> = {}) => {
    const browser = browserAt(provider);
    const request = codeRequest(provider, more, app.client_id, home);
    const { left } = await signIn(browser, request.url, username);
    const tokens = await exchange(provider, request, left, { client_secret: app.client_secret });
    return { browser, tokens, left, request };
  };

  const introspected = (token: string): Promise<Tokens> =>
    ask(provider, 'token/introspect', { token, client_id: 'heddle', client_secret: 'asks' });

  return {
    get provider() {
      return provider;
    },
    get ears() {
      return ears;
    },
    ...{ code, introspected, signedIn },
  };
};
