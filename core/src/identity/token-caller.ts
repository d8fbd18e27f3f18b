/** What the claims of a checked token say of a caller: roles, client, session, who in the record, SMART scopes and launch; pure. */
import type { JWTPayload } from 'jose';
import type { Caller, CallerReference } from '../fhir/interaction.ts';
import { parseScope } from '../fhir/smart-scope.ts';
import { forbidden, unauthenticated } from '../outcome/outcome.ts';

const textOf = (claims: JWTPayload, name: string): string | undefined => {
  const value = claims[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
};

const member = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;

const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];

/** Of the realm, and of the one client that stands for this house. */
const rolesOf = (claims: JWTPayload, audience: string): string[] => [
  ...new Set([
    ...texts(member(claims['realm_access'], 'roles')),
    ...texts(member(member(claims['resource_access'], audience), 'roles')),
  ]),
];

const people = /^(Patient|Practitioner|PractitionerRole|RelatedPerson|Person)\/([A-Za-z0-9.-]{1,64})$/;

/** Relative, or below this server's own address: a person of another server is nobody here. */
const fhirUserOf = (claims: JWTPayload, base: string): CallerReference | undefined => {
  const [, type, id] = people.exec((textOf(claims, 'fhirUser') ?? '').replace(`${base}/`, '')) ?? [];
  return type === undefined || id === undefined ? undefined : { type, id };
};

/** `{ name: { id, … } }`, or the names alone; Keycloak writes either, as its mapper is set. */
const organizationsOf = (claims: JWTPayload): string[] => {
  const { organization } = claims;
  if (typeof organization === 'string') return [organization];
  if (Array.isArray(organization)) return texts(organization);
  return typeof organization === 'object' && organization !== null ? Object.keys(organization) : [];
};

/** One request, one tenant. */
export const tenantOf = (claims: JWTPayload, wanted: string | undefined): string => {
  const plain = textOf(claims, 'tenant');
  const names = plain === undefined ? organizationsOf(claims) : [plain];
  const [only] = names;
  if (only === undefined) throw unauthenticated('the token has no tenant');
  if (wanted === undefined && names.length === 1) return only;
  if (wanted !== undefined && names.includes(wanted)) return wanted;
  throw forbidden(`name one tenant of yours in X-Heddle-Tenant: ${names.toSorted().join(', ')}`);
};

export interface CallerNeeds {
  readonly audience: string;
  /** Of this server's FHIR. */
  readonly base: string;
  readonly houseClients: readonly string[];
}

const launchOf = (claims: JWTPayload): Caller['launch'] => {
  const [patient, encounter] = [textOf(claims, 'patient'), textOf(claims, 'encounter')];
  return patient === undefined && encounter === undefined
    ? undefined
    : { ...(patient === undefined ? {} : { patient }), ...(encounter === undefined ? {} : { encounter }) };
};

export const callerOf = (
  claims: JWTPayload,
  tenant: { readonly id: number; readonly name: string },
  { audience, base, houseClients }: CallerNeeds,
): Caller => {
  const subject = textOf(claims, 'sub');
  if (subject === undefined) throw unauthenticated('the token has no sub');
  const client = textOf(claims, 'azp') ?? textOf(claims, 'client_id');
  const session = textOf(claims, 'sid');
  const fhirUser = fhirUserOf(claims, base);
  const launch = launchOf(claims);
  const isMachine =
    client !== undefined &&
    (subject === client || textOf(claims, 'preferred_username') === `service-account-${client}`);
  const isHouse = client !== undefined && houseClients.includes(client);
  return Object.freeze({
    ...({ tenant: tenant.id, tenantName: tenant.name, subject, kind: isMachine ? 'client' : 'user' } as const),
    roles: rolesOf(claims, audience),
    ...(client === undefined ? {} : { client }),
    ...(session === undefined ? {} : { session }),
    ...(fhirUser ? { fhirUser } : {}),
    ...(isHouse ? {} : { scopes: (textOf(claims, 'scope') ?? '').split(' ').filter((scope) => parseScope(scope)) }),
    ...(launch ? { launch } : {}),
  });
};
