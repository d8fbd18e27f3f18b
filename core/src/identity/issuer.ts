/** Proves that a token comes from an issuer that Heddle trusts, for Heddle and for now; pins the algorithm, and knows the issuer's keys. */
import { errors, importJWK, jwtVerify, type CryptoKey, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import { unauthenticated } from '../outcome/outcome.ts';
import { tokenAlgorithm, type KeyRing } from './keyring.ts';

export const audience = 'heddle';

export interface Issuer {
  readonly name: string;
  /** The claims of a good access token. */
  readonly check: (token: string) => Promise<JWTPayload>;
  /** Of a letter that says who has signed out, written to the client of that name. */
  readonly checkLogout: (token: string, client: string) => Promise<LoggedOut>;
  /** Of an id token that a client of that name asked for. */
  readonly checkIdToken: (token: string, client: string) => Promise<JWTPayload>;
  /** Whether the issuer itself still stands by a token; undefined where it is not to be asked. */
  readonly isActive?: (token: string) => Promise<boolean>;
  readonly endpoints: () => Promise<Endpoints>;
  readonly onChange: (hear: () => void) => void;
}

export interface LoggedOut {
  readonly session: string | undefined;
  readonly subject: string | undefined;
}

export interface Endpoints {
  readonly authorization: string;
  readonly token: string;
  readonly endSession: string | undefined;
  readonly keys: string;
  readonly introspection: string | undefined;
  readonly revocation: string | undefined;
  /** Where people look after their own account and what apps hold of it. */
  readonly management: string | undefined;
}

export interface Checks {
  readonly issuer: string;
  readonly audience: string;
  readonly algorithms: readonly string[];
  readonly skewSeconds: number;
  /** Whether its access tokens always say so; others may leave it out. */
  readonly saysBearer?: boolean;
  readonly now: () => number;
}

/** jose tells why; the caller may know that the token is too old, and no more. */
const refusal = (thrown: unknown): Error => {
  if (thrown instanceof errors.JWTExpired) return unauthenticated('the token has expired: sign in again');
  if (thrown instanceof errors.JOSEError) return unauthenticated('the token is not valid here');
  return thrown instanceof Error ? thrown : new Error('a token check failed');
};

/** Keycloak says JWT, RFC 9068 says at+jwt; a logout token or an id token is neither of them with these claims. */
const headerTypes = new Set(['JWT', 'at+jwt']);

const checkKind = (
  { typ, iat }: JWTPayload,
  headerType: string | undefined,
  { now, skewSeconds, saysBearer = false }: Checks,
): void => {
  if (headerType !== undefined && !headerTypes.has(headerType)) throw new errors.JWTInvalid('not an access token');
  // Keycloak writes what a token is for into this claim: ID, Refresh and Logout are not for us.
  if (typ === undefined ? saysBearer : typ !== 'Bearer') throw new errors.JWTInvalid('not an access token');
  if (typeof iat === 'number' && iat * 1_000 > now() + skewSeconds * 1_000)
    throw new errors.JWTInvalid('from the future');
};

export const checkWith =
  (keyOf: JWTVerifyGetKey, checks: Checks) =>
  async (token: string): Promise<JWTPayload> => {
    const { issuer, audience: wanted, algorithms, skewSeconds, now } = checks;
    try {
      const { payload, protectedHeader } = await jwtVerify(token, keyOf, {
        algorithms: [...algorithms],
        issuer,
        audience: wanted,
        requiredClaims: ['exp', 'sub'],
        clockTolerance: skewSeconds,
        currentDate: new Date(now()),
      });
      checkKind(payload, protectedHeader.typ, checks);
      return payload;
    } catch (thrown) {
      throw refusal(thrown);
    }
  };

const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout';

/** OpenID Connect Back-Channel Logout 1.0, section 2.6. */
export const checkLogoutWith =
  (keyOf: JWTVerifyGetKey, { issuer, algorithms, skewSeconds, now }: Checks) =>
  async (token: string, client: string): Promise<LoggedOut> => {
    const { payload } = await jwtVerify(token, keyOf, {
      ...{ algorithms: [...algorithms], issuer, audience: client, typ: 'logout+jwt' },
      ...{
        requiredClaims: ['iat', 'jti'],
        clockTolerance: skewSeconds,
        currentDate: new Date(now()),
        maxTokenAge: 600,
      },
    }).catch((thrown: unknown) => {
      throw refusal(thrown);
    });
    const { events, sid, sub, nonce } = payload;
    const isLogout = typeof events === 'object' && events !== null && logoutEvent in events;
    const session = typeof sid === 'string' ? sid : undefined;
    if (!isLogout || nonce !== undefined || (session === undefined && sub === undefined))
      throw unauthenticated('this is no logout token');
    return { session, subject: sub };
  };

export const checkIdTokenWith =
  (keyOf: JWTVerifyGetKey, { issuer, algorithms, skewSeconds, now }: Checks) =>
  async (token: string, client: string): Promise<JWTPayload> => {
    const { payload } = await jwtVerify(token, keyOf, {
      ...{ algorithms: [...algorithms], issuer, audience: client },
      ...{ requiredClaims: ['sub', 'exp'], clockTolerance: skewSeconds, currentDate: new Date(now()) },
    }).catch((thrown: unknown) => {
      throw refusal(thrown);
    });
    return payload;
  };

const leastBetweenReloadsMs = 1_000;

const importPublic = (secret: Uint8Array): Promise<CryptoKey | Uint8Array> => {
  const { d: _private, ...jwk } = JSON.parse(Buffer.from(secret).toString('utf8')) as Record<string, string>;
  return importJWK(jwk, tokenAlgorithm);
};

/** The embedded provider: its keys are the house's own. */
export const ownIssuer = (keys: KeyRing, checks: Omit<Checks, 'algorithms'>): Issuer => {
  const { now } = checks;
  const publicKeys = new Map<string, Promise<CryptoKey | Uint8Array>>();
  let reloaded = 0;
  // A dropped key must not live on in what it signed.
  keys.onChange(() => publicKeys.clear());

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
  const keyOf: JWTVerifyGetKey = ({ kid }) => publicKey(kid ?? '');
  const pinned = { ...checks, algorithms: [tokenAlgorithm], saysBearer: true };
  const at = (place: string): string => `${checks.issuer}/protocol/openid-connect/${place}`;
  return {
    name: checks.issuer,
    check: checkWith(keyOf, pinned),
    checkLogout: checkLogoutWith(keyOf, pinned),
    checkIdToken: checkIdTokenWith(keyOf, pinned),
    onChange: keys.onChange,
    endpoints: async () => ({
      ...{ authorization: at('auth'), token: at('token'), endSession: at('logout'), keys: at('certs') },
      ...{ introspection: at('token/introspect'), revocation: at('revoke'), management: `${checks.issuer}/account` },
    }),
  };
};
