/** What one comparison of a _filter asks, by the kind of its parameter: the table of R4 search_filter.html. */
import { invalid } from '../../../outcome/outcome.ts';
import type { SearchParameter } from '../../search-parameter.ts';
import { longestStart, longestWithin } from '../limits.ts';
import type { Clause, DatePrefix, StringMatch } from '../query.ts';
import { clauseOf, something } from './clause.ts';
import { isCanonical, type ParseContext } from './context.ts';
import { dateValue, truth } from './values.ts';

export interface Comparison {
  readonly parameter: SearchParameter;
  readonly operator: string;
  readonly value: string;
  readonly type: string;
  readonly context: ParseContext;
}

const name = '_filter';

const refused = ({ parameter, operator }: Comparison): Error =>
  invalid(
    name,
    `${parameter.code} is a ${parameter.type} parameter, which _filter cannot compare by ${operator.slice(0, 20)}`,
  );

/** Values of a filter are whole: nothing in them separates alternatives. */
const escaped = (text: string): string => text.replace(/[\\,$]/g, '\\$&');

/** R4 search_filter.html: these are predefined, in place of their addresses. */
const systems: ReadonlyMap<string, string> = new Map([
  ['loinc', 'http://loinc.org'],
  ['snomed', 'http://snomed.info/sct'],
  ['rxnorm', 'http://www.nlm.nih.gov/research/umls/rxnorm'],
  ['ucum', 'http://unitsofmeasure.org'],
]);

const named = (parts: readonly string[], system: number): string =>
  parts
    .map((part, place) => (place === system && parts.length > system + 1 ? (systems.get(part) ?? part) : part))
    .join('|');

/** As the parameter would be asked for by itself. */
const plain = ({ parameter, type, context }: Comparison, modifier: string | undefined, value: string): Clause => {
  const parameters = context.parametersOf(type);
  const asked = { name, code: parameter.code, modifier, values: [value] };
  return clauseOf(asked, {
    ...{ parameter, parameters, base: context.base },
    isCanonical: isCanonical(context, type, parameter),
  });
};

const not = (clause: Clause): Clause => ({ kind: 'not', clause });

/** That there is an item which is another one: not that there is none that is equal. */
const unequal = (comparison: Comparison, clause: Clause): Clause => {
  if (clause.kind === 'token' || clause.kind === 'uri' || clause.kind === 'reference' || clause.kind === 'string')
    return { ...clause, unequal: true };
  return { kind: 'all', clauses: [plain(comparison, 'missing', 'false'), not(clause)] };
};

/** A map, so that no operator of a caller's finds what every object has. */
const strings: ReadonlyMap<string, readonly [StringMatch, number]> = new Map<string, readonly [StringMatch, number]>([
  ['eq', ['equal', longestStart]],
  ['ne', ['equal', longestStart]],
  ['co', ['contains', longestWithin]],
  ['sw', ['begins', longestStart]],
  ['ew', ['end', longestWithin]],
  ...(['gt', 'ge', 'lt', 'le'] as const).map((order) => [order, [order, longestStart]] as const),
]);

const ofString = (comparison: Comparison): Clause => {
  const { parameter, operator, value } = comparison;
  const [match, longest] = strings.get(operator) ?? [];
  if (match === undefined || longest === undefined) throw refused(comparison);
  const clause: Clause = { kind: 'string', code: parameter.code, match, values: [something(name, value, longest)] };
  return operator === 'ne' ? unequal(comparison, clause) : clause;
};

const tokens: ReadonlyMap<string, string> = new Map([
  ['in', 'in'],
  ['ni', 'not-in'],
  // The value subsumes what is below it.
  ['ss', 'below'],
  ['sb', 'above'],
  ['co', 'text'],
]);

/** R4 search_filter.html: values are never case sensitive. */
const caseless = (clause: Clause): Clause =>
  clause.kind === 'token'
    ? { ...clause, values: clause.values.map((value) => ({ ...value, isCaseless: true as const })) }
    : clause;

const ofToken = (comparison: Comparison): Clause => {
  const { operator, value } = comparison;
  const whole = escaped(named((/^(?:true|false)$/i.test(value) ? value.toLowerCase() : value).split('|'), 0));
  if (operator === 'eq') return caseless(plain(comparison, undefined, whole));
  if (operator === 'ne') return unequal(comparison, caseless(plain(comparison, undefined, whole)));
  const modifier = tokens.get(operator);
  if (modifier === undefined) throw refused(comparison);
  return plain(comparison, modifier, operator === 'ss' || operator === 'sb' ? whole : escaped(value));
};

const uris: ReadonlyMap<string, string | undefined> = new Map([
  ['eq', undefined],
  ['ne', undefined],
  ['sw', 'below'],
  ['ss', 'below'],
  ['sb', 'above'],
]);

const ofUri = (comparison: Comparison): Clause => {
  const { operator, value } = comparison;
  if (!uris.has(operator)) throw refused(comparison);
  const clause = plain(comparison, uris.get(operator), escaped(value));
  return operator === 'ne' ? unequal(comparison, clause) : clause;
};

const ofReference = (comparison: Comparison): Clause => {
  const { operator, value } = comparison;
  if (operator !== 'eq' && operator !== 'ne' && operator !== 're') throw refused(comparison);
  const clause = plain(comparison, undefined, escaped(value));
  return operator === 'ne' ? unequal(comparison, clause) : clause;
};

const ordering = new Set(['eq', 'ne', 'gt', 'lt', 'ge', 'le', 'sa', 'eb', 'ap']);

/** Of periods: one holds the other, or both have something in common. */
const periods: ReadonlyMap<string, DatePrefix> = new Map([
  ['co', 'co'],
  ['po', 'po'],
]);

const ofDate = (comparison: Comparison): Clause => {
  const { parameter, operator, value } = comparison;
  const prefix = periods.get(operator);
  if (prefix) return { kind: 'date', code: parameter.code, values: [{ ...dateValue(name, value), prefix }] };
  return ofOrder(comparison);
};

const ofOrder = (comparison: Comparison): Clause => {
  const { operator, value } = comparison;
  if (!ordering.has(operator)) throw refused(comparison);
  return plain(comparison, undefined, operator + escaped(named(value.split('|'), 1)));
};

const readers: Readonly<Record<SearchParameter['type'], (comparison: Comparison) => Clause>> = {
  ...{ string: ofString, token: ofToken, uri: ofUri, reference: ofReference, date: ofDate },
  ...{ number: ofOrder, quantity: ofOrder },
  composite: (comparison) => {
    throw refused(comparison);
  },
  special: (comparison) => {
    throw refused(comparison);
  },
};

const nobody: Clause = { kind: 'id', ids: [] };

/** Every resource has one id, which is what it is. */
const ofId = (comparison: Comparison): Clause => {
  const { operator, value } = comparison;
  const clause: Clause = { kind: 'id', ids: [value] };
  if (operator === 'pr') return truth(name, value) ? not(nobody) : nobody;
  if (operator !== 'eq' && operator !== 'ne') throw refused(comparison);
  return operator === 'ne' ? not(clause) : clause;
};

const ofUpdated = (comparison: Comparison): Clause => {
  const { operator, value } = comparison;
  if (operator === 'pr') return truth(name, value) ? not(nobody) : nobody;
  const clause = ofDate({ ...comparison, parameter: { ...comparison.parameter, type: 'date' } });
  return clause.kind === 'date' ? { kind: 'updated', values: clause.values } : clause;
};

export const comparisonClause = (comparison: Comparison): Clause => {
  const { parameter, operator, value } = comparison;
  if (parameter.code === '_id') return ofId(comparison);
  if (parameter.code === '_lastUpdated') return ofUpdated(comparison);
  if (operator === 'pr') return plain(comparison, 'missing', truth(name, value) ? 'false' : 'true');
  return readers[parameter.type](comparison);
};
