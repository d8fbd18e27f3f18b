/** Puts the tokens of value sets, and what is above or below in hierarchies, in the place of the clauses that name them. */
import type { Caller } from '../fhir/interaction.ts';
import type { Clause, Query, TokenValue } from '../fhir/search/query.ts';
import { rebuilt } from '../fhir/search/rebuilt.ts';
import { Outcome } from '../outcome/outcome.ts';
import { textOf } from '../fhir/stored.ts';
import { openTerms, type FindDefinition } from '../terminology/value-set-tokens.ts';
import type { Unit } from '../store/unit.ts';
import { related, type HierarchyNeeds } from './hierarchy.ts';
import type { Kernel, Within } from './kernel.ts';
import { permittedQuery } from './permitted-query.ts';
import { definitionsOf, unitOf } from './unit-of.ts';

const parsed = (current: Parameters<typeof textOf>[0]): Readonly<Record<string, unknown>> =>
  JSON.parse(textOf(current)) as Readonly<Record<string, unknown>>;

type Definitions = Pick<Unit, 'find' | 'search'>;

const finding =
  (unit: Definitions): FindDefinition =>
  async (type, address) => {
    const [, id] = new RegExp(`^${type}/([A-Za-z0-9.-]{1,64})$`).exec(address) ?? [];
    if (id !== undefined) {
      const found = await unit.find(type, id, 'read');
      return found && !found.deleted ? parsed(found) : undefined;
    }
    const [url = '', version] = address.split('|', 2);
    const clauses: Clause[] = [
      { kind: 'uri', code: 'url', match: 'exact', values: [url] },
      ...(version === undefined ? [] : [{ kind: 'token', code: 'version', values: [{ code: version }] } as const]),
    ];
    const [hit] = await unit.search({ query: { type, clauses }, limit: 1 });
    return hit && parsed(hit.current);
  };

interface Resolving extends HierarchyNeeds {
  readonly terms: ReturnType<typeof openTerms>;
  readonly isMimeType: (type: string, code: string) => boolean;
}

/** R4 search.html#mimetype: what is behind the name of a type makes it narrower, and its group wider. */
const mimeTypes = ({ code = '' }: TokenValue, direction: 'above' | 'below'): TokenValue[] => {
  const [name = ''] = code.split(/ *;/, 1);
  if (direction === 'above') return [...new Set([code, name])].map((each) => ({ code: each }));
  if (!code.includes('/')) return [{ code }, { code: `${code}/`, leads: true }];
  return [{ code }, { code: `${code};`, leads: true }, { code: `${code} ;`, leads: true }];
};

/** What stands in the way in the terminology is told of the parameter that asked for it. */
const told = async <T>(name: string, work: Promise<T>): Promise<T> => {
  try {
    return await work;
  } catch (thrown) {
    if (!(thrown instanceof Outcome)) throw thrown;
    const issues = thrown.issues.map((issue) => ({ ...issue, expression: [name] }));
    throw new Outcome(thrown.status, issues, thrown.headers, thrown.cause);
  }
};

const resolved = async (type: string, clause: Clause, resolving: Resolving): Promise<Clause> => {
  const { terms, isMimeType, parameters } = resolving;
  const tokens = async (
    code: string,
    modifier: string,
    lists: readonly Promise<readonly TokenValue[]>[],
  ): Promise<Clause> => ({
    kind: 'token',
    code,
    values: (await told(`${code}:${modifier}`, Promise.all(lists))).flat(),
  });
  if (clause.kind === 'in')
    return tokens(
      clause.code,
      'in',
      clause.valueSets.map((address) => terms.tokensOf(address)),
    );
  if (clause.kind === 'subsumed') {
    const { code, direction, values } = clause;
    if (isMimeType(type, code))
      return { kind: 'token', code, values: values.flatMap((value) => mimeTypes(value, direction)) };
    return tokens(
      code,
      direction,
      values.map((value) => terms.subsumed(value, direction)),
    );
  }
  if (clause.kind === 'reference') {
    const { code, values, direction } = clause;
    const parameter = parameters(type).all.get(code);
    if (!direction || !parameter) return clause;
    const found = values.map((value) => related(resolving, parameter, value, direction));
    return { kind: 'reference', code, values: (await told(`${code}:${direction}`, Promise.all(found))).flat() };
  }
  return rebuilt(clause, {
    clause: (each) => resolved(type, each, resolving),
    arm: async (arm) => ({ ...arm, clause: await resolved(arm.type, arm.clause, resolving) }),
  });
};

export const resolvedTerms = async (
  kernel: Kernel,
  caller: Caller,
  within: Within | undefined,
  { type, clauses }: Query,
): Promise<Query> => {
  const { parameters, impliedCodes } = kernel.store.searching(caller.tenant);
  const { codeSets, ownTerms } = kernel;
  const definitions = definitionsOf(kernel, caller, within);
  const codeSystems = async (limit: number): Promise<readonly Readonly<Record<string, unknown>>[]> =>
    (await definitions.search({ query: { type: 'CodeSystem', clauses: [] }, limit })).map(({ current }) =>
      parsed(current),
    );
  const resolving: Resolving = {
    ...{ parameters, unit: unitOf(kernel, caller, within) },
    terms: openTerms({ find: finding(definitions), codeSystems, own: (name) => codeSets.get(name), ownTerms }),
    permit: (each) => permittedQuery(kernel, caller, { type: each, clauses: [] }),
    isMimeType: (each, code) => {
      const parameter = parameters(each).all.get(code);
      return parameter !== undefined && impliedCodes(each, parameter).some(({ name }) => name === 'mimetypes');
    },
  };
  return { type, clauses: await Promise.all(clauses.map((clause) => resolved(type, clause, resolving))) };
};
