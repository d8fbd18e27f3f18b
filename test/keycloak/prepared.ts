/** A Keycloak with the realm in its database, made once for each version and realm, and a running copy of it for a suite. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { cacheFolder, keycloakVersion } from './find.ts';

const options = '-XX:TieredStopAtLevel=1 -XX:-UseG1GC -XX:+UseSerialGC';

export const administrator = { username: 'heddle-tests', password: 'heddle-tests' };

const environment = {
  ...process.env,
  JAVA_OPTS_APPEND: options,
  KC_BOOTSTRAP_ADMIN_USERNAME: administrator.username,
  KC_BOOTSTRAP_ADMIN_PASSWORD: administrator.password,
};

const recipe = ['build --db=dev-file --cache=local', 'import --optimized', JSON.stringify(administrator)].join('\n');

/** Linked, not copied: only what Keycloak writes to is a copy. */
const link = (from: string, to: string): void => {
  execFileSync('cp', ['-al', from, to]);
  for (const name of ['data', 'conf']) {
    rmSync(join(to, name), { recursive: true, force: true });
    if (existsSync(join(from, name))) cpSync(join(from, name), join(to, name), { recursive: true });
  }
};

const lockMs = 300_000;

/** Two runs at once prepare one after the other. */
const alone = async (lock: string, work: () => void): Promise<void> => {
  const until = Date.now() + lockMs;
  for (;;) {
    try {
      mkdirSync(lock);
      break;
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== 'EEXIST') throw thrown;
      // Left behind by a run that was cut off.
      if (Date.now() > until) rmSync(lock, { recursive: true, force: true });
      await pause(500);
    }
  }
  try {
    work();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
};

const prepare = async (home: string, realm: string): Promise<string> => {
  const key = createHash('sha256').update(recipe).update(readFileSync(realm)).digest('hex').slice(0, 12);
  const cache = cacheFolder();
  mkdirSync(cache, { recursive: true });
  const ready = join(cache, `keycloak-${keycloakVersion}-${key}`);
  await alone(`${ready}.lock`, () => {
    if (existsSync(ready)) return;
    const work = mkdtempSync(join(cache, 'prepare-'));
    const made = join(work, 'keycloak');
    try {
      // What Quarkus builds lies under lib: that must be a copy of its own.
      execFileSync('cp', ['-a', home, made]);
      rmSync(join(made, 'data'), { recursive: true, force: true });
      const kc = (...args: string[]): void => {
        execFileSync(join(made, 'bin/kc.sh'), args, { env: environment, stdio: 'pipe' });
      };
      kc('build', '--db=dev-file', '--cache=local');
      kc('import', '--optimized', '--file', realm);
      renameSync(made, ready);
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  });
  return ready;
};

const freePort = async (): Promise<number> => {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
};

export interface RunningKeycloak {
  readonly url: string;
  readonly close: () => Promise<void>;
}

const isReady = async (url: string): Promise<boolean> => {
  try {
    return (await fetch(`${url}/realms/heddle/.well-known/openid-configuration`)).ok;
  } catch {
    return false;
  }
};

const ended = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

export const startKeycloak = async (home: string, realm: string): Promise<RunningKeycloak> => {
  const ready = await prepare(home, realm);
  const folder = mkdtempSync(join(cacheFolder(), 'run-'));
  const copy = join(folder, 'keycloak');
  link(ready, copy);
  const port = await freePort();
  const log = join(folder, 'log');
  const output = openSync(log, 'w');
  const child = spawn(
    join(copy, 'bin/kc.sh'),
    [
      ...['start', '--optimized', '--http-enabled=true', '--hostname-strict=false', '--http-host=127.0.0.1'],
      ...['--http-port', String(port)],
    ],
    // A group of its own: the script starts Java and waits for it, and both must go.
    { env: environment, stdio: ['ignore', output, output], detached: true },
  );
  const kill = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== 'ESRCH') throw thrown;
    }
  };
  process.once('exit', kill);
  const url = `http://127.0.0.1:${port}`;
  const close = async (): Promise<void> => {
    process.off('exit', kill);
    kill();
    while (!ended(child)) await pause(20);
    rmSync(folder, { recursive: true, force: true });
  };
  const until = Date.now() + 90_000;
  while (!(await isReady(url))) {
    if (ended(child) || Date.now() > until) {
      const words = readFileSync(log, 'utf8').slice(-2_000);
      await close();
      throw new Error(`Keycloak did not start: ${words}`);
    }
    await pause(100);
  }
  return { url, close };
};
