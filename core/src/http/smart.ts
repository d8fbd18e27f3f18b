/** What SMART apps ask of the house itself: where to sign in and what is understood, and a launch out of the portal. */
import { launchRequest, type Launches } from '../identity/launches.ts';
import { malformed, notSupported } from '../outcome/outcome.ts';
import { authenticate, type Doorkeeper } from './authenticate.ts';
import type { Context, Middleware } from './exchange.ts';
import type { PortalDoor } from './portal-session.ts';
import { readText } from './request-body.ts';
import { frontPaths, type SmartFront } from './smart-front.ts';

const discovery = '/fhir/.well-known/smart-configuration';
const launch = '/auth/launch';
const bodyBytes = 4_096;

/** SMART App Launch 2.2, section 3.1.2. What is claimed here has its scenario. */
const capabilities = [
  ...[
    'launch-ehr',
    'launch-standalone',
    'client-public',
    'client-confidential-symmetric',
    'client-confidential-asymmetric',
  ],
  ...[
    'sso-openid-connect',
    'context-ehr-patient',
    'context-ehr-encounter',
    'context-standalone-patient',
    'context-banner',
  ],
  ...[
    'permission-offline',
    'permission-online',
    'permission-patient',
    'permission-user',
    'permission-v1',
    'permission-v2',
  ],
  'authorize-post',
];

const scopes = [
  ...[
    'openid',
    'profile',
    'fhirUser',
    'launch',
    'launch/patient',
    'launch/encounter',
    'offline_access',
    'online_access',
  ],
  ...['patient/*.rs', 'patient/*.cruds', 'user/*.rs', 'user/*.cruds', 'system/*.rs', 'system/*.cruds'],
];

const describe = async (ctx: Context, portal: PortalDoor | undefined, isFronted: boolean): Promise<void> => {
  if (!portal) throw notSupported(404, 'there is nothing at this address');
  const { authorization, token, introspection, revocation, keys, management } = await portal.issuer.endpoints();
  ctx.type = 'application/json';
  ctx.body = {
    issuer: portal.issuer.name,
    jwks_uri: keys,
    authorization_endpoint: isFronted ? `${portal.publicUrl}${frontPaths.authorize}` : authorization,
    token_endpoint: isFronted ? `${portal.publicUrl}${frontPaths.token}` : token,
    introspection_endpoint: introspection,
    revocation_endpoint: revocation,
    management_endpoint: management,
    grant_types_supported: ['authorization_code', 'refresh_token', 'client_credentials'],
    response_types_supported: ['code'],
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'private_key_jwt'],
    token_endpoint_auth_signing_alg_values_supported: ['ES384', 'RS384'],
    scopes_supported: scopes,
    capabilities,
  };
};

/** Whoever is signed in launches an app for himself, about a patient or a visit. */
const begin = async (ctx: Context, keeper: Doorkeeper, launches: Launches): Promise<void> => {
  const { subject } = await authenticate(ctx, keeper);
  const text = await readText(ctx.req, bodyBytes);
  const asked = launchRequest.safeParse(text.startsWith('{') ? JSON.parse(text) : undefined);
  if (!asked.success) throw malformed('a launch is {"patient": id, "encounter": id}, each where there is one');
  ctx.status = 201;
  ctx.body = { launch: await launches.add(subject, asked.data) };
};

interface Fronted {
  readonly launches?: Launches | undefined;
  readonly smartFront?: SmartFront | undefined;
}

export const smart =
  (keeper: Doorkeeper | undefined, { launches, smartFront: front }: Fronted = {}): Middleware =>
  async (ctx, next) => {
    if (!keeper) return next();
    if (ctx.path === discovery && (ctx.method === 'GET' || ctx.method === 'HEAD')) {
      ctx.state.area = 'fhir';
      return describe(ctx, keeper.portal, front !== undefined);
    }
    if (ctx.path === launch && launches && ctx.method === 'POST') {
      ctx.state.area = 'session';
      return begin(ctx, keeper, launches);
    }
    return next();
  };
