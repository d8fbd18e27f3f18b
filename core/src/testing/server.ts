/** A whole Heddle for a test: real database, real socket, callers by role; closed and gone afterwards. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { realEffects, type Effects } from '../boot/effects.ts';
import { startHeddle } from '../boot/start.ts';
import type { Serving } from '../boot/serve.ts';
import { loadConfiguration } from '../config/load.ts';
import type { Caller } from '../fhir/interaction.ts';
import type { Perform } from '../interaction/kernel.ts';
import type { Plugin } from '../plugin/define.ts';
import { testDatabase, testMaster, type TestDatabase } from './postgres.ts';

export interface TestServerNeeds {
  readonly plugins?: readonly Plugin[];
  /** Environment variables beside the test's own. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly database?: TestDatabase;
}

/** A signed-in caller over HTTP. */
export interface TestCaller {
  readonly token: string;
  readonly send: (
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<Response>;
}

export interface TestServer {
  readonly url: string;
  readonly database: TestDatabase;
  readonly serving: Serving;
  readonly perform: Perform;
  /** What was logged and printed, line by line. */
  readonly lines: readonly string[];
  readonly fatal: readonly string[];
  /** Moves the clock; it never stands still by itself. */
  readonly advance: (milliseconds: number) => void;
  /** Over HTTP, by username; the username of a demo account is its role. */
  readonly as: (username: string) => Promise<TestCaller>;
  /** In process, for generated suites. */
  readonly caller: (role: string, tenant?: string) => Promise<Caller>;
  readonly close: () => Promise<void>;
}

const root = join(import.meta.dirname, '../../..');

const callerOver = (url: string, token: string): TestCaller => ({
  token,
  send: (method, path, body, headers = {}) =>
    fetch(`${url}${path}`, {
      method,
      headers: {
        Authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'Content-Type': 'application/fhir+json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    }),
});

const tokenFor = async (url: string, username: string): Promise<string> => {
  const body = new URLSearchParams({ grant_type: 'password', client_id: 'heddle-cli', username, password: 'heddle' });
  const answer = await fetch(`${url}/realms/heddle/protocol/openid-connect/token`, { method: 'POST', body });
  const { access_token: token } = (await answer.json()) as { access_token?: string };
  if (!token) throw new Error(`no token for ${username}: ${answer.status}`);
  return token;
};

export const startTestServer = async ({
  plugins = [],
  environment = {},
  database,
}: TestServerNeeds = {}): Promise<TestServer> => {
  const home = await mkdtemp(join(tmpdir(), 'heddle-test-'));
  const own = database ?? (await testDatabase());
  const lines: string[] = [];
  const fatal: string[] = [];
  let ahead = 0;
  const real = realEffects();
  const effects: Effects = { ...real, now: () => real.now() + ahead };
  const loaded = loadConfiguration({
    root,
    environment: {
      HEDDLE_PROFILE: 'test',
      HEDDLE_HOME: home,
      DATABASE_URL: own.url,
      HEDDLE__KEYS__MASTER: testMaster,
      ...environment,
    },
  });
  const heddle = await startHeddle({
    loaded,
    root,
    version: '0.1.0',
    effects,
    plugins,
    print: (line) => lines.push(line),
    onFatal: (reason) => fatal.push(reason),
  });
  const { serving } = heddle;
  if (!serving) throw new Error('a test server serves in this process: leave workers at 1');
  const tokens = new Map<string, Promise<string>>();
  return {
    ...{ database: own, serving, perform: serving.perform, lines, fatal, url: heddle.publicUrl },
    advance: (milliseconds) => void (ahead += milliseconds),
    as: async (username) => {
      const token = tokens.get(username) ?? tokenFor(heddle.publicUrl, username);
      tokens.set(username, token);
      return callerOver(heddle.publicUrl, await token);
    },
    caller: async (role, tenant = 'hospital') => {
      const rows = await serving.database.transactions.transaction(0, ({ query }) =>
        query<{ id: number }>('select id from tenant where name = $1', [tenant]),
      );
      return { tenant: rows[0]?.id ?? 0, tenantName: tenant, subject: `test-${role}`, kind: 'user', roles: [role] };
    },
    close: async () => {
      await heddle.close();
      await rm(home, { recursive: true, force: true });
      if (!database) await own.drop();
    },
  };
};
