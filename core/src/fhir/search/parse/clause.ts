/** Turns one parameter of a search, its modifier and its values into a clause, by the kind of the parameter; refuses modifiers that the kind does not have. */
import { isId } from '../../ids.ts';
import { isResourceType } from '../../resource-types.ts';
import type { SearchParameter } from '../../search-parameter.ts';
import { invalid } from '../../../outcome/outcome.ts';
import { fold } from '../fold.ts';
import { longestStart, longestWithin } from '../limits.ts';
import type { Arm, Clause, Parameters, ReferenceValue } from '../query.ts';
import { splitUnescaped, unescaped } from './text.ts';
import {
  dateValue,
  nearValue,
  numberValue,
  quantityValue,
  referenceValue,
  tokenValue,
  truth,
  typedIdentifier,
} from './values.ts';

export interface Asked {
  /** As the caller wrote it, for what is said of it. */
  readonly name: string;
  readonly code: string;
  readonly modifier: string | undefined;
  readonly values: readonly string[];
}

/** What a clause is made of besides the caller's words. */
export interface ClauseContext {
  readonly parameter: SearchParameter;
  /** All of the type: a composite names others. */
  readonly parameters: Parameters;
  /** This server's own address. */
  readonly base: string;
  /** Its values are canonical addresses. */
  readonly isCanonical?: boolean;
}

type Read = (asked: Asked, context: ClauseContext) => Clause;

const refuseModifier = ({ name, code, modifier }: Asked, kind: string): Error =>
  invalid(name, `${code} is a ${kind} parameter, which has no modifier :${(modifier ?? '').slice(0, 50)}`);

const not = (clause: Clause): Clause => ({ kind: 'not', clause });

const token: Read = (asked, { base }) => {
  const { name, code, modifier, values } = asked;
  const texts = values.map(unescaped);
  if (modifier === undefined) return { kind: 'token', code, values: values.map(tokenValue) };
  if (modifier === 'not') return not({ kind: 'token', code, values: values.map(tokenValue) });
  if (modifier === 'text')
    return { kind: 'token-text', code, values: texts.map((text) => something(name, text, longestStart)) };
  if (modifier === 'of-type')
    return { kind: 'of-type', code, values: values.map((value) => typedIdentifier(name, value)) };
  const local = texts.map((text) => (text.startsWith(`${base}/`) ? text.slice(base.length + 1) : text));
  if (modifier === 'in') return { kind: 'in', code, valueSets: local };
  if (modifier === 'not-in') return not({ kind: 'in', code, valueSets: local });
  if (modifier === 'above' || modifier === 'below')
    return { kind: 'subsumed', code, direction: modifier, values: values.map(tokenValue) };
  throw refuseModifier(asked, 'token');
};

/** References to these. What a canonical address leads to is known by its own address, which is looked for as a chain would. */
export const leadingTo = (
  { code, target = [] }: Pick<SearchParameter, 'code' | 'target'>,
  values: readonly ReferenceValue[],
  isCanonical: boolean,
): Clause => {
  const plain: Clause = { kind: 'reference', code, values };
  const ids = values.filter(({ id }) => isId(id));
  if (!isCanonical || ids.length === 0) return plain;
  const arms = [...new Set(ids.flatMap(({ type }) => type ?? target))].map((type): Arm => {
    const mine = ids.filter((each) => each.type === undefined || each.type === type);
    return { type, clause: { kind: 'id', ids: mine.map(({ id }) => id) } };
  });
  return arms.length === 0 ? plain : { kind: 'any', clauses: [plain, { kind: 'chain', code, arms }] };
};

const reference: Read = (asked, { parameter, base, isCanonical = false }) => {
  const { name, code, modifier, values } = asked;
  if (modifier === 'identifier') return { kind: 'identifier', code, values: values.map(tokenValue) };
  const direction = modifier === 'above' || modifier === 'below' ? modifier : undefined;
  const onlyType = direction ? undefined : modifier;
  if (onlyType !== undefined && !isResourceType(onlyType)) throw refuseModifier(asked, 'reference');
  if (isCanonical && direction === 'above') throw refuseModifier(asked, 'canonical reference');
  const read = values.map((value) => referenceValue(name, value, onlyType, base));
  if (direction && !isCanonical) return { kind: 'reference', code, values: read, direction };
  const meant = direction ? read.map((value) => ({ ...value, below: true as const })) : read;
  return leadingTo(parameter, meant, isCanonical);
};

/** Every text begins with nothing: who asks for it means something else. */
export const something = (name: string, text: string, longest: number): string => {
  const { length } = fold(text);
  if (length === 0)
    throw invalid(name, `${name} has nothing to look for: blanks, accents and punctuation do not count`);
  if (length > longest) throw invalid(name, `${name} takes at most ${longest} characters, and this has ${length}`);
  return text;
};

const string: Read = (asked) => {
  const { name, code, modifier = 'start', values } = asked;
  const texts = values.map(unescaped);
  if (modifier === 'exact') return { kind: 'string', code, match: modifier, values: texts };
  const some = (longest: number): string[] => texts.map((text) => something(name, text, longest));
  if (modifier === 'start') return { kind: 'string', code, match: 'start', values: some(longestStart) };
  // R4 search.html#modifiers: for strings, :text looks through what is indexed as text.
  if (modifier === 'contains' || modifier === 'text')
    return { kind: 'string', code, match: 'contains', values: some(longestWithin) };
  throw refuseModifier(asked, 'string');
};

/** R4 search.html#versions: behind the own address of a resource its version may stand. */
const versioned = ({ parameter, parameters }: ClauseContext, clause: Extract<Clause, { kind: 'uri' }>): Clause => {
  const whole = clause.values.filter((text) => text.includes('|'));
  if (parameter.code !== 'url' || clause.match !== 'exact' || !parameters.has('version') || whole.length === 0)
    return clause;
  const apart = whole.map((text): Clause => {
    const [url = '', version = ''] = text.split('|', 2);
    const ofVersion: Clause = { kind: 'token', code: 'version', values: [{ code: version }] };
    return { kind: 'all', clauses: [{ ...clause, values: [url] }, ofVersion] };
  });
  return { kind: 'any', clauses: [clause, ...apart] };
};

const uri: Read = (asked, context) => {
  const { name, code, modifier = 'exact', values } = asked;
  const texts = values.map(unescaped);
  if (modifier === 'below' && texts.some(({ length }) => length > longestStart))
    throw invalid(name, `${name} takes addresses of at most ${longestStart} characters`);
  if (modifier === 'exact' || modifier === 'above' || modifier === 'below')
    return versioned(context, { kind: 'uri', code, match: modifier, values: texts });
  throw refuseModifier(asked, 'uri');
};

const plain =
  (kind: string, read: Read): Read =>
  (asked, context) => {
    if (asked.modifier !== undefined) throw refuseModifier(asked, kind);
    return read(asked, context);
  };

const date = plain('date', ({ name, code, values }) => ({
  kind: 'date',
  code,
  values: values.map((value) => dateValue(name, value)),
}));

const number = plain('number', ({ name, code, values }) => ({
  kind: 'number',
  code,
  values: values.map((value) => numberValue(name, value)),
}));

const quantity = plain('quantity', ({ name, code, values }) => ({
  kind: 'quantity',
  code,
  values: values.map((value) => quantityValue(name, value)),
}));

const near = plain('special', ({ name, code, values }) => ({
  kind: 'near',
  code,
  values: values.map((value) => nearValue(name, value)),
}));

/** The parameters that a composite's parts are of. */
const partsOf = ({ parameter, parameters }: ClauseContext): SearchParameter[] => {
  const byUrl = new Map([...parameters.values()].map((each) => [each.url, each]));
  return (parameter.component ?? []).flatMap(({ definition }) => byUrl.get(definition) ?? []);
};

const composite = plain('composite', ({ name, code, values }, context) => {
  const parts = partsOf(context);
  const read = (value: string): Clause[] => {
    const pieces = splitUnescaped(value, '$');
    if (pieces.length !== parts.length || pieces.includes(''))
      throw invalid(name, `${name} needs ${parts.length} parts, ${parts.map((part) => part.code).join('$')}`);
    return parts.map((parameter, place) =>
      clauseOf(
        { name, code: parameter.code, modifier: undefined, values: [pieces[place] ?? ''] },
        { ...context, parameter },
      ),
    );
  };
  return { kind: 'composite', code, values: values.map(read) };
});

const readers: Readonly<Record<SearchParameter['type'], Read>> = {
  ...{ token, reference, string, uri, date, number, quantity, composite },
  special: near,
};

export const clauseOf = (asked: Asked, context: ClauseContext): Clause => {
  const { name, code, modifier, values } = asked;
  // R4 search.html#modifiers: every parameter can be missing, but combinations.
  if (modifier === 'missing' && context.parameter.type === 'composite') throw refuseModifier(asked, 'composite');
  if (modifier === 'missing') return { kind: 'missing', code, missing: truth(name, values[0] ?? '') };
  return readers[context.parameter.type](asked, context);
};
