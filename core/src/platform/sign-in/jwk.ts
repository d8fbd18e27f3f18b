/** A key of the ring as the provider's package takes it. */
import type { JWK } from 'oidc-provider';
import { tokenAlgorithm, type Key } from '../../identity/keyring.ts';

export const jwkOf = ({ id, secret }: Key): JWK => ({
  ...(JSON.parse(Buffer.from(secret).toString('utf8')) as JWK),
  kid: id,
  alg: tokenAlgorithm,
  use: 'sig',
});
