/** Reads criteria as a query that the caller may ask: the one way by which search and all conditional verbs find resources. */
import { parseQuery, type Parsed } from '../fhir/search/parse/parse.ts';
import type { Parameters } from '../fhir/search/query.ts';
import { shaping } from '../fhir/search/shape.ts';
import type { Caller } from '../fhir/interaction.ts';
import { invalid, malformed, unavailable, unsupported } from '../outcome/outcome.ts';
import type { Hit } from '../store/search/find.ts';
import type { Unit } from '../store/unit.ts';
import type { Kernel } from './kernel.ts';
import { permittedQuery } from './permitted-query.ts';

export const narrowing = (params: URLSearchParams): [string, string][] =>
  [...params].filter(([name]) => !shaping.has(name));

export const readQuery = (kernel: Kernel, caller: Caller, type: string, params: URLSearchParams): Parsed => {
  const named = params.get('_query') ?? '';
  // R4 search.html#query: it names what to find; leaving it out would find everything else.
  if (named !== '')
    throw unsupported(
      '_query',
      `_query=${named.slice(0, 100)} names a query that this server does not have: it has none`,
    );
  const { parameters, foundTypes } = kernel.store.searching(caller.tenant);
  const parametersOf = (each: string): Parameters => parameters(each).all;
  const context = { parametersOf, foundTypes, base: `${kernel.publicUrl}/fhir` };
  const { query, unknown } = parseQuery(type, narrowing(params), context);
  for (const name of unknown) {
    const coming = parameters(type).coming.get(name.split(/[:.]/, 1)[0] ?? '');
    if (coming !== undefined)
      throw unavailable(
        `${name} cannot be asked for yet: SearchParameter/${coming}/$status says how far its index is`,
        5,
      );
  }
  return { query: permittedQuery(kernel, caller, query), unknown };
};

/** At most two: more than one is all that a conditional verb needs to know. */
export const matching = async (
  kernel: Kernel,
  caller: Caller,
  type: string,
  criteria: URLSearchParams,
  unit: Unit,
): Promise<Hit[]> => unit.search({ query: criteriaQuery(kernel, caller, type, criteria), limit: 2 });

/** What is left out of a search finds more; what is left out of criteria changes the wrong patient. */
export const criteriaQuery = (
  kernel: Kernel,
  caller: Caller,
  type: string,
  criteria: URLSearchParams,
): Parsed['query'] => {
  if ((criteria.get('_contained') ?? 'false') !== 'false')
    throw invalid('_contained', 'criteria name one resource: what is contained in others cannot be meant');
  const { query, unknown } = readQuery(kernel, caller, type, criteria);
  const [first] = unknown;
  if (first !== undefined)
    throw invalid(first, `${type} has no search parameter ${first}: criteria must be understood whole`);
  if (query.clauses.length === 0)
    throw malformed('the criteria narrow nothing: name at least one search parameter with a value');
  return query;
};
