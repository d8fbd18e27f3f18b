/** The one thing that tokens of the provider are for: this house's FHIR. */
import { audience } from '../../identity/issuer.ts';
import { tokenAlgorithm } from '../../identity/keyring.ts';

export const resource = 'urn:heddle:fhir';

export const resourceServer = (scope: string) => ({
  scope,
  audience,
  accessTokenFormat: 'jwt' as const,
  jwt: { sign: { alg: tokenAlgorithm as 'ES256' } },
});
