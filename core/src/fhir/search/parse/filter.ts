/** Reads R4's _filter language as a clause; says at which character it stops to understand. */
import { invalid, Outcome } from '../../../outcome/outcome.ts';
import { isResourceType } from '../../resource-types.ts';
import type { SearchParameter } from '../../search-parameter.ts';
import type { Arm, Clause } from '../query.ts';
import { clauseOf } from './clause.ts';
import { isCanonical, type ParseContext, type Reading } from './context.ts';

/** What a filter is made of: brackets, a quoted text, or a run of anything else up to a blank or a bracket. */
const token = /\s*(?:([()[\]])|"((?:[^"\\]|\\.)*)"|([^\s()[\]"]+))/y;

interface Token {
  readonly kind: 'bracket' | 'text' | 'word' | 'end';
  readonly text: string;
  readonly at: number;
}

const mostTokens = 500;

const tokensOf = (text: string): Token[] => {
  const tokens: Token[] = [];
  token.lastIndex = 0;
  while (token.lastIndex < text.trimEnd().length) {
    const at = token.lastIndex;
    const match = token.exec(text);
    if (!match || tokens.length >= mostTokens)
      throw invalid('_filter', `_filter cannot be read from character ${at + 1} on`);
    const [, bracket, quoted, word] = match;
    if (bracket !== undefined) tokens.push({ kind: 'bracket', text: bracket, at });
    else if (quoted !== undefined) tokens.push({ kind: 'text', text: quoted.replace(/\\(.)/g, '$1'), at });
    else tokens.push({ kind: 'word', text: word ?? '', at });
  }
  return tokens;
};

interface Reader {
  readonly tokens: readonly Token[];
  readonly context: Reading;
  place: number;
}

const end: Token = { kind: 'end', text: '', at: 0 };
const peek = ({ tokens, place }: Reader): Token => tokens[place] ?? end;

const expected = (reader: Reader, what: string): Error => {
  const { kind, text, at } = peek(reader);
  const where = kind === 'end' ? 'its end' : `character ${at + 1}, '${text.slice(0, 40)}'`;
  return invalid('_filter', `_filter needs ${what} at ${where}`);
};

const take = (reader: Reader, kind: Token['kind'], what: string, text?: string): string => {
  const found = peek(reader);
  if (found.kind !== kind || (text !== undefined && found.text !== text)) throw expected(reader, what);
  reader.place++;
  return found.text;
};

const takesIf = (reader: Reader, kind: Token['kind'], text: string): boolean => {
  const found = peek(reader);
  const there = found.kind === kind && found.text === text;
  if (there) reader.place++;
  return there;
};

/** Values of a filter are whole: nothing in them separates alternatives. */
const escaped = (text: string): string => text.replace(/[\\,$]/g, '\\$&');

const not = (clause: Clause): Clause => ({ kind: 'not', clause });

interface Comparison {
  readonly parameter: SearchParameter;
  readonly operator: string;
  readonly value: string;
  readonly type: string;
  readonly context: ParseContext;
}

const ordered = new Set(['date', 'number', 'quantity']);
const ordering = new Set(['eq', 'ne', 'gt', 'lt', 'ge', 'le', 'sa', 'eb', 'ap']);
const modifiers: Readonly<Record<string, Readonly<Record<string, string | undefined>>>> = {
  string: { eq: 'exact', co: 'contains', sw: 'start' },
  token: { eq: undefined, in: 'in', ss: 'above', sb: 'below', co: 'text' },
  reference: { eq: undefined, re: undefined },
  uri: { eq: undefined, sw: 'below', ss: 'above', sb: 'below' },
};

const refused = ({ parameter, operator }: Comparison): Error =>
  invalid('_filter', `${parameter.code} is a ${parameter.type} parameter, which _filter cannot compare by ${operator}`);

const plain = (comparison: Comparison, modifier: string | undefined, value: string): Clause => {
  const { parameter, type, context } = comparison;
  const parameters = context.parametersOf(type);
  const asked = { name: `_filter`, code: parameter.code, modifier, values: [value] };
  return clauseOf(asked, {
    ...{ parameter, parameters, base: context.base },
    isCanonical: isCanonical(context, type, parameter),
  });
};

const compared = (comparison: Comparison): Clause => {
  const { parameter, operator, value } = comparison;
  const { type: kind, code } = parameter;
  if (operator === 'pr') return plain(comparison, 'missing', value === 'true' ? 'false' : 'true');
  if (operator === 'ne' && !ordered.has(kind)) return not(compared({ ...comparison, operator: 'eq' }));
  if (operator === 'ni' && kind === 'token') return not(compared({ ...comparison, operator: 'in' }));
  if (ordered.has(kind)) {
    // Overlap is what a range that ends after the other begins and begins before it ends has.
    if (operator === 'po' && kind === 'date')
      return {
        kind: 'all',
        clauses: [plain(comparison, undefined, `ge${value}`), plain(comparison, undefined, `le${value}`)],
      };
    if (!ordering.has(operator)) throw refused(comparison);
    return plain(comparison, undefined, operator + value);
  }
  if (kind === 'string' && operator === 'ew') return { kind: 'string', code, match: 'end', values: [value] };
  const known = modifiers[kind];
  if (!known || !Object.hasOwn(known, operator)) throw refused(comparison);
  const modifier = known[operator];
  return plain(comparison, modifier === 'start' ? undefined : modifier, escaped(value));
};

const special: Readonly<Record<string, SearchParameter['type']>> = { _id: 'token', _lastUpdated: 'date' };

/** `subject.name`, `subject[active eq true].name`, `name`. */
const parsePath = (reader: Reader, type: string, path: string): Clause => {
  const [first = '', ...rest] = path.split('.');
  const [code = '', only] = first.split(':', 2);
  const parameter = reader.context.parametersOf(type).get(code);
  if (!parameter) throw invalid('_filter', `${type} has no search parameter ${code.slice(0, 100)}`);
  const opened = rest.length === 0 && takesIf(reader, 'bracket', '[');
  if (rest.length === 0 && !opened) return parseComparison(reader, type, parameter);
  if (parameter.type !== 'reference')
    throw invalid('_filter', `${code} of ${type} is no reference: nothing is behind it`);
  if (only !== undefined && !isResourceType(only))
    throw invalid('_filter', `${only.slice(0, 100)} is no resource type`);
  const targets = only === undefined ? (parameter.target ?? []) : [only];
  const from = reader.place;
  const arms: Arm[] = [];
  let furthest = from;
  let failure: unknown;
  for (const target of targets) {
    reader.context.follow('_filter');
    reader.place = from;
    try {
      const clause = opened ? parseBracketed(reader, target) : parsePath(reader, target, rest.join('.'));
      arms.push({ type: target, clause });
      furthest = Math.max(furthest, reader.place);
    } catch (thrown) {
      // Of several types that may be meant, those that do not have the parameter are not.
      if (!(thrown instanceof Outcome) || thrown.status !== 400) throw thrown;
      failure = thrown;
    }
  }
  if (arms.length === 0) throw failure;
  reader.place = furthest;
  return { kind: 'chain', code, arms };
};

const parseBracketed = (reader: Reader, type: string): Clause => {
  const inner = parseAny(reader, type);
  take(reader, 'bracket', 'a ]', ']');
  const next = peek(reader);
  if (next.kind !== 'word' || !next.text.startsWith('.')) return inner;
  reader.place++;
  return { kind: 'all', clauses: [inner, parsePath(reader, type, next.text.slice(1))] };
};

const parseComparison = (reader: Reader, type: string, parameter: SearchParameter): Clause => {
  const operator = take(reader, 'word', 'an operator such as eq');
  const found = peek(reader);
  if (found.kind !== 'text' && found.kind !== 'word') throw expected(reader, 'a value');
  reader.place++;
  const kind = special[parameter.code] ?? parameter.type;
  if (parameter.code === '_id')
    return operator === 'ne' ? not({ kind: 'id', ids: [found.text] }) : { kind: 'id', ids: [found.text] };
  const comparison = {
    parameter: { ...parameter, type: kind },
    operator,
    value: found.text,
    type,
    context: reader.context,
  };
  const clause = compared(comparison);
  return parameter.code === '_lastUpdated' && clause.kind === 'date'
    ? { kind: 'updated', values: clause.values }
    : clause;
};

const parseOne = (reader: Reader, type: string): Clause => {
  if (takesIf(reader, 'word', 'not')) {
    take(reader, 'bracket', 'a ( behind not', '(');
    const clause = parseAny(reader, type);
    take(reader, 'bracket', 'a )', ')');
    return not(clause);
  }
  if (takesIf(reader, 'bracket', '(')) {
    const clause = parseAny(reader, type);
    take(reader, 'bracket', 'a )', ')');
    return clause;
  }
  return parsePath(reader, type, take(reader, 'word', 'the name of a parameter'));
};

const parseAll = (reader: Reader, type: string): Clause => {
  const clauses = [parseOne(reader, type)];
  while (takesIf(reader, 'word', 'and')) clauses.push(parseOne(reader, type));
  const [only] = clauses;
  return clauses.length === 1 && only ? only : { kind: 'all', clauses };
};

const parseAny = (reader: Reader, type: string): Clause => {
  const clauses = [parseAll(reader, type)];
  while (takesIf(reader, 'word', 'or')) clauses.push(parseAll(reader, type));
  const [only] = clauses;
  return clauses.length === 1 && only ? only : { kind: 'any', clauses };
};

export const parseFilter = (type: string, text: string, context: Reading): Clause => {
  const reader: Reader = { tokens: tokensOf(text), context, place: 0 };
  const clause = parseAny(reader, type);
  if (peek(reader).kind !== 'end') throw expected(reader, 'and, or, or nothing');
  return clause;
};
