/** The arguments of a GraphQL search as the parameters of FHIR's; refuses a name that the type cannot be searched by. */
import { invalid } from '../../outcome/outcome.ts';
import type { SearchParameter } from '../search-parameter.ts';
import type { Arguments } from './values.ts';

export type Searchable = (type: string) => readonly SearchParameter[];

/** R4 graphql.html#searching: GraphQL's names hold no dash, and no search parameter has an underscore in its place. */
export const argumentName = (code: string): string => code.replaceAll('-', '_');

/** They stand beside a type's own; the search itself says which it does not know. */
export const passedOn = ['_count', '_sort', '_filter', '_total'] as const;

/** Read by GraphQL itself. */
const own = new Set(['fhirpath', '_cursor', 'cursor', '_reference']);

/** R4 graphql.html#searching: alternatives are a list, and a comma is one. */
const literal = (text: string): string => text.replace(/(?<!\\),/g, '\\,');

const codeOf = (type: string, name: string, searchable: Searchable): string => {
  const parameter = searchable(type).find(({ code }) => argumentName(code) === name);
  if (parameter) return parameter.code;
  if (passedOn.some((each) => each === name)) return name;
  throw invalid(name, `${type} cannot be searched by ${name}`);
};

export const searchParameters = (type: string, given: Arguments, searchable: Searchable): URLSearchParams => {
  const query = new URLSearchParams();
  for (const [name, texts] of given) {
    if (own.has(name)) continue;
    const code = codeOf(type, name, searchable);
    // Of _sort and _filter a comma is a part.
    const isPassed = passedOn.some((each) => each === name);
    query.append(code, isPassed ? texts.join(',') : texts.map(literal).join(','));
  }
  return query;
};

/** `_reference`: by which parameter of `type` it leads back to `to`. */
export const reverseParameter = (
  type: string,
  [name = '']: readonly string[],
  to: string,
  searchable: Searchable,
): string => {
  const parameter = searchable(type).find(({ code }) => argumentName(code) === name || code === name);
  const leads = parameter?.type === 'reference' && (parameter.target?.includes(to) ?? true);
  if (!parameter || !leads)
    throw invalid('_reference', `${type} has no reference parameter ${name} that leads to ${to}`);
  return parameter.code;
};
