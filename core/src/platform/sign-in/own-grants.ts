/** What Keycloak answers beside the token endpoint and the package does not: each is a grant type of our own, so that the package proves the client. */

export const introspectGrant = 'urn:heddle:introspect';
export const revokeGrant = 'urn:heddle:revoke';
export const endGrant = 'urn:heddle:end';

export const ownGrants: readonly string[] = [introspectGrant, revokeGrant, endGrant];

const oidc = '/protocol/openid-connect';

export const paths = {
  authorization: `${oidc}/auth`,
  token: `${oidc}/token`,
  keys: `${oidc}/certs`,
  logout: `${oidc}/logout`,
  userinfo: `${oidc}/userinfo`,
  introspection: `${oidc}/token/introspect`,
  revocation: `${oidc}/revoke`,
  signIn: '/login-actions/authenticate',
  account: '/account',
  register: '/register',
  style: '/resources/style.css',
} as const;
