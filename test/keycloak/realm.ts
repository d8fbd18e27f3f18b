/** The realm that Heddle needs at Keycloak, for production and for the demo; the files in config/keycloak are written from here. */
import { createHash } from 'node:crypto';
import { authenticationFlows, authenticatorConfigs } from './flows.ts';
import { smartScopes } from './scopes.ts';

const staff = ['admin', 'doctor', 'nurse', 'receptionist', 'pharmacist', 'labtech', 'radiographer', 'radiologist'];

const mapper = (name: string, protocolMapper: string, config: Record<string, string>) => ({
  name,
  protocol: 'openid-connect',
  protocolMapper,
  config: {
    'access.token.claim': 'true',
    'id.token.claim': 'true',
    'userinfo.token.claim': 'true',
    'introspection.token.claim': 'true',
    ...config,
  },
});

const attribute = (name: string, claim = name, source: 'attribute' | 'property' = 'attribute', type = 'String') =>
  mapper(claim, `oidc-usermodel-${source}-mapper`, {
    'user.attribute': name,
    'claim.name': claim,
    'jsonType.label': type,
  });

const scope = (name: string, protocolMappers: readonly object[], inToken = false) => ({
  name,
  protocol: 'openid-connect',
  attributes: { 'include.in.token.scope': String(inToken), 'display.on.consent.screen': String(inToken) },
  protocolMappers,
});

const roleMapper = (name: string, kind: 'realm' | 'client', claim: string) =>
  mapper(name, `oidc-usermodel-${kind}-role-mapper`, {
    'claim.name': claim,
    multivalued: 'true',
    'jsonType.label': 'String',
    'id.token.claim': 'false',
    'userinfo.token.claim': 'false',
  });

/** A realm file's scopes replace Keycloak's own: without these there is no sub and no role in a token. */
const clientScopes = () => [
  scope('basic', [
    mapper('sub', 'oidc-sub-mapper', {}),
    mapper('auth_time', 'oidc-usersessionmodel-note-mapper', {
      'user.session.note': 'AUTH_TIME',
      'claim.name': 'auth_time',
      'jsonType.label': 'long',
    }),
  ]),
  scope('roles', [
    roleMapper('realm roles', 'realm', 'realm_access.roles'),
    roleMapper('client roles', 'client', 'resource_access.${client_id}.roles'),
    mapper('audience resolve', 'oidc-audience-resolve-mapper', {}),
  ]),
  scope('acr', [mapper('acr loa level', 'oidc-acr-mapper', {})]),
  scope('web-origins', [mapper('allowed web origins', 'oidc-allowed-origins-mapper', {})]),
  scope(
    'profile',
    [
      mapper('full name', 'oidc-full-name-mapper', {}),
      attribute('username', 'preferred_username'),
      attribute('firstName', 'given_name'),
      attribute('lastName', 'family_name'),
    ],
    true,
  ),
  scope('email', [attribute('email'), attribute('emailVerified', 'email_verified', 'property', 'boolean')], true),
  { ...scope('offline_access', [], true), description: 'access while the person is away' },
  scope('heddle', [
    attribute('tenant'),
    attribute('fhirUser'),
    mapper('audience', 'oidc-audience-mapper', { 'included.client.audience': 'heddle', 'id.token.claim': 'false' }),
  ]),
  ...smartScopes().map((name) => scope(name, [], true)),
];

const byAll = { view: ['admin', 'user'], edit: ['admin', 'user'] };
/** Else a doctor could change the own tenant in the account console, and the next token would say so. */
const byAdmin = { view: ['admin', 'user'], edit: ['admin'] };

const userProfile = {
  attributes: [
    { name: 'username', displayName: '${username}', permissions: byAll, validations: { length: { min: 1, max: 255 } } },
    { name: 'email', displayName: '${email}', permissions: byAll, validations: { email: {}, length: { max: 255 } } },
    { name: 'firstName', displayName: '${firstName}', permissions: byAll, required: { roles: ['user'] } },
    { name: 'lastName', displayName: '${lastName}', permissions: byAll, required: { roles: ['user'] } },
    { name: 'tenant', displayName: 'Tenant', permissions: byAdmin },
    { name: 'fhirUser', displayName: 'Reference in the record', permissions: byAdmin },
  ],
};

const pkce = { 'pkce.code.challenge.method': 'S256' };

const client = (clientId: string, more: object) => ({
  clientId,
  enabled: true,
  protocol: 'openid-connect',
  standardFlowEnabled: false,
  directAccessGrantsEnabled: false,
  serviceAccountsEnabled: false,
  publicClient: false,
  fullScopeAllowed: true,
  frontchannelLogout: false,
  ...more,
});

const clients = (isDemo: boolean) => [
  // Tokens are for it; with its secret Heddle may ask whether one still holds.
  client('heddle', {
    name: 'Heddle, whom tokens are for',
    secret: isDemo ? 'asks' : '${HEDDLE_INTROSPECTION_SECRET}',
    serviceAccountsEnabled: true,
  }),
  client('heddle-portal', {
    name: 'Heddle',
    standardFlowEnabled: true,
    secret: isDemo ? '${HEDDLE_PORTAL_SECRET:heddle}' : '${HEDDLE_PORTAL_SECRET}',
    redirectUris: ['${HEDDLE_PUBLIC_URL:http://localhost:8080}/auth/callback'],
    attributes: {
      ...pkce,
      'post.logout.redirect.uris': '${HEDDLE_PUBLIC_URL:http://localhost:8080}/',
      'backchannel.logout.url': '${HEDDLE_PUBLIC_URL:http://localhost:8080}/auth/backchannel-logout',
      'backchannel.logout.session.required': 'true',
    },
  }),
  client('heddle-cli', {
    name: 'Heddle on the command line',
    publicClient: true,
    standardFlowEnabled: true,
    directAccessGrantsEnabled: true,
    // Any port of this machine; Keycloak takes a wildcard for 127.0.0.1 and not for localhost.
    redirectUris: ['http://127.0.0.1/*'],
    attributes: pkce,
  }),
  client('heddle-service', {
    name: 'Machines',
    secret: isDemo ? 'heddle' : '${HEDDLE_SERVICE_SECRET}',
    serviceAccountsEnabled: true,
  }),
];

/** The same person is the same `sub` wherever this file is taken. */
const idOf = (username: string): string => {
  const hex = createHash('sha256').update(`heddle demo ${username}`).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
};

/** The same people of the demo's record as the embedded provider's accounts. */
const fhirUserOf = (username: string): Record<string, string[]> => {
  if (username === 'patient') return { fhirUser: ['Patient/demo-patient'] };
  return staff.includes(username) ? { fhirUser: [`Practitioner/demo-${username}`] } : {};
};

const person = (username: string, tenant: string, role: string) => ({
  id: idOf(username),
  username,
  enabled: true,
  email: `${username}@${tenant}.example`,
  emailVerified: true,
  firstName: role[0]?.toUpperCase() + role.slice(1),
  lastName: 'Demo',
  attributes: { tenant: [tenant], ...fhirUserOf(username) },
  credentials: [{ type: 'password', value: 'heddle' }],
  // Imported people lack the default roles, and without them offline access is refused.
  realmRoles: ['default-roles-heddle', role],
});

const people = () => [
  ...[...staff, 'patient'].map((role) => person(role, 'hospital', role)),
  person('otherhospital-admin', 'otherhospital', 'admin'),
];

const machine = () => ({
  username: 'service-account-heddle-service',
  enabled: true,
  serviceAccountClientId: 'heddle-service',
  attributes: { tenant: ['${HEDDLE_SERVICE_TENANT:hospital}'] },
  realmRoles: ['default-roles-heddle', 'service'],
});

const action = (alias: string, name: string, defaultAction: boolean, priority: number) => ({
  ...{ alias, name, providerId: alias, enabled: true, defaultAction, priority, config: {} },
});

const plainScopes = ['basic', 'roles', 'profile', 'email', 'acr', 'web-origins', 'heddle'];

export const realmOf = (variant: 'production' | 'demo') => {
  const isDemo = variant === 'demo';
  const role = (name: string) => ({
    name,
    ...(!isDemo && staff.includes(name) ? { composite: true, composites: { realm: ['staff'] } } : {}),
  });
  return {
    realm: 'heddle',
    enabled: true,
    displayName: 'Heddle',
    sslRequired: isDemo ? 'none' : 'external',
    loginWithEmailAllowed: false,
    registrationAllowed: false,
    resetPasswordAllowed: false,
    editUsernameAllowed: false,
    ...(isDemo
      ? {}
      : { passwordPolicy: 'length(12) and maxLength(256) and notUsername and notEmail and passwordHistory(5)' }),
    bruteForceProtected: true,
    permanentLockout: false,
    failureFactor: 5,
    waitIncrementSeconds: 60,
    maxFailureWaitSeconds: 900,
    maxDeltaTimeSeconds: 43_200,
    // The waits above are enough; this one would lock whoever types twice in a second.
    quickLoginCheckMilliSeconds: 0,
    accessTokenLifespan: 300,
    ssoSessionIdleTimeout: 1_800,
    ssoSessionMaxLifespan: 36_000,
    revokeRefreshToken: true,
    refreshTokenMaxReuse: 0,
    otpPolicyType: 'totp',
    otpPolicyAlgorithm: 'HmacSHA1',
    otpPolicyDigits: 6,
    otpPolicyPeriod: 30,
    otpPolicyLookAheadWindow: 1,
    otpPolicyCodeReusable: false,
    attributes: { 'acr.loa.map': JSON.stringify({ '1': '1', mfa: '2' }) },
    roles: {
      realm: [...(isDemo ? [] : [{ name: 'staff' }]), ...[...staff, 'patient', 'service'].map(role)],
    },
    clientScopes: clientScopes(),
    defaultDefaultClientScopes: plainScopes,
    defaultOptionalClientScopes: ['offline_access', ...smartScopes()],
    clients: clients(isDemo),
    users: isDemo ? [machine(), ...people()] : [machine()],
    authenticationFlows: authenticationFlows(!isDemo),
    authenticatorConfig: authenticatorConfigs(!isDemo),
    browserFlow: 'heddle browser',
    requiredActions: [
      action('CONFIGURE_TOTP', 'Configure OTP', !isDemo, 10),
      action('CONFIGURE_RECOVERY_AUTHN_CODES', 'Recovery Authentication Codes', !isDemo, 20),
      action('UPDATE_PASSWORD', 'Update Password', false, 30),
      action('UPDATE_PROFILE', 'Update Profile', false, 40),
      action('VERIFY_EMAIL', 'Verify Email', false, 50),
      action('VERIFY_PROFILE', 'Verify Profile', false, 60),
    ],
    components: {
      'org.keycloak.userprofile.UserProfileProvider': [
        {
          providerId: 'declarative-user-profile',
          config: { 'kc.user.profile.config': [JSON.stringify(userProfile)] },
        },
      ],
    },
  };
};

export const realmText = (variant: 'production' | 'demo'): string =>
  `${JSON.stringify(realmOf(variant), undefined, 1)}\n`;
