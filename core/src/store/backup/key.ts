/** Derives what seals a backup from the content of a key file; tells a wrong key from a damaged file by a check value that says nothing of the key. */
import { createHash, scryptSync, timingSafeEqual } from 'node:crypto';
import { misconfigured } from '../../outcome/outcome.ts';

export const checkBytes = 16;
const least = 16;

/** A tenth of a second and 32 MB for each guess: a key file may hold a sentence that somebody made up. */
const cost = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 };

export interface BackupKey {
  readonly key: Uint8Array;
  readonly check: Uint8Array;
}

/** An editor ends the last line, `printf` does not: both files hold the same key. */
const withoutLineEnd = (content: Uint8Array): Uint8Array => {
  let end = content.length;
  while (end > 0 && (content[end - 1] === 10 || content[end - 1] === 13)) end--;
  return content.subarray(0, end);
};

export const checkSecret = (content: Uint8Array): Uint8Array => {
  const secret = withoutLineEnd(content);
  if (secret.length < least)
    throw misconfigured([
      `the key file holds ${secret.length} bytes, and a key needs at least ${least}: make one with \`openssl rand -base64 32\``,
    ]);
  return secret;
};

export const deriveKey = (secret: Uint8Array, salt: Uint8Array): BackupKey => {
  const derived = scryptSync(secret, salt, 64, cost);
  const check = createHash('sha256').update('heddle backup check').update(derived.subarray(32)).digest();
  return { key: derived.subarray(0, 32), check: check.subarray(0, checkBytes) };
};

export const isSame = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && timingSafeEqual(a, b);
