/** Hides what patients have forbidden: by an active Consent that denies, from whom it names, or from everybody. What it permits widens nothing. */
import { parseBody, type Resource } from '../fhir/body.ts';
import type { Caller } from '../fhir/interaction.ts';
import type { Clause, TokenValue } from '../fhir/search/query.ts';
import { textOf } from '../fhir/stored.ts';
import { tooCostly } from '../outcome/outcome.ts';
import type { SearchParameter } from '../fhir/search-parameter.ts';
import type { Unit } from '../store/unit.ts';
import { localReference } from '../store/index/typed-values.ts';
import type { Layer, Sight } from './access.ts';
import type { Criteria } from './criteria.ts';
import type { Standing } from './standing.ts';

/** R4 has no search parameter for what a Consent does. */
export const consentProvision: SearchParameter = {
  url: 'urn:heddle:SearchParameter:Consent-provision-type',
  code: 'provision-type',
  type: 'token',
  base: ['Consent'],
  expression: 'Consent.provision.type',
};

/** What one Consent forbids. */
interface Denial {
  readonly patient: string;
  /** None: all of what belongs to the patient. */
  readonly types: readonly string[];
  readonly labels: readonly TokenValue[];
  readonly from: number;
  readonly until: number;
}

export interface ConsentNeeds {
  readonly unitOf: (tenant: number) => Pick<Unit, 'search'>;
  readonly criteria: Criteria;
  readonly base: string;
  readonly now: () => number;
  /** Roles that work behind the patients' backs: administration and what exchanges whole records. */
  readonly exempt: readonly string[];
}

/** Nobody is forbidden by more patients; who is, is told to wait for an administrator. */
const mostDenials = 5_000;
/** A changed right holds everywhere within a second. */
const keptMs = 800;
const mostKept = 10_000;

const typeSystem = 'http://hl7.org/fhir/resource-types';

const listOf = (value: unknown): readonly Readonly<Record<string, unknown>>[] =>
  Array.isArray(value) ? (value as Readonly<Record<string, unknown>>[]) : [];

const tokenOf = ({ system, code }: Readonly<Record<string, unknown>>): TokenValue[] =>
  typeof code === 'string' ? [{ code, ...(typeof system === 'string' ? { system } : {}) }] : [];

const timeOf = (value: unknown, otherwise: number): number => {
  const time = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(time) ? otherwise : time;
};

const denialIn = ({ patient, provision }: Resource, base: string): Denial[] => {
  const reference = (patient as { reference?: unknown } | undefined)?.reference;
  const local = typeof reference === 'string' ? localReference(base, reference) : undefined;
  const said = provision as Readonly<Record<string, unknown>> | undefined;
  if (!local || said?.type !== 'deny') return [];
  const period = (said.period ?? {}) as { start?: unknown; end?: unknown };
  const types = listOf(said.class).filter(({ system }) => system === undefined || system === typeSystem);
  return [
    {
      patient: local.id,
      types: types.flatMap(({ code }) => (typeof code === 'string' ? [code] : [])),
      labels: listOf(said.securityLabel).flatMap(tokenOf),
      from: timeOf(period.start, -Infinity),
      until: timeOf(period.end, Infinity),
    },
  ];
};

export const consentLayer = ({ unitOf, criteria, base, now, exempt }: ConsentNeeds): Layer => {
  const kept = new Map<number, Map<string, { readonly until: number; readonly denials: Promise<readonly Denial[]> }>>();

  const find = async (tenant: number, who: Clause): Promise<Denial[]> => {
    const clauses: Clause[] = [
      { kind: 'token', code: 'status', values: [{ code: 'active' }] },
      {
        kind: 'any',
        clauses: [
          { kind: 'token', code: consentProvision.code, values: [{ code: 'deny' }] },
          // Written by an older release and not indexed since: what is not known may deny.
          { kind: 'missing', code: consentProvision.code, missing: true },
        ],
      },
      who,
    ];
    const hits = await unitOf(tenant).search({ query: { type: 'Consent', clauses }, limit: mostDenials + 1 });
    // Who cannot be told what is forbidden may see nothing.
    if (hits.length > mostDenials)
      throw tooCostly('more Consents would have to be read than can be: make the index anew with `heddle reindex`');
    return hits.flatMap(({ current }) => denialIn(parseBody(textOf(current)).resource, base));
  };

  const refer = (reference: string) => {
    const [type = '', id = ''] = reference.split('/');
    return { type, id };
  };

  const read = async (tenant: number, { self, roles, organizations, services }: Standing): Promise<Denial[]> => {
    const mine = [...self, ...roles, ...organizations, ...services].map(refer);
    const everybody = find(tenant, { kind: 'missing', code: 'actor', missing: true });
    if (mine.length === 0) return everybody;
    const named = find(tenant, { kind: 'reference', code: 'actor', values: mine });
    return [...(await everybody), ...(await named)];
  };

  const denialsFor = ({ tenant }: Caller, standing: Standing): Promise<readonly Denial[]> => {
    const ofTenant = kept.get(tenant) ?? new Map<string, never>();
    kept.set(tenant, ofTenant);
    const key = standing.self.join();
    const known = ofTenant.get(key);
    if (known && known.until > now()) return known.denials;
    const denials = read(tenant, standing);
    // A failure is told to whoever waits, and not remembered.
    denials.catch(() => ofTenant.delete(key));
    if (ofTenant.size >= mostKept) ofTenant.clear();
    ofTenant.set(key, { until: now() + keptMs, denials });
    return denials;
  };

  const clauseOf = (type: string, { patient, labels }: Denial): Clause => {
    const belongs = criteria.belongsTo(type, [patient]);
    if (labels.length === 0) return belongs;
    return { kind: 'all', clauses: [belongs, { kind: 'token', code: '_security', values: labels }] };
  };

  const isWhole: Layer['isWhole'] = ({ roles }) => roles.some((role) => exempt.includes(role));

  return {
    isWhole,
    forget: (tenant) => void kept.delete(tenant),
    sight: async (caller, _verb, type, standing): Promise<Sight | undefined> => {
      if (isWhole(caller) || !criteria.canBelong(type)) return undefined;
      const moment = now();
      const mine = (await denialsFor(caller, standing)).filter(
        ({ patient, types, from, until }) =>
          from <= moment &&
          moment <= until &&
          (types.length === 0 || types.includes(type)) &&
          // Nobody is kept from the own record, nor whoever has said why he must see it.
          !standing.patient.includes(`Patient/${patient}`) &&
          !standing.opened.includes(`Patient/${patient}`),
      );
      if (mine.length === 0) return undefined;
      const plain = mine.filter(({ labels }) => labels.length === 0).map(({ patient }) => patient);
      const labelled = mine.filter(({ labels }) => labels.length > 0).map((denial) => clauseOf(type, denial));
      const whole = plain.length === 0 ? [] : [criteria.belongsTo(type, plain)];
      return [{ clause: { kind: 'not', clause: { kind: 'any', clauses: [...whole, ...labelled] } } }];
    },
  };
};
