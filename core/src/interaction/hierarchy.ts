/** Finds what is above or below a resource in the hierarchy that its type's own references make: parts of places, of organizations, of visits. */
import type { ReferenceValue } from '../fhir/search/query.ts';
import type { SearchParameter } from '../fhir/search-parameter.ts';
import { invalid, tooMuch } from '../outcome/outcome.ts';
import { referenceOfWord } from '../store/index/words.ts';
import type { ParameterTable } from '../store/index/parameter-table.ts';
import type { Unit } from '../store/unit.ts';

export interface HierarchyNeeds {
  readonly parameters: ParameterTable;
  readonly unit: Unit;
  /** Refuses who may not search a type. */
  readonly permit: (type: string) => void;
}

/** A search with more would be one of everything. */
const mostMembers = 2_000;

/** By which a resource says what it is a part of. */
const names = new Set(['partof', 'part-of']);

const partOf = (parameters: ParameterTable, type: string): SearchParameter | undefined =>
  [...parameters(type).all.values()].find(
    ({ code, type: kind, target }) => kind === 'reference' && names.has(code) && (target?.includes(type) ?? true),
  );

/** One level on from some of a type. */
type Step = (ids: readonly string[]) => Promise<readonly string[]>;

const below =
  ({ unit }: HierarchyNeeds, type: string, { code }: SearchParameter): Step =>
  async (ids) => {
    const values = ids.map((id) => ({ type, id }));
    const query = { type, clauses: [{ kind: 'reference', code, values }] as const };
    return (await unit.search({ query, limit: mostMembers + 1 })).map(({ current }) => current.id);
  };

const above =
  ({ unit, parameters }: HierarchyNeeds, type: string, { code }: SearchParameter): Step =>
  async (ids) => {
    const current = await unit.all(ids.map((id) => ({ type, id })));
    const rids = current.filter(({ deleted }) => !deleted).map(({ rid }) => rid);
    const words = await unit.values(rids, parameters(type).lookup.get(code)?.keys ?? []);
    return words.flatMap((word) => {
      const { target } = referenceOfWord(word);
      return target?.type === type ? [target.id] : [];
    });
  };

/** Each once: hierarchies that lead back to where they began end there. */
const reached = async (from: string, step: Step): Promise<string[]> => {
  const found = new Set([from]);
  for (let level: readonly string[] = [from]; level.length > 0;) {
    const next = new Set(await step(level));
    level = [...next].filter((id) => !found.has(id));
    for (const id of level) found.add(id);
    if (found.size > mostMembers)
      throw tooMuch(`more than ${mostMembers} resources are in this hierarchy: begin at a smaller part of it`);
  }
  return [...found];
};

/** R4 search.html#recursive: a resource is above and below itself. */
export const related = async (
  needs: HierarchyNeeds,
  { code, target = [] }: SearchParameter,
  { type: said, id }: ReferenceValue,
  direction: 'above' | 'below',
): Promise<readonly ReferenceValue[]> => {
  const types = said === undefined ? target : [said];
  const ordered = types.flatMap((type) => {
    const parameter = partOf(needs.parameters, type);
    return parameter ? [{ type, parameter }] : [];
  });
  if (ordered.length === 0)
    throw invalid(code, `${code} leads to ${types.join(', ') || 'nothing'}, of which none is a part of another`);
  const values: ReferenceValue[] = types.map((type) => ({ type, id }));
  for (const { type, parameter } of ordered) {
    needs.permit(type);
    const step = direction === 'below' ? below(needs, type, parameter) : above(needs, type, parameter);
    for (const each of (await reached(id, step)).slice(1)) values.push({ type, id: each });
  }
  return values;
};
