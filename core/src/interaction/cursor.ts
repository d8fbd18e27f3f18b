/** Where a page ended, as a word that callers hand back: signed, so that nobody makes one up, bound to its question, and good for a while. */
import { createHmac, createSecretKey, hash, timingSafeEqual, type KeyObject } from 'node:crypto';
import { expired, invalid } from '../outcome/outcome.ts';

export interface CursorKey {
  readonly id: string;
  readonly secret: Uint8Array;
}

/** The keys that all nodes share. */
export interface CursorKeys {
  readonly current: () => CursorKey;
  readonly find: (id: string) => CursorKey | undefined;
}

/** A number, or a text, or nothing where a row has no value. */
export type CursorValue = string | number | null;

export interface CursorNeeds {
  readonly keys: CursorKeys;
  readonly tenant: number;
  /** The question whose pages these are; another one's cursor is refused. */
  readonly question: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly keepSeconds: number;
}

const signatureBytes = 16;

/** Made of a secret once: bytes given anew with each signature cost five times what the signature itself does. */
const made = new WeakMap<Uint8Array, KeyObject>();
const keyOf = ({ secret }: CursorKey): KeyObject => {
  const known = made.get(secret) ?? createSecretKey(secret);
  made.set(secret, known);
  return known;
};

const signatureOf = (key: CursorKey, { tenant, question }: CursorNeeds, content: string): Buffer => {
  const about = hash('sha256', `${tenant} ${question}`, 'base64url');
  return createHmac('sha256', keyOf(key)).update(`${about}.${content}`).digest().subarray(0, signatureBytes);
};

/** `taken`: when the first page was read; all later ones expire together with it. */
export const sealCursor = (needs: CursorNeeds, taken: number, values: readonly CursorValue[]): string => {
  const key = needs.keys.current();
  const content = Buffer.from(JSON.stringify([taken, ...values])).toString('base64url');
  return `${content}.${key.id}.${signatureOf(key, needs, content).toString('base64url')}`;
};

const foreign = (): Error =>
  invalid(
    '_cursor',
    '_cursor is not one that this server gave for this question: follow the links of a bundle as they are',
  );

export interface OpenedCursor {
  readonly taken: number;
  readonly values: readonly CursorValue[];
}

export const openCursor = (needs: CursorNeeds, text: string): OpenedCursor => {
  const [content = '', id = '', signature = ''] = text.split('.');
  const key = needs.keys.find(id);
  if (!key) throw foreign();
  const given = Buffer.from(signature, 'base64url');
  const right = signatureOf(key, needs, content);
  if (given.length !== right.length || !timingSafeEqual(given, right)) throw foreign();
  const [taken, ...values] = JSON.parse(Buffer.from(content, 'base64url').toString('utf8')) as [
    number,
    ...CursorValue[],
  ];
  if (needs.now > taken + needs.keepSeconds * 1_000)
    throw expired(
      '_cursor',
      `the pages of a search can be turned for ${needs.keepSeconds} s, and these are older: ask again from the first one`,
    );
  return { taken, values };
};
