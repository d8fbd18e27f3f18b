/** What tokens say of people and machines, member for member as Keycloak does. */
import type { Account, Client } from '../../identity/accounts.ts';

export const nameOf = ({ firstName, lastName }: Account): string | undefined =>
  [firstName, lastName].filter(Boolean).join(' ') || undefined;

/** Without members that say nothing. */
const known = (claims: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined && value !== null));

/** Of a person, for the client that asks: what `profile` and `email` stand for. */
export const personClaims = (account: Account): Record<string, unknown> =>
  known({
    sub: account.id,
    preferred_username: account.username,
    name: nameOf(account),
    given_name: account.firstName,
    family_name: account.lastName,
    email: account.email,
    email_verified: account.email === null ? undefined : account.emailVerified,
    fhirUser: account.fhirUser,
  });

export interface TokenPart {
  readonly azp: string;
  readonly acr: string;
  readonly sid: string | undefined;
  readonly launch: { readonly patient?: string; readonly encounter?: string } | undefined;
}

/** Of an access token. */
export const accessClaims = (
  subject: Account | Client,
  { azp, acr, sid, launch }: TokenPart,
): Record<string, unknown> =>
  known({
    typ: 'Bearer',
    azp,
    acr,
    sid,
    realm_access: { roles: subject.roles },
    resource_access: {},
    tenant: subject.tenant,
    preferred_username: 'username' in subject ? subject.username : `service-account-${subject.id}`,
    fhirUser: 'username' in subject ? subject.fhirUser : undefined,
    patient: launch?.patient,
    encounter: launch?.encounter,
  });
