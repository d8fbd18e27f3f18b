/** The client by which the portal signs people in at the embedded provider: known by the public address alone, without a row and without a secret. */
import type { Client, Directory } from './accounts.ts';

export const portalPaths = {
  login: '/auth/login',
  callback: '/auth/callback',
  logout: '/auth/logout',
  session: '/auth/session',
  backchannel: '/auth/backchannel-logout',
} as const;

export const portalClient = (id: string, publicUrl: string): Client => ({
  ...{ id, secret: null, tenant: null, roles: [], name: 'Heddle', logoutUrl: null, jwks: null, jwksUrl: null },
  ...{ scopes: null, consent: false, grants: ['authorization_code', 'refresh_token'] },
  redirects: [`${publicUrl}${portalPaths.callback}`],
  postLogouts: [`${publicUrl}/`],
});

export const withPortal = (directory: Directory, portal: Client): Directory => ({
  ...directory,
  findClient: async (id) => (id === portal.id ? portal : directory.findClient(id)),
});
