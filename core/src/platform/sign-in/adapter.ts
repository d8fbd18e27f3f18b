/** What the provider's package stores, kept in the rows of sign-ins; its clients come from their table. */
import { errors, Provider, type Adapter, type ClientMetadata } from 'oidc-provider';
import type { Client, Directory } from '../../identity/accounts.ts';
import type { SignInRows } from '../../identity/sign-in-rows.ts';
import { ownGrants } from './own-grants.ts';

/** Callers may put a client's secret in the header or in the form; the package holds a client to one of them. */
const authMethod = (client: Client): ClientMetadata['token_endpoint_auth_method'] => {
  if (client.jwks !== null || client.jwksUrl !== null) return 'private_key_jwt';
  if (client.secret === null) return 'none';
  return Provider.ctx?.get('authorization') ? 'client_secret_basic' : 'client_secret_post';
};

/** Programs on a person's own machine: a loopback address with any port, or a scheme of their own. */
const isNative = (redirect: string): boolean =>
  !/^https?:/.test(redirect) || /^http:\/\/(127\.0\.0\.1|\[::1\])/.test(redirect);

const metadataOf = (client: Client): ClientMetadata => ({
  client_id: client.id,
  ...(client.name === null ? {} : { client_name: client.name }),
  ...(client.secret === null ? {} : { client_secret: client.secret }),
  grant_types: [...client.grants, ...ownGrants],
  response_types: client.grants.includes('authorization_code') ? ['code'] : [],
  redirect_uris: [...client.redirects],
  post_logout_redirect_uris: [...client.postLogouts],
  ...(client.redirects.some(isNative) ? { application_type: 'native' as const } : {}),
  ...(client.logoutUrl === null
    ? {}
    : { backchannel_logout_uri: client.logoutUrl, backchannel_logout_session_required: true }),
  ...(client.jwks === null ? {} : { jwks: JSON.parse(client.jwks) as ClientMetadata['jwks'] }),
  ...(client.jwksUrl === null ? {} : { jwks_uri: client.jwksUrl }),
  token_endpoint_auth_method: authMethod(client),
});

export interface AdapterNeeds {
  readonly directory: Directory;
  readonly rows: SignInRows;
  readonly sessionSeconds: { readonly idle: number; readonly most: number };
}

const clients = (directory: Directory): Adapter => {
  const nothing = async (): Promise<undefined> => undefined;
  return {
    find: async (id) => {
      const client = await directory.findClient(id);
      return client && metadataOf(client);
    },
    findByUserCode: nothing,
    findByUid: nothing,
    upsert: nothing,
    consume: nothing,
    destroy: nothing,
    revokeByGrantId: nothing,
  };
};

export const adapterFor =
  ({ directory, rows, sessionSeconds }: AdapterNeeds) =>
  (model: string): Adapter => {
    if (model === 'Client') return clients(directory);
    return {
      find: (id) => rows.find(model, id),
      findByUid: (uid) => rows.findByUid(model, uid),
      findByUserCode: async () => undefined,
      upsert: async (id, payload, seconds = 0) => {
        if (model !== 'ReplayDetection') {
          await rows.put(model, id, payload, seconds);
          if (model === 'RefreshToken' && typeof payload.sessionUid === 'string')
            await rows.touch(payload.sessionUid, sessionSeconds.idle, sessionSeconds.most);
          // Two that come at once both find nothing; only one may write.
        } else if (!(await rows.putOnce(model, id, payload, seconds)))
          throw new errors.InvalidClientAuth('client assertion tokens must only be used once');
      },
      consume: async (id) => {
        if (await rows.consume(model, id)) return;
        const held = await rows.find(model, id);
        if (typeof held?.['grantId'] === 'string') await rows.endGrant(held['grantId']);
        throw new errors.InvalidGrant('it was used already');
      },
      destroy: (id) => rows.remove(model, id),
      revokeByGrantId: (grant) => rows.endGrant(grant),
    };
  };
