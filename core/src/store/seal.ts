/** Seals bytes under a master key with AES-256-GCM, bound to a label; refuses what another key or label sealed. */
import { createCipheriv, createDecipheriv, createHash } from 'node:crypto';
import { misconfigured, type Outcome } from '../outcome/outcome.ts';

const ivBytes = 12;
const tagBytes = 16;

export const seal = (
  master: Uint8Array,
  label: string,
  secret: Uint8Array,
  random: (bytes: number) => Uint8Array,
): Buffer => {
  const iv = random(ivBytes);
  const cipher = createCipheriv('aes-256-gcm', master, iv).setAAD(Buffer.from(label));
  const sealed = Buffer.concat([cipher.update(secret), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), sealed]);
};

export const unseal = (master: Uint8Array, label: string, sealed: Uint8Array): Buffer => {
  const decipher = createDecipheriv('aes-256-gcm', master, sealed.subarray(0, ivBytes))
    .setAAD(Buffer.from(label))
    .setAuthTag(sealed.subarray(ivBytes, ivBytes + tagBytes));
  return Buffer.concat([decipher.update(sealed.subarray(ivBytes + tagBytes)), decipher.final()]);
};

/** Names a master key without telling anything of it. */
export const masterName = (master: Uint8Array): string =>
  createHash('sha256').update('heddle master').update(master).digest('hex').slice(0, 16);

export const wrongMaster = (by: string, given: Uint8Array): Outcome =>
  misconfigured([
    `the keys in the database are sealed under another master key (${by}) than the one given (${masterName(given)}): ` +
      'set HEDDLE__KEYS__MASTER to the one that sealed them, or HEDDLE__KEYS__PREVIOUS to it while you change to a new one',
  ]);
