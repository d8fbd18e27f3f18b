/** Reads R4's _filter language as a clause: comparisons and what stands between them, from left to right. */
import { invalid, Outcome } from '../../../outcome/outcome.ts';
import { isResourceType } from '../../resource-types.ts';
import type { Arm, Clause } from '../query.ts';
import type { Reading } from './context.ts';
import { comparisonClause } from './filter-comparison.ts';
import {
  expected,
  filterReader,
  isAtEnd,
  takesOnward,
  takeSign,
  takesSign,
  takesWord,
  takeValue,
  takeWord,
  type FilterReader,
} from './filter-reader.ts';

interface Reader extends FilterReader {
  readonly context: Reading;
}

/** Of several types that may be meant, those that cannot be asked this are not; what is too much is too much for all. */
const isNotMeant = (thrown: unknown): boolean =>
  thrown instanceof Outcome && thrown.status === 400 && thrown.issues.every(({ code }) => code !== 'too-costly');

/** `subject.name`, `subject[active eq true].name`, `name`. */
const parsePath = (reader: Reader, type: string, path: string): Clause => {
  const [first = '', ...rest] = path.split('.');
  const [code = '', only] = first.split(':', 2);
  const parameter = reader.context.parametersOf(type).get(code);
  if (!parameter) throw invalid('_filter', `${type} has no search parameter ${code.slice(0, 100)}`);
  const isOpened = rest.length === 0 && takesSign(reader, '[');
  if (rest.length === 0 && !isOpened) {
    const operator = takeWord(reader, 'an operator such as eq');
    return comparisonClause({ parameter, operator, value: takeValue(reader), type, context: reader.context });
  }
  if (parameter.type !== 'reference')
    throw invalid('_filter', `${code} of ${type} is no reference: nothing is behind it`);
  if (only !== undefined && !isResourceType(only))
    throw invalid('_filter', `${only.slice(0, 100)} is no resource type`);
  const targets = only === undefined ? (parameter.target ?? []) : [only];
  const from = reader.at;
  const arms: Arm[] = [];
  let furthest = from;
  let failure: unknown = invalid('_filter', `${code} of ${type} leads to no type that is known`);
  for (const target of targets) {
    reader.context.follow('_filter');
    reader.at = from;
    try {
      const clause = isOpened ? parseBracketed(reader, target) : parsePath(reader, target, rest.join('.'));
      arms.push({ type: target, clause });
      furthest = Math.max(furthest, reader.at);
    } catch (thrown) {
      if (!isNotMeant(thrown)) throw thrown;
      failure = thrown;
    }
  }
  if (arms.length === 0) throw failure;
  reader.at = furthest;
  return { kind: 'chain', code, arms };
};

const parseBracketed = (reader: Reader, type: string): Clause => {
  const inner = parseFilters(reader, type);
  takeSign(reader, ']', 'a ]');
  const onward = takesOnward(reader);
  return onward === undefined ? inner : { kind: 'all', clauses: [inner, parsePath(reader, type, onward)] };
};

const parseOne = (reader: Reader, type: string): Clause => {
  if (takesWord(reader, 'not')) {
    takeSign(reader, '(', 'a ( behind not');
    const clause = parseFilters(reader, type);
    takeSign(reader, ')', 'a )');
    return { kind: 'not', clause };
  }
  if (takesSign(reader, '(')) {
    const clause = parseFilters(reader, type);
    takeSign(reader, ')', 'a )');
    return clause;
  }
  return parsePath(reader, type, takeWord(reader, 'the name of a parameter'));
};

/** R4 search_filter.html: evaluated left to right, with no precedence between and and or. */
const parseFilters = (reader: Reader, type: string): Clause => {
  let clause = parseOne(reader, type);
  for (;;) {
    const isAll = takesWord(reader, 'and');
    if (!isAll && !takesWord(reader, 'or')) return clause;
    const next = parseOne(reader, type);
    const kind = isAll ? 'all' : 'any';
    const before = clause.kind === kind ? clause.clauses : [clause];
    clause = { kind, clauses: [...before, next] };
  }
};

export const parseFilter = (type: string, text: string, context: Reading): Clause => {
  const reader: Reader = { ...filterReader(text), context };
  const clause = parseFilters(reader, type);
  if (!isAtEnd(reader)) throw expected(reader, 'and, or, or nothing');
  return clause;
};
