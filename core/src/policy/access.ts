/** Which resources of a type a caller may do something with, and how much of each: what the layers of policy say, all of which must agree. A layer narrows; none widens. */
import type { Caller, Stored } from '../fhir/interaction.ts';
import type { Clause } from '../fhir/search/query.ts';
import type { Criteria } from './criteria.ts';
import type { Grant } from './role-file.ts';
import type { RoleTable } from './role-table.ts';
import type { Standing, Standings } from './standing.ts';

/** One way in which a resource may be seen or changed. */
export interface Way {
  /** Undefined: every resource of the type. */
  readonly clause?: Clause;
  /** Whether a version satisfies the clause for certain; where it does not know, the clause is asked. */
  readonly surely?: (stored: Pick<Stored, 'tail'>) => boolean;
  /** Undefined: all of it. */
  readonly show?: ReadonlySet<string>;
  /** Elements that stay as they are. */
  readonly keep?: ReadonlySet<string>;
}

/** The ways that one layer leaves open; none: nothing is permitted. */
export type Sight = readonly Way[];

/** Something that narrows what callers may do. */
export interface Layer {
  /** Whether nothing is narrowed for the caller, whatever he asks for. */
  readonly isWhole: (caller: Caller) => boolean;
  /** Undefined: nothing is narrowed for this. */
  readonly sight: (caller: Caller, verb: string, type: string, standing: Standing) => Promise<Sight | undefined>;
  /** What was remembered of a tenant's callers does not hold any more. */
  readonly forget?: (tenant: number) => void;
}

export interface Access {
  /** Such callers are not looked after row by row. */
  readonly isWhole: (caller: Caller) => boolean;
  /** A way of each must be open for a resource. */
  readonly sights: (caller: Caller, verb: string, type: string) => Promise<readonly Sight[]>;
  /** A resource has changed that says what callers of a tenant may see. */
  readonly forget: (tenant: number) => void;
}

const wayOf = (clause: Clause | undefined, { show, keep }: Grant): Way => ({
  ...(clause ? { clause } : {}),
  ...(show ? { show: new Set(show) } : {}),
  ...(keep ? { keep: new Set(keep) } : {}),
});

/** What the roles say. */
export const roleLayer = (table: RoleTable, { clauseOf }: Criteria): Layer => {
  /** Clauses live as long as what they were made of. */
  const made = new WeakMap<Standing, Map<Grant, Map<string, Way>>>();
  const way = (grant: Grant, type: string, standing: Standing): Way => {
    const ofStanding = made.get(standing) ?? new Map<Grant, Map<string, Way>>();
    made.set(standing, ofStanding);
    const ofGrant = ofStanding.get(grant) ?? new Map<string, Way>();
    ofStanding.set(grant, ofGrant);
    const known = ofGrant.get(type) ?? wayOf(clauseOf(grant, type, standing), grant);
    ofGrant.set(type, known);
    return known;
  };
  return {
    isWhole: table.isWhole,
    sight: async (caller, verb, type, standing) => {
      const ways = table.grants(caller, verb, type).map((grant) => way(grant, type, standing));
      return ways.some(({ clause, show, keep }) => !clause && !show && !keep) ? undefined : ways;
    },
  };
};

export const openAccess = (layers: readonly Layer[], standings: Standings): Access => ({
  isWhole: (caller) => layers.every((layer) => layer.isWhole(caller)),
  sights: async (caller, verb, type) => {
    const standing = await standings.of(caller);
    const all = await Promise.all(layers.map((layer) => layer.sight(caller, verb, type, standing)));
    return all.filter((sight) => sight !== undefined);
  },
  forget: (tenant) => {
    standings.forget(tenant);
    for (const layer of layers) layer.forget?.(tenant);
  },
});
