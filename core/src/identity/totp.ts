/** One-time codes by time (RFC 6238: SHA-1, six digits, thirty seconds) and the base32 in which their secrets are typed; pure. */
import { createHmac, timingSafeEqual } from 'node:crypto';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const stepMs = 30_000;

export const base32 = (bytes: Uint8Array): string => {
  let bits = '';
  for (const byte of bytes) bits += byte.toString(2).padStart(8, '0');
  return bits.replace(/.{1,5}/g, (five) => alphabet[Number.parseInt(five.padEnd(5, '0'), 2)] ?? '');
};

export const codeAt = (secret: Uint8Array, step: number): string => {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac('sha1', secret).update(counter).digest();
  const at = (mac.at(-1) ?? 0) & 15;
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0');
};

export const stepAt = (milliseconds: number): number => Math.floor(milliseconds / stepMs);

/** Phones are some seconds off: the code before and the one after count too. */
const neighbours = [0, -1, 1];

/** The step that a code belongs to; undefined for a wrong code, and for one of a step that was used, or lies before it. */
export const stepOf = (secret: Uint8Array, code: string, now: number, lastUsed: number): number | undefined => {
  const given = Buffer.from(code.replaceAll(' ', ''));
  return neighbours
    .map((shift) => stepAt(now) + shift)
    .find((step) => {
      const expected = Buffer.from(codeAt(secret, step));
      return step > lastUsed && given.length === expected.length && timingSafeEqual(given, expected);
    });
};

/** What an authenticator app reads. */
export const enrolmentLink = (username: string, secret: Uint8Array): string =>
  `otpauth://totp/Heddle:${encodeURIComponent(username)}?secret=${base32(secret)}&issuer=Heddle&algorithm=SHA1&digits=6&period=30`;
