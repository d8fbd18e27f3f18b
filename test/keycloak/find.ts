/** Finds a Keycloak of the wanted version, or fetches it; says what is missing where it cannot. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

export const keycloakVersion = '26.7.5';

/** Survives a run: what is fetched and prepared once is used again. */
export const cacheFolder = (): string => join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'heddle');

export type Found = { readonly home: string } | { readonly missing: string };

const has = (program: string, ...args: readonly string[]): boolean =>
  spawnSync(program, args, { stdio: 'ignore' }).status === 0;

const versionOf = (home: string): string | undefined => {
  try {
    return /(\d+\.\d+\.\d+)/.exec(readFileSync(join(home, 'version.txt'), 'utf8'))?.[1];
  } catch {
    return undefined;
  }
};

const run = (program: string, args: readonly string[], cwd: string): void => {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ended with ${status}: ${`${stdout}${stderr}`.slice(-2_000)}`);
};

/** By the ordinary client of the registry of Java; whole or not at all. */
const fetchInto = (cache: string, home: string): void => {
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(cache, 'fetch-'));
  try {
    const artifact = `org.keycloak:keycloak-quarkus-dist:${keycloakVersion}:zip`;
    const plugin = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:unpack';
    run('mvn', ['-B', '-q', plugin, `-Dartifact=${artifact}`, `-DoutputDirectory=${work}`], work);
    // What unpacks it forgets which files may be run.
    run('chmod', ['+x', `keycloak-${keycloakVersion}/bin/kc.sh`], work);
    if (!existsSync(home)) renameSync(join(work, `keycloak-${keycloakVersion}`), home);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
};

export const findKeycloak = (): Found => {
  if (!has('java', '-version')) return { missing: 'java (Debian: openjdk-17-jre-headless)' };
  const given = process.env['KEYCLOAK_HOME'];
  if (given !== undefined && versionOf(given) === keycloakVersion) return { home: given };
  const home = join(cacheFolder(), `keycloak-${keycloakVersion}`);
  if (existsSync(join(home, 'bin/kc.sh'))) return { home };
  if (!has('mvn', '-version'))
    return { missing: `Keycloak ${keycloakVersion} (set KEYCLOAK_HOME), or mvn to fetch it (Debian: maven)` };
  fetchInto(cacheFolder(), home);
  return { home };
};
