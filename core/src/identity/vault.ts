/** Seals what must be read again (second factors, tokens of browser sessions) under the shared account key; a stolen database opens none of it. */
import { createHmac } from 'node:crypto';
import { seal, unseal } from '../store/seal.ts';
import type { KeyRing } from './keyring.ts';

export interface Sealed {
  readonly key: string;
  readonly sealed: Buffer;
}

export interface Vault {
  readonly seal: (label: string, secret: Uint8Array) => Sealed;
  /** Undefined where its key was dropped. */
  readonly open: (label: string, { key, sealed }: Sealed) => Buffer | undefined;
  /** What only needs to be known again. */
  readonly mark: (key: string, label: string, secret: string) => string | undefined;
  readonly currentKey: () => string;
}

export const openVault = (keys: KeyRing, random: (bytes: number) => Uint8Array): Vault => ({
  seal: (label, secret) => {
    const { id, secret: key } = keys.current('account');
    return { key: id, sealed: seal(key, label, secret, random) };
  },
  open: (label, { key, sealed }) => {
    const found = keys.find('account', key);
    return found && unseal(found.secret, label, sealed);
  },
  mark: (key, label, secret) => {
    const found = keys.find('account', key);
    return found && createHmac('sha256', found.secret).update(`${label}\0${secret}`).digest('base64url');
  },
  currentKey: () => keys.current('account').id,
});
