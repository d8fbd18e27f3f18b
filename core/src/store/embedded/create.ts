/** Makes a new database directory beside its place and renames it there when it is whole, so that a crash or a second start never leaves half of one. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { misconfigured } from '../../outcome/outcome.ts';
import type { Binaries } from './binaries.ts';
import { readCluster, writeCluster, type Cluster } from './home.ts';
import type { RunAs } from './run-as.ts';

interface CreateNeeds {
  readonly binaries: Binaries;
  readonly runAs: RunAs;
  readonly data: string;
  readonly fsync: boolean;
  readonly random: (bytes: number) => Uint8Array;
}

/** Sorting by code point needs no library of the system, so an upgrade of the system cannot spoil an index. */
const locale = (major: number): string[] =>
  major >= 17 ? ['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C'] : ['--locale=C'];

export const createCluster = async ({ binaries, runAs, data, fsync, random }: CreateNeeds): Promise<Cluster> => {
  const half = `${data}.${Buffer.from(random(6)).toString('hex')}`;
  const password = Buffer.from(random(24)).toString('base64url');
  const passwordFile = join(half, 'password');
  const cluster = join(half, 'cluster');
  await mkdir(cluster, { recursive: true, mode: 0o700 });
  try {
    await writeFile(passwordFile, password, { mode: 0o600 });
    for (const path of [half, cluster, passwordFile]) await chown(path, runAs.uid, runAs.gid);
    const [command = '', ...args] = runAs.command([
      ...[binaries.initdb, '-D', '/proc/self/cwd', '-U', 'postgres', '-E', 'UTF8', ...locale(binaries.major)],
      ...['--auth-local=scram-sha-256', '--auth-host=reject', '--pwfile=../password', ...(fsync ? [] : ['--no-sync'])],
    ]);
    const child = spawn(command, args, { cwd: cluster, stdio: ['ignore', 'pipe', 'pipe'] });
    const [said, complained, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'exit') as Promise<[number | null]>,
    ]);
    if (code !== 0)
      throw misconfigured([
        `initdb could not make the database in ${data}: ${`${said}\n${complained}`.trim().split('\n').slice(-3).join(' | ')}`,
      ]);
    await writeCluster(cluster, password);
    await rename(cluster, data);
  } catch (error) {
    // Another start was first: its directory is as good.
    const made =
      (error as NodeJS.ErrnoException).code === 'ENOTEMPTY' ? await readCluster(data, binaries.major) : undefined;
    if (made === undefined) throw error;
    return made;
  } finally {
    await rm(half, { recursive: true, force: true });
  }
  const made = await readCluster(data, binaries.major);
  if (made === undefined) throw misconfigured([`the new database directory ${data} vanished`]);
  return made;
};
