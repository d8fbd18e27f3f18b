/** Which scopes a client may ask for: those of OpenID and of SMART; an unknown one is refused, as Keycloak does. */
import { errors, type KoaContextWithOIDC } from 'oidc-provider';
import { parseScope } from '../../fhir/smart-scope.ts';
import type { Client } from '../../identity/accounts.ts';

/** Those that the package knows by itself. */
export const openidScopes = ['openid', 'profile', 'email', 'offline_access'];

const plainScopes = new Set([
  ...openidScopes,
  'online_access',
  'fhirUser',
  'launch',
  'launch/patient',
  'launch/encounter',
]);

export const scopesOf = (text: unknown): string[] =>
  typeof text === 'string' ? text.split(' ').filter((scope) => scope !== '') : [];

/** A client that lists search parameters with a scope may ask for just those. */
const isAllowed = (scope: string, { scopes }: Client): boolean => scopes === null || scopes.includes(scope);

export const refuseUnknown = (asked: readonly string[], client: Client): void => {
  const unknown = asked.filter(
    (scope) =>
      !(plainScopes.has(scope) || parseScope(scope)) || (!openidScopes.includes(scope) && !isAllowed(scope, client)),
  );
  if (unknown.length > 0) throw new errors.InvalidScope('Invalid scopes', unknown.join(' '));
};

/** What a request speaks of: its own words, or those of the code or token that it brings. */
export const askedIn = ({ oidc }: KoaContextWithOIDC): string[] => {
  const { AuthorizationCode: code, RefreshToken: refresh } = oidc.entities;
  return scopesOf(oidc.params?.['scope'] ?? code?.scope ?? refresh?.scope);
};
