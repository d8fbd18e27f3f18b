/** Turns the clauses of a query into conditions on the index tables; pure, and knows no SQL. */
import type { Clause, DateValue, Query, ReferenceValue, TokenValue } from '../../fhir/search/query.ts';
import { invalid } from '../../outcome/outcome.ts';
import { fold, cleared } from '../index/fold.ts';
import type { Lookup, Order, TypeParameters } from '../index/parameter-table.ts';
import { anySystem, anyType, outsideWord, referenceWord, stringWord, tokenWord } from '../index/words.ts';

export type Match =
  | { readonly exact: string }
  | { readonly start: string }
  /** Every word of the parameter whose second half is this: rare, and read as a scan of the parameter. */
  | { readonly end: string }
  | { readonly inside: string };

export type Condition =
  | { readonly kind: 'ids'; readonly ids: readonly string[] }
  | { readonly kind: 'updated'; readonly values: readonly DateValue[] }
  | {
      readonly kind: 'words';
      readonly keys: readonly number[];
      readonly order: Order;
      readonly negated: boolean;
      readonly matches: readonly Match[];
    }
  | { readonly kind: 'spans'; readonly keys: readonly number[]; readonly values: readonly DateValue[] }
  | {
      readonly kind: 'present';
      readonly table: 'word' | 'span';
      readonly keys: readonly number[];
      readonly missing: boolean;
    };

const tokenMatch = ({ system, code }: TokenValue): Match => {
  if (code === undefined) return { end: `\u0001${cleared(system ?? '')}` };
  return system === undefined ? { start: anySystem(code) } : { exact: tokenWord(system, code) };
};

const referenceMatch = ({ type, id }: ReferenceValue, onlyType: string | undefined): Match => {
  const wanted = type ?? onlyType;
  if (wanted !== undefined) return { exact: referenceWord(wanted, id) };
  return /[:/]/.test(id) ? { exact: outsideWord(id) } : { start: anyType(id) };
};

const stringMatch = (text: string, exact: boolean, contains: boolean): Match => {
  if (exact) return { exact: stringWord(text) };
  return contains ? { inside: fold(text) } : { start: fold(text) };
};

const matchesOf = (clause: Clause, lookup: Lookup): readonly Match[] => {
  if (clause.kind === 'token') return clause.values.map(tokenMatch);
  if (clause.kind === 'reference') return clause.values.map((value) => referenceMatch(value, lookup.onlyType));
  if (clause.kind === 'string') return clause.values.map((text) => stringMatch(text, clause.exact, clause.contains));
  return [];
};

const conditionOf = (clause: Clause, { lookup, all }: TypeParameters): Condition => {
  if (clause.kind === 'id') return { kind: 'ids', ids: clause.ids };
  if (clause.kind === 'updated') return { kind: 'updated', values: clause.values };
  const found = lookup.get(clause.code);
  if (!found) throw invalid(clause.code, `${clause.code} cannot be searched yet`);
  const { keys, order } = found;
  if (clause.kind === 'date') return { kind: 'spans', keys, values: clause.values };
  if (clause.kind === 'missing')
    return {
      kind: 'present',
      table: all.get(clause.code)?.type === 'date' ? 'span' : 'word',
      keys,
      missing: clause.missing,
    };
  const negated = clause.kind === 'token' && clause.negated;
  return { kind: 'words', keys, order, negated, matches: matchesOf(clause, found) };
};

export const conditionsOf = ({ clauses }: Query, parameters: TypeParameters): Condition[] =>
  clauses.map((clause) => conditionOf(clause, parameters));
