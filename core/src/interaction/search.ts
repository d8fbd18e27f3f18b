/** search-type, search-system and search-compartment: which types are asked, and what is asked of each. */
import type { Interaction } from '../fhir/interaction.ts';
import { isResourceType, resourceTypes } from '../fhir/resource-types.ts';
import type { Clause } from '../fhir/search/query.ts';
import { readShape } from '../fhir/search/shape.ts';
import { forbidden, invalid, notSupported } from '../outcome/outcome.ts';
import { idIn, typeIn } from './given.ts';
import { checkContained, containedQueries } from './contained.ts';
import { checkElements } from './elements.ts';
import { checkIncludes } from './include.ts';
import type { Kernel, Verb, Within } from './kernel.ts';
import { readQuery } from './matching.ts';
import { resolvedTerms } from './resolved-terms.ts';
import { answerSearch, type Part, type Question } from './search-page.ts';
import { unitOf } from './unit-of.ts';

const refuseUnknown = ({ handling }: Interaction, where: string, [first]: readonly string[]): void => {
  if (first !== undefined && handling === 'strict')
    throw invalid(first, `${where} has no search parameter ${first.slice(0, 100)}`);
};

interface Asked {
  readonly path: string;
  readonly types: readonly string[];
  /** What narrows each type beside the caller's words. */
  readonly also: (type: string) => readonly Clause[];
}

/** R4 search.html: of several types only what all of them know can be asked. */
const questionOf = async (
  kernel: Kernel,
  interaction: Interaction,
  within: Within | undefined,
  { path, types, also }: Asked,
): Promise<Question> => {
  const { caller, query: params = new URLSearchParams() } = interaction;
  const { store } = kernel;
  const { parameters, sortKey } = store.searching(caller.tenant);
  const ofMany = path === '' || path.endsWith('*');
  const asked = new URLSearchParams([...params].filter(([name]) => name !== '_type' || !ofMany));
  const read = types.map((type) => ({ type, ...readQuery(kernel, caller, type, asked) }));
  const unknown = [...new Set(read.flatMap((each) => each.unknown))];
  refuseUnknown(interaction, types.length === 1 ? (types[0] ?? '') : 'one of these types', unknown);
  const known = new URLSearchParams([...asked].filter(([name]) => !unknown.includes(name)));
  const [first = ''] = types;
  const shape = readShape(first, params, parameters(first).all);
  checkIncludes(parameters, shape.includes);
  checkElements(kernel, types, params, shape);
  if (shape.contained !== 'false') checkContained(path, types, shape);
  const unit = unitOf(kernel, caller, within);
  const partOf = async ({ type, query }: (typeof read)[number]): Promise<Part> => {
    const understood = unknown.length > 0 ? readQuery(kernel, caller, type, known).query : query;
    const { clauses } = await resolvedTerms(kernel, caller, within, understood);
    for (const { code } of shape.sort ?? [])
      if (!code.startsWith('_') && !parameters(type).all.has(code))
        throw invalid('_sort', `${type} has no search parameter ${code} to sort by`);
    return {
      query: { type, clauses: [...clauses, ...also(type)] },
      sort: shape.sort?.map((key) => sortKey(type, key)),
    };
  };
  const parts = await Promise.all(read.map(partOf));
  const [sought] = parts;
  if (shape.contained === 'false' || !sought) return { path, parts, shape, unknown };
  const holders = await containedQueries(kernel, caller, unit, sought.query, shape.contained);
  return {
    ...{ path, shape, unknown },
    parts: holders.map((query) => ({ query, sort: shape.sort?.map((key) => sortKey(query.type, key)) })),
    ...(shape.answers === 'contained' ? { contained: sought.query } : {}),
  };
};

const nothingElse = (): readonly Clause[] => [];

const searched = ({ roles }: Kernel, { caller }: Interaction, type: string): boolean =>
  roles.judge(caller, 'search-type', type).permitted;

/** Types that the caller names must be permitted; of all types, those that are not are not looked at. */
const typesOf = (kernel: Kernel, interaction: Interaction, all: readonly string[]): readonly string[] => {
  const named =
    interaction.query
      ?.getAll('_type')
      .flatMap((list) => list.split(','))
      .filter((type) => type !== '') ?? [];
  const wrong = named.find((type) => !isResourceType(type));
  if (wrong !== undefined) throw invalid('_type', `R4 has no resource type '${wrong.slice(0, 100)}'`);
  for (const type of named) {
    const decision = kernel.roles.judge(interaction.caller, 'search-type', type);
    if (!decision.permitted) throw forbidden(decision.reason);
  }
  if (named.length > 0) return all.filter((type) => named.includes(type));
  return all.filter((type) => searched(kernel, interaction, type));
};

const answerAll = async (kernel: Kernel, interaction: Interaction, within: Within | undefined, asked: Asked) => {
  if (asked.types.length === 0) throw forbidden('none of these types may be searched by this caller');
  return answerSearch(kernel, interaction, within, await questionOf(kernel, interaction, within, asked));
};

export const searchType: Verb = {
  name: 'search-type',
  capability: { level: 'type', code: 'search-type' },
  run: async (kernel, interaction, within) => {
    const type = typeIn(interaction);
    return answerAll(kernel, interaction, within, { path: type, types: [type], also: nothingElse });
  },
};

export const searchSystem: Verb = {
  name: 'search-system',
  capability: { level: 'system', code: 'search-system' },
  run: async (kernel, interaction, within) =>
    answerAll(kernel, interaction, within, {
      ...{ path: '', also: nothingElse },
      types: typesOf(kernel, interaction, resourceTypes),
    }),
};

/** R4 compartmentdefinition.html: what refers to its owner by certain parameters; of the owner's own type also the owner. */
export const searchCompartment: Verb = {
  name: 'search-compartment',
  run: async (kernel, interaction, within) => {
    const [owner, id] = [typeIn(interaction), idIn(interaction)];
    const rows = kernel.compartments.filter(({ compartment }) => compartment === owner);
    if (rows.length === 0)
      throw notSupported(
        404,
        `R4 has no compartment of ${owner}: those of ${[...new Set(kernel.compartments.map(({ compartment }) => compartment))].join(', ')} can be searched`,
      );
    const { member = '*' } = interaction;
    const codes = new Map(rows.map(({ type, params }) => [type, params]));
    const members = member === '*' ? [...codes.keys(), owner] : [member];
    const all = resourceTypes.filter((type) => members.includes(type));
    if (all.length === 0 || (member !== '*' && !codes.has(member)))
      throw notSupported(404, `a compartment of ${owner} has no ${member.slice(0, 100)}`);
    const types = member === '*' ? typesOf(kernel, interaction, all) : all;
    const also = (type: string): readonly Clause[] => {
      const references = (codes.get(type) ?? []).map((code): Clause => ({
        kind: 'reference',
        code,
        values: [{ type: owner, id }],
      }));
      const own: Clause[] = type === owner ? [{ kind: 'id', ids: [id] }] : [];
      return [{ kind: 'any', clauses: [...own, ...references] }];
    };
    return answerAll(kernel, interaction, within, { path: `${owner}/${id}/${member}`, types, also });
  },
};
