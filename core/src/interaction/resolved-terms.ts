/** Puts the tokens of value sets and hierarchies in the place of the clauses that name them. */
import type { Clause, Query, TokenValue } from '../fhir/search/query.ts';
import { Outcome } from '../outcome/outcome.ts';
import { textOf } from '../fhir/stored.ts';
import { openTerms, type FindDefinition } from '../terminology/value-set-tokens.ts';
import type { Unit } from '../store/unit.ts';
import type { Kernel } from './kernel.ts';

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

type Terms = ReturnType<typeof openTerms>;

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

const resolved = async (clause: Clause, terms: Terms): Promise<Clause> => {
  const each = (clauses: readonly Clause[]): Promise<Clause[]> =>
    Promise.all(clauses.map((inner) => resolved(inner, terms)));
  const tokens = async (
    code: string,
    modifier: string,
    lists: readonly Promise<readonly TokenValue[]>[],
  ): Promise<Clause> => ({
    kind: 'token',
    code,
    values: (await told(`${code}:${modifier}`, Promise.all(lists))).flat(),
  });
  switch (clause.kind) {
    case 'in':
      return tokens(
        clause.code,
        'in',
        clause.valueSets.map((address) => terms.tokensOf(address)),
      );
    case 'subsumed':
      return tokens(
        clause.code,
        clause.direction,
        clause.values.map((value) => terms.subsumed(value, clause.direction)),
      );
    case 'chain':
    case 'contained': {
      const arms = clause.arms.map(async (arm) => ({ ...arm, clause: await resolved(arm.clause, terms) }));
      return { ...clause, arms: await Promise.all(arms) };
    }
    case 'has':
      return { ...clause, arm: { ...clause.arm, clause: await resolved(clause.arm.clause, terms) } };
    case 'not':
      return { kind: 'not', clause: await resolved(clause.clause, terms) };
    case 'all':
    case 'any':
      return { kind: clause.kind, clauses: await each(clause.clauses) };
    case 'composite':
    case 'date':
    case 'id':
    case 'identifier':
    case 'list':
    case 'missing':
    case 'near':
    case 'number':
    case 'of-type':
    case 'quantity':
    case 'reference':
    case 'string':
    case 'token':
    case 'token-text':
    case 'updated':
    case 'uri':
    case 'words':
      return clause;
  }
};

export const resolvedTerms = async (
  { codeSets, ownTree }: Kernel,
  unit: Definitions,
  { type, clauses }: Query,
): Promise<Query> => {
  const terms = openTerms({ find: finding(unit), own: (name) => codeSets.get(name), ownTree });
  return { type, clauses: await Promise.all(clauses.map((clause) => resolved(clause, terms))) };
};
