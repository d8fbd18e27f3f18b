/** Which elements of a resource a search parameter looks at: who is not shown one learns nothing by searching for it. */
import type { Clause } from '../fhir/search/query.ts';
import type { SearchParameter } from '../fhir/search-parameter.ts';
import type { Way } from './access.ts';

/** Everybody who sees a resource sees these. */
const always = new Set(['id', 'meta', 'resourceType', 'implicitRules']);

/** The first elements behind the type in the parameter's expression; undefined where they cannot be told. */
const elementsIn = (type: string, { expression, component }: SearchParameter): string[] | undefined => {
  if (expression === undefined || component) return undefined;
  const found = [...expression.matchAll(/\b([A-Z]\w*)\.([a-z]\w*)/g)]
    .filter(([, of]) => of === type || of === 'Resource' || of === 'DomainResource')
    .map(([, , element = '']) => element);
  return found.length === 0 ? undefined : found;
};

/** What a clause asks of the resource itself; undefined: of all of it. What stands behind references is asked of others. */
const codesIn = (clause: Clause): readonly string[] | undefined => {
  switch (clause.kind) {
    case 'id':
    case 'updated':
    case 'list':
    case 'has':
      return [];
    case 'words':
    case 'contained':
      return undefined;
    case 'not':
      return codesIn(clause.clause);
    case 'all':
    case 'any': {
      const each = clause.clauses.map(codesIn);
      return each.includes(undefined) ? undefined : each.flatMap((codes) => codes ?? []);
    }
    case 'chain':
    case 'composite':
    case 'date':
    case 'identifier':
    case 'in':
    case 'missing':
    case 'near':
    case 'number':
    case 'of-type':
    case 'quantity':
    case 'reference':
    case 'string':
    case 'subsumed':
    case 'token':
    case 'token-text':
    case 'uri':
      return [clause.code];
  }
};

export interface Looking {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, SearchParameter>;
}

const isShown = ({ type, parameters }: Looking, code: string, show: ReadonlySet<string>): boolean => {
  const parameter = parameters.get(code);
  const elements = code.startsWith('_') && !parameter ? ['meta'] : parameter && elementsIn(type, parameter);
  return elements?.every((element) => always.has(element) || show.has(element)) ?? false;
};

/** Whether all that the clauses and codes look at is shown by this way. */
export const showsAll = (
  looking: Looking,
  { show }: Way,
  clauses: readonly Clause[],
  codes: readonly string[],
): boolean => {
  if (!show) return true;
  const asked = codesIn({ kind: 'all', clauses });
  return asked !== undefined && [...asked, ...codes].every((code) => isShown(looking, code, show));
};
