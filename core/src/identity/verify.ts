/** Turns a bearer token into a Caller; refuses any whose signature, issuer, audience, time or tenant does not hold, and remembers checked ones by hash until they expire. */
import { hash } from 'node:crypto';
import { errors, importJWK, jwtVerify, type CryptoKey, type JWTPayload } from 'jose';
import type { Caller } from '../fhir/interaction.ts';
import { unauthenticated } from '../outcome/outcome.ts';
import type { Database } from '../store/database.ts';
import { tenants } from './accounts.ts';
import { tokenAlgorithm, type KeyRing } from './keyring.ts';

export const audience = 'heddle';

export type Verify = (token: string) => Promise<Caller>;

export interface VerifierNeeds {
  readonly database: Database;
  readonly keys: KeyRing;
  readonly issuer: string;
  readonly now: () => number;
}

interface Remembered {
  readonly caller: Caller;
  readonly until: number;
}

const mostRemembered = 20_000;
const leastBetweenReloadsMs = 1_000;

const textIn = (claims: JWTPayload, name: string): string => {
  const value = claims[name];
  if (typeof value !== 'string' || value === '') throw unauthenticated(`the token has no ${name}`);
  return value;
};

const rolesIn = ({ realm_access: access }: JWTPayload): string[] => {
  const roles = typeof access === 'object' && access !== null && 'roles' in access ? access.roles : [];
  return Array.isArray(roles) ? roles.filter((role) => typeof role === 'string') : [];
};

/** jose tells why; the caller may know that the token is too old, and no more. */
const refusal = (thrown: unknown): Error => {
  if (thrown instanceof errors.JWTExpired) return unauthenticated('the token has expired: sign in again');
  if (thrown instanceof errors.JOSEError) return unauthenticated('the token is not valid here');
  return thrown instanceof Error ? thrown : new Error('a token check failed');
};

export const openVerifier = ({ database, keys, issuer, now }: VerifierNeeds): Verify => {
  const remembered = new Map<string, Remembered>();
  const publicKeys = new Map<string, Promise<CryptoKey | Uint8Array>>();
  let tenantIds = new Map<string, number>();
  let reloaded = 0;

  // A dropped key must not live on in what it signed.
  keys.onChange(() => {
    remembered.clear();
    publicKeys.clear();
  });

  const publicKey = async (id: string): Promise<CryptoKey | Uint8Array> => {
    // Another node may have made a key a moment ago, before its announcement was heard. Strangers may send any id.
    if (!keys.find('token', id) && now() - reloaded > leastBetweenReloadsMs) {
      reloaded = now();
      await keys.reload();
    }
    const key = keys.find('token', id);
    if (!key) throw new errors.JWSSignatureVerificationFailed();
    const known = publicKeys.get(id) ?? importPublic(key.secret);
    publicKeys.set(id, known);
    return known;
  };

  const tenantId = async (name: string): Promise<number> => {
    if (!tenantIds.has(name)) tenantIds = new Map((await tenants(database)).map((tenant) => [tenant.name, tenant.id]));
    const id = tenantIds.get(name);
    if (id === undefined) throw unauthenticated('the token names a tenant that does not exist');
    return id;
  };

  const check = async (token: string): Promise<Remembered> => {
    const { payload } = await jwtVerify(token, ({ kid }) => publicKey(kid ?? ''), {
      algorithms: [tokenAlgorithm],
      issuer,
      audience,
      requiredClaims: ['exp', 'sub'],
      currentDate: new Date(now()),
    }).catch((thrown: unknown) => {
      throw refusal(thrown);
    });
    const tenantName = textIn(payload, 'tenant');
    const subject = textIn(payload, 'sub');
    const caller: Caller = {
      tenant: await tenantId(tenantName),
      tenantName,
      subject,
      kind: payload['azp'] === subject ? 'client' : 'user',
      roles: rolesIn(payload),
    };
    return { caller: Object.freeze(caller), until: Number(payload.exp) * 1_000 };
  };

  return async (token) => {
    const digest = hash('sha256', token, 'base64');
    const known = remembered.get(digest);
    if (known && known.until > now()) return known.caller;
    const fresh = await check(token);
    if (remembered.size >= mostRemembered) remembered.delete(remembered.keys().next().value ?? '');
    remembered.set(digest, fresh);
    return fresh.caller;
  };
};

const importPublic = (secret: Uint8Array): Promise<CryptoKey | Uint8Array> => {
  const { d: _private, ...jwk } = JSON.parse(Buffer.from(secret).toString('utf8')) as Record<string, string>;
  return importJWK(jwk, tokenAlgorithm);
};
