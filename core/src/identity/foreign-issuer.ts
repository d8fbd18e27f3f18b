/** Another OpenID provider, such as Keycloak: its discovery and keys are fetched, kept for a while, and fetched again for a key that is not known, but not for every stranger's token. */
import { createRemoteJWKSet, type JWTVerifyGetKey } from 'jose';
import { z } from 'zod';
import { unavailable } from '../outcome/outcome.ts';
import { checkIdTokenWith, checkLogoutWith, checkWith, type Checks, type Issuer } from './issuer.ts';

const described = z.object({
  issuer: z.string(),
  jwks_uri: z.url(),
  authorization_endpoint: z.url(),
  token_endpoint: z.url(),
  end_session_endpoint: z.url().optional(),
  introspection_endpoint: z.url().optional(),
  revocation_endpoint: z.url().optional(),
});

type Described = z.infer<typeof described>;

export interface ForeignIssuerNeeds {
  readonly checks: Omit<Checks, 'algorithms'>;
  readonly introspection: { readonly clientId: string; readonly clientSecret: string } | undefined;
}

/** Whoever signs with a shared secret could be anybody who knows it; none is no signature. */
const asymmetric = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];

const keptMs = 3_600_000;
const answerMs = 5_000;

const away = (cause: unknown): Error => unavailable('the identity provider does not answer', 5, cause);

const asJson = async (answer: Response): Promise<unknown> => {
  if (!answer.ok) throw away(new Error(`it answered ${answer.status}`));
  return answer.json();
};

export const foreignIssuer = ({ checks, introspection }: ForeignIssuerNeeds): Issuer => {
  const { issuer, now } = checks;
  let known: { readonly at: number; readonly what: Promise<Described> } | undefined;
  let keys: { readonly uri: string; readonly find: JWTVerifyGetKey } | undefined;

  const describe = async (): Promise<Described> => {
    const answer = await fetch(`${issuer}/.well-known/openid-configuration`, {
      signal: AbortSignal.timeout(answerMs),
    }).catch((thrown: unknown) => {
      throw away(thrown);
    });
    const found = described.safeParse(await asJson(answer));
    if (!found.success) throw away(found.error);
    // Else somebody could be led to another provider than the one that was chosen.
    if (found.data.issuer !== issuer) throw away(new Error(`it calls itself ${found.data.issuer}`));
    return found.data;
  };

  const description = (): Promise<Described> => {
    if (!known || now() - known.at > keptMs) {
      const what = describe();
      known = { at: now(), what };
      what.catch(() => (known = undefined));
    }
    return known.what;
  };

  const keyOf: JWTVerifyGetKey = async (header, token) => {
    const { jwks_uri: uri } = await description();
    if (keys?.uri !== uri)
      keys = {
        uri,
        // A key that is not known is looked for again, at most so often.
        find: createRemoteJWKSet(new URL(uri), {
          cooldownDuration: 5_000,
          cacheMaxAge: keptMs,
          timeoutDuration: answerMs,
        }),
      };
    return keys.find(header, token);
  };

  const isActive = async (token: string): Promise<boolean> => {
    const { introspection_endpoint: endpoint } = await description();
    if (endpoint === undefined || !introspection) return true;
    const answer = await fetch(endpoint, {
      method: 'POST',
      body: new URLSearchParams({
        ...{ token, client_id: introspection.clientId, client_secret: introspection.clientSecret },
      }),
      signal: AbortSignal.timeout(answerMs),
    }).catch((thrown: unknown) => {
      throw away(thrown);
    });
    return z.object({ active: z.boolean() }).parse(await asJson(answer)).active;
  };

  const pinned = { ...checks, algorithms: asymmetric };
  return {
    name: issuer,
    check: checkWith(keyOf, pinned),
    checkLogout: checkLogoutWith(keyOf, pinned),
    checkIdToken: checkIdTokenWith(keyOf, pinned),
    ...(introspection ? { isActive } : {}),
    onChange: () => undefined,
    endpoints: async () => {
      const found = await description();
      return {
        authorization: found.authorization_endpoint,
        token: found.token_endpoint,
        endSession: found.end_session_endpoint,
        keys: found.jwks_uri,
        introspection: found.introspection_endpoint,
        revocation: found.revocation_endpoint,
        management: undefined,
      };
    },
  };
};
