/** Narrows a query, and all that it looks at beside its own type, to what the caller may see: nobody finds, counts or sorts by what a read would not show. */
import type { Arm, Clause, Query } from '../fhir/search/query.ts';
import { rebuilt } from '../fhir/search/rebuilt.ts';
import { forbidden } from '../outcome/outcome.ts';
import type { Sight } from './access.ts';
import { showsAll, type Looking } from './shown-elements.ts';

export interface Narrowing {
  readonly sights: (type: string) => Promise<readonly Sight[]>;
  readonly looking: (type: string) => Looking;
}

/** What the ways of one layer leave of a type to someone who looks at this much of it; undefined: everything. */
const leftBy = (sight: Sight, looking: Looking, asked: readonly Clause[], codes: readonly string[]) => {
  const ways = sight.filter((way) => showsAll(looking, way, asked, codes));
  if (ways.length === 0 && sight.length > 0)
    throw forbidden(`who is shown a part of ${looking.type} may not search by what is not shown`);
  if (ways.some(({ clause }) => clause === undefined)) return undefined;
  const clauses = ways.flatMap(({ clause }) => clause ?? []);
  const [only] = clauses;
  return only && clauses.length === 1 ? only : ({ kind: 'any', clauses } as const);
};

const narrowingOf = async (
  { sights, looking }: Narrowing,
  type: string,
  asked: readonly Clause[],
  codes: readonly string[] = [],
): Promise<Clause[]> => (await sights(type)).flatMap((sight) => leftBy(sight, looking(type), asked, codes) ?? []);

const narrowedArm = async (narrowing: Narrowing, { type, clause }: Arm): Promise<Arm> => {
  const inner = await narrowed(narrowing, clause);
  const also = await narrowingOf(narrowing, type, [clause]);
  return { type, clause: also.length === 0 ? inner : { kind: 'all', clauses: [inner, ...also] } };
};

const narrowed = async (narrowing: Narrowing, clause: Clause): Promise<Clause> => {
  const inner = (each: Clause): Promise<Clause> => narrowed(narrowing, each);
  if (clause.kind === 'list') {
    const arm = await narrowedArm(narrowing, { type: 'List', clause: { kind: 'id', ids: clause.ids } });
    return { kind: 'has', code: 'item', arm };
  }
  return rebuilt(clause, {
    clause: inner,
    // What is contained is no resource of its own: who may see its container may see it. What it leads to is others'.
    arm: async (arm) =>
      clause.kind === 'contained' ? { ...arm, clause: await inner(arm.clause) } : narrowedArm(narrowing, arm),
  });
};

/** Of what is contained in something that is seen: only what it leads to is narrowed. */
export const narrowedClauses = (narrowing: Narrowing, clauses: readonly Clause[]): Promise<Clause[]> =>
  Promise.all(clauses.map((clause) => narrowed(narrowing, clause)));

/** `codes`: what the answer is sorted by. */
export const narrowedQuery = async (
  narrowing: Narrowing,
  { type, clauses }: Query,
  codes: readonly string[],
): Promise<Query> => ({
  type,
  clauses: [...(await narrowedClauses(narrowing, clauses)), ...(await narrowingOf(narrowing, type, clauses, codes))],
});
