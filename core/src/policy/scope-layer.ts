/** Narrows what the roles allow to the SMART scopes that a client was granted: nothing without one, and of no more than the patient of its launch. */
import type { Caller } from '../fhir/interaction.ts';
import type { Clause } from '../fhir/search/query.ts';
import { parseScope, type SmartScope } from '../fhir/smart-scope.ts';
import type { Layer, Sight } from './access.ts';
import { nothing, type Criteria } from './criteria.ts';
import type { Decision, RoleTable } from './role-table.ts';
import type { Standing } from './standing.ts';

type Letter = keyof SmartScope['verbs'];

/** SMART App Launch 2: r is what is known by its id, s what is found. */
const letters: Readonly<Record<string, Letter>> = {
  ...{ read: 'r', vread: 'r', 'history-instance': 'r', operation: 'r' },
  ...{ 'search-type': 's', 'search-compartment': 's', 'history-type': 's' },
  ...{ create: 'c', update: 'u', patch: 'u', delete: 'd' },
};

/** Of no type: what they do with types is judged by itself, but for this one. */
const ofEveryType = new Set(['history-system']);

const read = new Map<string, SmartScope | undefined>();
const mostRead = 1_000;

const scopeOf = (text: string): SmartScope | undefined => {
  if (read.has(text)) return read.get(text);
  if (read.size >= mostRead) read.clear();
  const scope = parseScope(text);
  read.set(text, scope);
  return scope;
};

/** People act by user and patient scopes, machines by system scopes. */
const scopesOf = ({ scopes = [], kind }: Caller): SmartScope[] =>
  scopes.flatMap((text) => scopeOf(text) ?? []).filter(({ context }) => (context === 'system') === (kind === 'client'));

const covers = ({ type: named, verbs }: SmartScope, verb: string, type: string): boolean => {
  const letter = letters[verb];
  return letter !== undefined && verbs[letter] && (named === '*' || named === type);
};

const judge = (caller: Caller, verb: string, type: string | undefined): Decision => {
  if (caller.scopes === undefined) return { permitted: true };
  const mine = scopesOf(caller);
  const permitted =
    type === undefined
      ? mine.some((scope) => !ofEveryType.has(verb) || (scope.type === '*' && scope.verbs.s))
      : mine.some((scope) => covers(scope, verb, type));
  return permitted ? { permitted } : { permitted, reason: `no scope of this client allows ${verb} ${type ?? 'here'}` };
};

/** The table of roles, for callers whose clients were granted less. */
export const withScopes = (table: RoleTable): RoleTable => ({
  ...table,
  judge: (caller, verb, type) => {
    const decision = table.judge(caller, verb, type);
    return decision.permitted ? judge(caller, verb, type) : decision;
  },
});

export const scopeLayer = ({ belongsTo, canBelong, clauseIn }: Criteria): Layer => {
  const patientsOf = ({ launch }: Caller, standing: Standing): string[] =>
    launch?.patient === undefined ? standing.patient.map((each) => each.replace('Patient/', '')) : [launch.patient];

  const wayOf = (caller: Caller, { context, query }: SmartScope, type: string, standing: Standing) => {
    const clauses: Clause[] = [];
    if (context === 'patient' && canBelong(type)) clauses.push(belongsTo(type, patientsOf(caller, standing)));
    if (query.size > 0) clauses.push(clauseIn(type, query) ?? nothing);
    return clauses.length === 0 ? {} : { clause: { kind: 'all', clauses } as const };
  };

  return {
    isWhole: ({ scopes }) => scopes === undefined,
    sight: async (caller, verb, type, standing): Promise<Sight | undefined> => {
      if (caller.scopes === undefined) return undefined;
      const ways = scopesOf(caller)
        .filter((scope) => covers(scope, verb, type))
        .map((scope) => wayOf(caller, scope, type, standing));
      return ways.some(({ clause }) => clause === undefined) ? undefined : ways;
    },
  };
};
