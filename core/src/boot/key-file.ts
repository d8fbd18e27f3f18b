/** Reads the key that seals backups from the file that the operator names; tells when others can read it too. */
import { readFile, stat } from 'node:fs/promises';
import { misconfigured } from '../outcome/outcome.ts';
import { checkSecret } from '../store/backup/key.ts';

export const secretIn = async (path: string | undefined): Promise<Uint8Array | undefined> => {
  if (path === undefined) return undefined;
  let content: Uint8Array;
  try {
    content = await readFile(path);
  } catch (thrown) {
    throw misconfigured([`the key file ${path} cannot be read (${String((thrown as NodeJS.ErrnoException).code)})`]);
  }
  if (((await stat(path)).mode & 0o077) !== 0)
    process.stderr.write(`the key file ${path} can be read by others: chmod 600 it\n`);
  return checkSecret(content);
};
