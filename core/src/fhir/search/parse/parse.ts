/** Reads the narrowing parameters of a search as a query: plain ones, chains, _has and the parameters that every type has; gathers what is not known instead of guessing. */
import { invalid } from '../../../outcome/outcome.ts';
import { isResourceType } from '../../resource-types.ts';
import type { Arm, Clause, Query } from '../query.ts';
import { clauseOf } from './clause.ts';
import { isCanonical, readingOf, type ParseContext, type Reading } from './context.ts';
import { parseFilter } from './filter.ts';
import { isId } from '../../ids.ts';
import { checkText, splitUnescaped, unescaped } from './text.ts';
import { dateValue, truth } from './values.ts';

export interface Parsed {
  readonly query: Query;
  /** Parameters that the type does not have. */
  readonly unknown: readonly string[];
}

/** A name and its value, as far as they are read. */
interface Piece {
  /** The whole name, as the caller wrote it. */
  readonly name: string;
  readonly rest: string;
  readonly value: string;
}

/** Longer ones are no question that somebody asks. */
const mostHops = 10;

type Read = (type: string, piece: Piece, hops: number, context: Reading) => Clause | undefined;

const never: Clause = { kind: 'id', ids: [] };

/** Each is looked for in each text. */
const mostTexts = 100;

const wordsIn = ({ name }: Piece, values: readonly string[]): string[] => {
  if (values.length > mostTexts) throw invalid(name, `${name} takes at most ${mostTexts} alternatives`);
  return values.map(unescaped);
};

/** R4 list.html#functional: `$current-problems` and its like are made by a server that knows what is current. */
const listIn = (name: string, value: string): string => {
  const id = unescaped(value).replace(/^List\//, '');
  if (!isId(id)) throw invalid(name, `${name} needs the id of a List; there are no lists here that have a name`);
  return id;
};

type ReadSpecial = (piece: Piece, values: readonly string[]) => Clause;

/** By the name: a map, so that no word of a caller finds what every object has. */
const special: ReadonlyMap<string, ReadSpecial> = new Map<string, ReadSpecial>([
  ['_id', (_piece, values) => ({ kind: 'id', ids: values.map(unescaped) })],
  ['_lastUpdated', ({ name }, values) => ({ kind: 'updated', values: values.map((value) => dateValue(name, value)) })],
  ['_text', (piece, values) => ({ kind: 'words', where: 'narrative', values: wordsIn(piece, values) })],
  ['_content', (piece, values) => ({ kind: 'words', where: 'content', values: wordsIn(piece, values) })],
  ['_list', ({ name }, values) => ({ kind: 'list', ids: values.map((value) => listIn(name, value)) })],
]);

const valuesOf = ({ name, value }: Piece): string[] => {
  const values = splitUnescaped(value, ',').filter((each) => each !== '');
  if (values.length === 0) throw invalid(name, `${name} has no value`);
  return values;
};

/** `_has:Observation:patient:code=…` */
const readHas: Read = (type, piece, hops, context) => {
  const [, of = '', code = '', ...rest] = piece.rest.split(':');
  if (!isResourceType(of)) throw invalid(piece.name, `${piece.name} names no resource type behind _has`);
  const parameter = context.parametersOf(of).get(code);
  if (!parameter) return undefined;
  const leadsHere = parameter.target === undefined || parameter.target.includes(type);
  if (parameter.type !== 'reference' || !leadsHere)
    throw invalid(piece.name, `${of} does not refer to a ${type} by ${code}`);
  if (rest.length === 0) throw invalid(piece.name, `${piece.name} does not say what the ${of} must be`);
  const clause = read(of, { ...piece, rest: rest.join(':') }, hops + 1, context);
  return clause && { kind: 'has', code, arm: { type: of, clause } };
};

/** `subject:Patient.name:exact=…` */
const readChain: Read = (type, piece, hops, context) => {
  const dot = piece.rest.indexOf('.');
  const [code = '', only] = piece.rest.slice(0, dot).split(':', 2);
  const parameter = context.parametersOf(type).get(code);
  if (!parameter) return undefined;
  if (parameter.type !== 'reference')
    throw invalid(piece.name, `${code} of ${type} is no reference: nothing is behind it`);
  if (only !== undefined && !isResourceType(only)) throw invalid(piece.name, `${only} is no resource type`);
  if (only !== undefined && parameter.target && !parameter.target.includes(only))
    throw invalid(piece.name, `${code} of ${type} does not lead to a ${only}`);
  const targets = only === undefined ? (parameter.target ?? []) : [only];
  const arms = targets.flatMap((target): Arm[] => {
    context.follow(piece.name);
    const clause = read(target, { ...piece, rest: piece.rest.slice(dot + 1) }, hops + 1, context);
    return clause ? [{ type: target, clause }] : [];
  });
  return arms.length === 0 ? undefined : { kind: 'chain', code, arms };
};

/** No resource is without an id and the time of its last change. */
const readSpecial = (code: string, modifier: string | undefined, piece: Piece): Clause | undefined => {
  const { name, value } = piece;
  const isEverywhere = code === '_id' || code === '_lastUpdated';
  if (modifier === 'missing' && isEverywhere) return truth(name, value) ? never : { kind: 'not', clause: never };
  const isNot = modifier === 'not' && code === '_id';
  if (modifier !== undefined && !isNot) throw invalid(name, `${code} has no modifier :${modifier.slice(0, 50)}`);
  const clause = special.get(code)?.(piece, valuesOf(piece));
  return isNot && clause ? { kind: 'not', clause } : clause;
};

const readPlain: Read = (type, piece, _hops, context) => {
  const colon = piece.rest.indexOf(':');
  const code = colon < 0 ? piece.rest : piece.rest.slice(0, colon);
  const modifier = colon < 0 ? undefined : piece.rest.slice(colon + 1);
  if (special.has(code)) return readSpecial(code, modifier, piece);
  const parameters = context.parametersOf(type);
  if (code === '_filter') return parseFilter(type, piece.value, context);
  const parameter = parameters.get(code);
  if (!parameter) return undefined;
  return clauseOf(
    { name: piece.name, code, modifier, values: valuesOf(piece) },
    { parameter, parameters, base: context.base, isCanonical: isCanonical(context, type, parameter) },
  );
};

const read: Read = (type, piece, hops, context) => {
  if (hops > mostHops) throw invalid(piece.name, `${piece.name} goes over more than ${mostHops} references`);
  if (piece.rest.startsWith('_has:')) return readHas(type, piece, hops, context);
  return piece.rest.includes('.') ? readChain(type, piece, hops, context) : readPlain(type, piece, hops, context);
};

/** `entries` are the parameters that narrow the search: those that shape the answer were taken out before. */
export const parseQuery = (
  type: string,
  entries: Iterable<readonly [name: string, value: string]>,
  context: ParseContext,
): Parsed => {
  const clauses: Clause[] = [];
  const unknown: string[] = [];
  const reading = readingOf(context);
  for (const [name, value] of entries) {
    // R4 search.html: a parameter without a value is ignored, as forms send them.
    if (value === '') continue;
    checkText(name, value);
    const clause = read(type, { name, rest: name, value }, 0, reading);
    if (clause) clauses.push(clause);
    else unknown.push(name);
  }
  return { query: { type, clauses }, unknown };
};
