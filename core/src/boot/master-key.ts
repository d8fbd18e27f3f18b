/** The master key: from the configuration, or made once in the home directory where that is allowed. */
import { existsSync } from 'node:fs';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Configuration } from '../config/schema.ts';
import { misconfigured } from '../outcome/outcome.ts';
import type { Masters } from '../store/serving-role.ts';

const decode = (text: string): Uint8Array => Buffer.from(text, 'base64');

/** Two starts at once make one key: the second link fails, and both read the first. */
const fromHome = async (home: string, random: (bytes: number) => Uint8Array): Promise<Uint8Array> => {
  const file = join(home, 'keys', 'master.key');
  if (!existsSync(file)) {
    await mkdir(join(home, 'keys'), { recursive: true, mode: 0o700 });
    const half = `${file}.${Buffer.from(random(6)).toString('hex')}`;
    // On the disk before anything is sealed under it: a power cut must not leave a database that nothing opens.
    await writeFile(half, `${Buffer.from(random(32)).toString('base64')}\n`, { mode: 0o600, flush: true });
    await link(half, file).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    await rm(half);
  }
  const key = decode((await readFile(file, 'utf8')).trim());
  if (key.length !== 32)
    throw misconfigured([`${file} does not hold a key of 32 bytes in base64: restore it, or what it sealed is lost`]);
  return key;
};

export const masterKeys = async (
  { keys, home }: Configuration,
  random: (bytes: number) => Uint8Array,
): Promise<Masters> => ({
  master: keys.master === undefined ? await fromHome(home, random) : decode(keys.master),
  previous: keys.previous === undefined ? undefined : decode(keys.previous),
});
