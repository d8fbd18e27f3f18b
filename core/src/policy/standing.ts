/** What stands for a caller in the record: the own patients, the roles, organizations and places of a practitioner; read from the store as it is, and remembered for less than a second. */
import type { Resource } from '../fhir/body.ts';
import { parseBody } from '../fhir/body.ts';
import type { Caller, CallerReference } from '../fhir/interaction.ts';
import type { Clause } from '../fhir/search/query.ts';
import { textOf } from '../fhir/stored.ts';
import type { Target } from '../store/change.ts';
import { localReference } from '../store/index/typed-values.ts';
import type { Current } from '../store/resources.ts';
import type { Unit } from '../store/unit.ts';
import { openGlass } from './broken-glass.ts';

/** The names that criteria may use for who asks. */
export const names = [
  'patient',
  'practitioner',
  'roles',
  'organizations',
  'services',
  'places',
  'self',
  // Patients whose records were opened in an emergency.
  'opened',
] as const;
export type Name = (typeof names)[number];

/** References, such as `Practitioner/x`; none where the caller is no such person. */
export type Standing = Readonly<Record<Name, readonly string[]>>;

export interface Standings {
  readonly of: (caller: Caller) => Promise<Standing>;
  /** What was remembered of a tenant's callers does not hold any more. */
  readonly forget: (tenant: number) => void;
}

export interface StandingNeeds {
  readonly unitOf: (tenant: number) => Pick<Unit, 'find' | 'search'>;
  /** The address of this server, under which references may be written. */
  readonly base: string;
  readonly now: () => number;
}

export const nobodyStands: Standing = {
  patient: [],
  practitioner: [],
  roles: [],
  organizations: [],
  services: [],
  places: [],
  self: [],
  opened: [],
};

/** What such a resource says decides who may see what: whoever writes one forgets what was remembered. */
export const deciding: ReadonlySet<string> = new Set([
  'PractitionerRole',
  'RelatedPerson',
  'Person',
  'Practitioner',
  'Consent',
]);

/** A changed right holds everywhere within a second. */
const keptMs = 800;
const mostKept = 10_000;
/** Nobody has so many emergencies at once. */
const mostOpened = 100;
/** Nobody has more roles at once. */
const mostRoles = 50;

const addressOf = ({ type, id }: Target): string => `${type}/${id}`;

const resourceOf = (current: Current): Resource => parseBody(textOf(current)).resource;

const listOf = (value: unknown): readonly unknown[] => {
  if (Array.isArray(value)) return value;
  return value === undefined ? [] : [value];
};

/** The resources of this server that an element refers to. */
const referencesIn = (value: unknown, base: string): string[] =>
  listOf(value).flatMap((each) => {
    const reference = typeof each === 'object' && each !== null && 'reference' in each ? each.reference : undefined;
    const local = typeof reference === 'string' ? localReference(base, reference) : undefined;
    return local ? [addressOf(local)] : [];
  });

export const openStandings = ({ unitOf, base, now }: StandingNeeds): Standings => {
  const kept = new Map<number, Map<string, { readonly until: number; readonly standing: Promise<Standing> }>>();

  const rolesOf = async (tenant: number, practitioner: CallerReference): Promise<Current[]> => {
    const clauses: Clause[] = [
      { kind: 'reference', code: 'practitioner', values: [practitioner] },
      { kind: 'not', clause: { kind: 'token', code: 'active', values: [{ code: 'false' }] } },
    ];
    const hits = await unitOf(tenant).search({ query: { type: 'PractitionerRole', clauses }, limit: mostRoles });
    return hits.map(({ current }) => current);
  };

  const openedBy = async (tenant: number, self: CallerReference): Promise<string[]> => {
    const query = { type: 'Consent', clauses: openGlass(self, now()) };
    const hits = await unitOf(tenant).search({ query, limit: mostOpened });
    return hits.map(({ current }) => resourceOf(current)).flatMap(({ patient }) => referencesIn(patient, base));
  };

  const ofPractitioner = async (tenant: number, self: CallerReference): Promise<Standing> => {
    const roles = await rolesOf(tenant, self);
    const all = roles.map(resourceOf);
    const led = (element: string): string[] => [...new Set(all.flatMap((role) => referencesIn(role[element], base)))];
    return {
      ...nobodyStands,
      self: [addressOf(self)],
      practitioner: [addressOf(self)],
      roles: roles.map(addressOf),
      organizations: led('organization'),
      services: led('healthcareService'),
      places: led('location'),
      opened: await openedBy(tenant, self),
    };
  };

  const ofRelated = async (tenant: number, self: CallerReference, element: string): Promise<Standing> => {
    const found = await unitOf(tenant).find(self.type, self.id, 'read');
    if (!found || found.deleted) return nobodyStands;
    const resource = resourceOf(found);
    if (resource.active === false) return nobodyStands;
    const patient =
      element === 'patient'
        ? referencesIn(resource.patient, base)
        : listOf(resource.link).flatMap((link) => referencesIn((link as { target?: unknown }).target, base));
    return {
      ...nobodyStands,
      self: [addressOf(self)],
      patient: patient.filter((each) => each.startsWith('Patient/')),
    };
  };

  const read = async ({ tenant, fhirUser }: Caller): Promise<Standing> => {
    switch (fhirUser?.type) {
      case 'Patient':
        return { ...nobodyStands, self: [addressOf(fhirUser)], patient: [addressOf(fhirUser)] };
      case 'Practitioner':
        return ofPractitioner(tenant, fhirUser);
      case 'RelatedPerson':
        return ofRelated(tenant, fhirUser, 'patient');
      case 'Person':
        return ofRelated(tenant, fhirUser, 'link');
      case undefined:
      default:
        return nobodyStands;
    }
  };

  return {
    of: (caller) => {
      if (!caller.fhirUser) return Promise.resolve(nobodyStands);
      const ofTenant = kept.get(caller.tenant) ?? new Map<string, never>();
      kept.set(caller.tenant, ofTenant);
      const key = addressOf(caller.fhirUser);
      const known = ofTenant.get(key);
      if (known && known.until > now()) return known.standing;
      const standing = read(caller);
      // A failure is told to whoever waits, and not remembered.
      standing.catch(() => ofTenant.delete(key));
      if (ofTenant.size >= mostKept) ofTenant.clear();
      ofTenant.set(key, { until: now() + keptMs, standing });
      return standing;
    },
    forget: (tenant) => void kept.delete(tenant),
  };
};
