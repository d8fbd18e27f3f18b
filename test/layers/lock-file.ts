/**
 * Finds what npm leaves out of package-lock.json when its registry lacks a package for another platform, and writes it in:
 * `npm ci` refuses a lock file with such a gap on every machine. Refuses a package whose platform its name does not tell.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

interface Entry {
  readonly name?: string;
  readonly version?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly libc?: readonly string[];
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

export interface Lock {
  readonly packages: Readonly<Record<string, Entry>>;
}

interface Gap {
  readonly name: string;
  readonly version: string;
  readonly dev: boolean;
}

const entryPath = (name: string): string => `node_modules/${name}`;

/** Where Node would look for a package from `path`, nearest first. */
const lookups = (path: string, name: string): string[] => {
  const parents = path
    .split('/node_modules/')
    .map((_part, index, parts) => parts.slice(0, index + 1).join('/node_modules/'));
  return [entryPath(name), ...parents.map((parent) => `${parent}/${entryPath(name)}`)];
};

export const gaps = ({ packages }: Lock): Gap[] =>
  Object.entries(packages).flatMap(([path, { optionalDependencies = {}, dev = false }]) =>
    Object.entries(optionalDependencies)
      .filter(([name]) => !lookups(path, name).some((place) => place in packages))
      .map(([name, version]) => ({ name, version, dev })),
  );

const platform =
  /(?<os>aix|android|darwin|freebsd|linux|netbsd|openbsd|openharmony|sunos|win32)-(?<cpu>[a-z0-9]+)(?:-(?<abi>[a-z]+))?$/;
const libcs = { gnu: 'glibc', mus: 'musl' } as const;

/** A package may stand under another name: `npm:@scope/name@1.2.3`. */
const alias = /^npm:(?<real>.+)@(?<exact>[^@]+)$/;

const filling = (gap: Gap): Entry => {
  const { real, exact } = alias.exec(gap.version)?.groups ?? {};
  const { name, version, dev } = { ...gap, name: real ?? gap.name, version: exact ?? gap.version };
  const { os, cpu, abi = '' } = platform.exec(name)?.groups ?? {};
  if (!os || !cpu || !/^\d/.test(version))
    throw new Error(`${name}@${version}: neither its platform nor its version can be told`);
  const libc = os === 'linux' && Object.entries(libcs).find(([prefix]) => abi.startsWith(prefix))?.[1];
  return {
    ...(real && { name }),
    version,
    cpu: [cpu],
    ...(dev && { dev }),
    ...(libc && { libc: [libc] }),
    optional: true,
    os: [os],
  };
};

export const withoutGaps = (lock: Lock): Lock => {
  const filled = gaps(lock).map((gap): [string, Entry] => [entryPath(gap.name), filling(gap)]);
  const entries: [string, Entry][] = [...Object.entries(lock.packages), ...filled];
  return { ...lock, packages: Object.fromEntries(entries.toSorted(([a], [b]) => a.localeCompare(b, 'en'))) };
};

export const lockFaults = async (root: string): Promise<string[]> => {
  const lock = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')) as Lock;
  const names = gaps(lock).map(({ name }) => name);
  const some = `${names.slice(0, 3).join(', ')}${names.length > 3 ? ', …' : ''}`;
  return names.length === 0
    ? []
    : [
        `package-lock.json lacks ${names.length} packages for other platforms (${some}), so npm ci refuses it: npm run lock`,
      ];
};

export const main = async ([file = 'package-lock.json']: readonly string[]): Promise<number> => {
  const lock = JSON.parse(await readFile(file, 'utf8')) as Lock;
  const found = gaps(lock);
  if (found.length > 0) await writeFile(file, `${JSON.stringify(withoutGaps(lock), null, 2)}\n`);
  console.log(`${file}: ${found.length} packages for other platforms written in`);
  return 0;
};
