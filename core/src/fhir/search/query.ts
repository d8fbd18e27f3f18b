/** Reads the parameters of a search into typed clauses; refuses what it does not understand and knows nothing of how things are stored. */
import { invalid } from '../../outcome/outcome.ts';
import { isId } from '../ids.ts';
import { isResourceType } from '../resource-types.ts';
import type { SearchParameter } from '../search-parameter.ts';
import { dateRange, type Range } from './date-range.ts';

export const prefixes = ['eq', 'ne', 'gt', 'lt', 'ge', 'le', 'sa', 'eb', 'ap'] as const;
export type Prefix = (typeof prefixes)[number];

export interface TokenValue {
  /** Undefined: any system. Empty: none. */
  readonly system?: string;
  /** Undefined: any code of the system. */
  readonly code?: string;
}

export interface ReferenceValue {
  readonly type?: string;
  readonly id: string;
}

export interface DateValue extends Range {
  readonly prefix: Prefix;
}

/** Values of one clause are alternatives; a resource must satisfy every clause. */
export type Clause =
  | { readonly kind: 'id'; readonly ids: readonly string[] }
  | { readonly kind: 'updated'; readonly values: readonly DateValue[] }
  | { readonly kind: 'token'; readonly code: string; readonly negated: boolean; readonly values: readonly TokenValue[] }
  | { readonly kind: 'reference'; readonly code: string; readonly values: readonly ReferenceValue[] }
  | {
      readonly kind: 'string';
      readonly code: string;
      readonly exact: boolean;
      readonly contains: boolean;
      readonly values: readonly string[];
    }
  | { readonly kind: 'date'; readonly code: string; readonly values: readonly DateValue[] }
  | { readonly kind: 'missing'; readonly code: string; readonly missing: boolean };

export interface Query {
  readonly type: string;
  readonly clauses: readonly Clause[];
}

/** The parameters of a type by their codes. */
export type Parameters = ReadonlyMap<string, SearchParameter>;

/** At the separators that no backslash precedes. */
export const splitUnescaped = (text: string, separator: string): string[] => {
  const parts: string[] = [];
  let part = '';
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at);
    if (char === '\\' && at + 1 < text.length) {
      part += char + text.charAt(at + 1);
      at++;
    } else if (char === separator) {
      parts.push(part);
      part = '';
    } else part += char;
  }
  parts.push(part);
  return parts;
};

const unescaped = (text: string): string => text.replace(/\\([\\,|$])/g, '$1');

const tokenValue = (text: string): TokenValue => {
  const parts = splitUnescaped(text, '|');
  const [first = '', ...rest] = parts;
  if (rest.length === 0) return { code: unescaped(first) };
  const code = unescaped(rest.join('|'));
  return code === '' ? { system: unescaped(first) } : { system: unescaped(first), code };
};

const referenceValue = (name: string, text: string, onlyType: string | undefined, base: string): ReferenceValue => {
  const plain = unescaped(text);
  const local = plain.startsWith(`${base}/`) ? plain.slice(base.length + 1) : plain;
  const [type = '', id = ''] = local.split('/');
  if (isResourceType(type) && isId(id)) {
    if (onlyType !== undefined && onlyType !== type) throw invalid(name, `${name} asks for a ${onlyType}`);
    return { type, id };
  }
  if (isId(local)) return onlyType === undefined ? { id: local } : { type: onlyType, id: local };
  return { id: plain };
};

const dateValue = (name: string, text: string): DateValue => {
  const lead = prefixes.find((prefix) => text.startsWith(prefix));
  const range = dateRange(unescaped(lead ? text.slice(2) : text));
  if (!range)
    throw invalid(
      name,
      `${name} needs a date: YYYY, YYYY-MM, YYYY-MM-DD or a time with its zone, after an optional ${prefixes.join(' ')}`,
    );
  return { prefix: lead ?? 'eq', ...range };
};

const truth = (name: string, text: string): boolean => {
  if (text !== 'true' && text !== 'false') throw invalid(name, `${name} is true or false`);
  return text === 'true';
};

const unknownModifier = (name: string): Error => invalid(name, `${name} has a modifier that is not supported here`);

interface Asked {
  readonly name: string;
  readonly code: string;
  readonly modifier: string | undefined;
  readonly values: readonly string[];
}

const withoutModifier = ({ modifier, name }: Asked): void => {
  if (modifier !== undefined) throw unknownModifier(name);
};

const stringClause = ({ name, code, modifier, values }: Asked): Clause => {
  if (modifier !== undefined && modifier !== 'exact' && modifier !== 'contains') throw unknownModifier(name);
  return {
    kind: 'string',
    code,
    exact: modifier === 'exact',
    contains: modifier === 'contains',
    values: values.map(unescaped),
  };
};

const tokenClause = ({ name, code, modifier, values }: Asked): Clause => {
  if (modifier !== undefined && modifier !== 'not') throw unknownModifier(name);
  return { kind: 'token', code, negated: modifier === 'not', values: values.map(tokenValue) };
};

const referenceClause = ({ name, code, modifier, values }: Asked, base: string): Clause => {
  if (modifier !== undefined && !isResourceType(modifier)) throw unknownModifier(name);
  return { kind: 'reference', code, values: values.map((value) => referenceValue(name, value, modifier, base)) };
};

const dateClause = (asked: Asked): Clause => {
  withoutModifier(asked);
  return { kind: 'date', code: asked.code, values: asked.values.map((value) => dateValue(asked.name, value)) };
};

const clauseOf = (asked: Asked, parameter: SearchParameter, base: string): Clause => {
  const { name, code, modifier, values } = asked;
  if (code === '_id') {
    withoutModifier(asked);
    return { kind: 'id', ids: values };
  }
  if (code === '_lastUpdated') {
    withoutModifier(asked);
    return { kind: 'updated', values: values.map((value) => dateValue(name, value)) };
  }
  if (modifier === 'missing') return { kind: 'missing', code, missing: truth(name, values[0] ?? '') };
  if (parameter.type === 'token') return tokenClause(asked);
  if (parameter.type === 'reference') return referenceClause(asked, base);
  if (parameter.type === 'string') return stringClause(asked);
  if (parameter.type === 'date') return dateClause(asked);
  throw invalid(name, `${name} is a ${parameter.type} parameter, which cannot be searched yet`);
};

export interface Parsed {
  readonly query: Query;
  /** Parameters that the type does not have. */
  readonly unknown: readonly string[];
}

/** `entries` are the parameters that narrow the search: those that shape the answer were taken out before. */
export const parseQuery = (
  type: string,
  entries: Iterable<readonly [name: string, value: string]>,
  parameters: Parameters,
  base: string,
): Parsed => {
  const clauses: Clause[] = [];
  const unknown: string[] = [];
  for (const [name, value] of entries) {
    const [code = '', modifier] = name.split(':', 2);
    const parameter = parameters.get(code);
    if (!parameter) {
      unknown.push(name);
      continue;
    }
    // R4 search.html: a parameter without a value is ignored, as forms send them.
    if (value === '') continue;
    const values = splitUnescaped(value, ',').filter((each) => each !== '');
    if (values.length === 0) throw invalid(name, `${name} has no value`);
    clauses.push(clauseOf({ name, code, modifier, values }, parameter, base));
  }
  return { query: { type, clauses }, unknown };
};
