/** Turns the clauses of a query into conditions on the index tables; pure, and knows no SQL. */
import type { Arm, Clause, TokenValue } from '../../fhir/search/query.ts';
import type { ImpliedCodes } from '../../fhir/search/implied-codes.ts';
import { anything, type FoundTypes } from '../../fhir/search/found-types.ts';
import { shownTest, textTest } from '../../fhir/search/text-query.ts';
import { invalid } from '../../outcome/outcome.ts';
import { besideKey } from '../index/parameter-key.ts';
import type { CompositeLookup, Lookup, ParameterTable, TypeParameters } from '../index/parameter-table.ts';
import { holdingKey, linkWord } from '../index/held.ts';
import { caseless, type WordNeeds } from '../index/typed-values.ts';
import { thereWord } from '../index/words.ts';
import type { ArmCondition, Condition, Place } from './condition.ts';
import type { Match } from './match.ts';
import { stringCondition } from './string-condition.ts';
import { impliedMatches, matchesOf } from './value-matches.ts';

export type { ArmCondition, Condition, Where } from './condition.ts';

export interface ConditionNeeds {
  readonly parameters: ParameterTable;
  readonly units: WordNeeds['units'];
  readonly impliedCodes: ImpliedCodes;
  readonly foundTypes: FoundTypes;
}

type OfCode = Exclude<Extract<Clause, { readonly code: string }>, { kind: 'has' }>;

const lookedUp = ({ lookup }: TypeParameters, code: string): Lookup => {
  const found = lookup.get(code);
  if (!found) throw invalid(code, `${code} cannot be searched: it has no expression`);
  return found;
};

const placeOf = (described: TypeParameters, code: string, { keys }: Lookup): Place => ({
  table: described.all.get(code)?.type === 'date' ? 'span' : 'word',
  keys,
});

/** Some types are stored whatever their case; who finds others as well is asked for both. */
const casesOf = (values: readonly TokenValue[], types: ReadonlySet<string>): readonly TokenValue[] => {
  if (!['string', 'ContactPoint', anything].some((type) => types.has(type))) return values;
  const folded = values.map((value) => (value.code === undefined ? value : { ...value, code: caseless(value.code) }));
  return types.size === 1 && !types.has(anything)
    ? folded
    : [...values, ...folded.filter(({ code }, nth) => code !== values[nth]?.code)];
};

/** What is of a system is no word that stands for itself. */
const isTruth = ({ system, code }: TokenValue): boolean =>
  (system !== undefined && system !== '') || code === 'true' || code === 'false';

const wordMatches = (
  type: string,
  clause: Clause,
  { parameters, units, impliedCodes, foundTypes }: ConditionNeeds,
  onlyType?: string,
): readonly Match[] | undefined => {
  const parameter = clause.kind === 'token' ? parameters(type).all.get(clause.code) : undefined;
  if (!parameter || clause.kind !== 'token') return matchesOf(clause, units, onlyType);
  const types = foundTypes(type, parameter);
  const wrong = types.size === 1 && types.has('boolean') ? clause.values.find((value) => !isTruth(value)) : undefined;
  if (wrong) throw invalid(clause.code, `${clause.code} is true or false`);
  const matches = matchesOf({ ...clause, values: casesOf(clause.values, types) }, units) ?? [];
  const sets = impliedCodes(type, parameter);
  return [...matches, ...clause.values.flatMap((value) => impliedMatches(value, sets))];
};

const compositeCondition = (
  type: string,
  clause: Extract<Clause, { kind: 'composite' }>,
  { rooted, elements }: CompositeLookup,
  needs: ConditionNeeds,
): Condition => {
  const ofValue = (parts: readonly Clause[]): Condition[] => {
    const whole: Condition[] = rooted
      ? [
          {
            kind: 'all',
            conditions: parts.map((part, place) =>
              conditionOf(type, { ...part, code: rooted[place] ?? '' } as OfCode, needs),
            ),
          },
        ]
      : [];
    const inElements = elements.map((keyed): Condition => {
      const conditions = keyed.map(({ key }, place) => {
        const part = parts[place];
        const matches = part && wordMatches(type, part, needs);
        if (!matches) throw invalid(clause.code, `${clause.code} has a part that cannot be searched in an element`);
        return { key, matches };
      });
      return { kind: 'element', parts: conditions };
    });
    return [...whole, ...inElements];
  };
  return { kind: 'any', conditions: clause.values.flatMap(ofValue) };
};

const armCondition = ({ type, clause }: Arm, needs: ConditionNeeds): ArmCondition => ({
  type,
  condition: conditionOf(type, clause, needs),
});

const presence = (described: TypeParameters, code: string, found: Lookup): Condition => {
  const { keys, order, onlyType } = found;
  const besides = keys.map(besideKey);
  if (onlyType !== undefined) {
    const led: Condition = {
      ...{ kind: 'words', keys, order },
      matches: [
        { start: '', tests: [{ nth: 2, test: 'is', text: onlyType }] },
        // Of another server.
        { start: '', tests: [{ nth: 1, test: 'has', text: `/${onlyType}/` }] },
        { exact: linkWord(onlyType) },
      ],
    };
    const there: Condition = {
      kind: 'words',
      keys: besides,
      order: 'plain',
      matches: [{ exact: thereWord(onlyType) }],
    };
    return { kind: 'any', conditions: [led, there] };
  }
  const unfound: Place = { table: 'word', keys: besides };
  return {
    kind: 'any',
    conditions: [placeOf(described, code, found), unfound].map((place) => ({ kind: 'present', place })),
  };
};

/** Of one patient, visit or specimen there is little; of a code or a status there may be anything. */
const narrowTypes = new Set([
  ...['Patient', 'RelatedPerson', 'Person', 'Group', 'Encounter', 'EpisodeOfCare', 'Appointment'],
  ...['Specimen', 'ServiceRequest', 'DiagnosticReport', 'Device'],
]);

const isNarrow = (clause: OfCode, onlyType: string | undefined): boolean => {
  if ('unequal' in clause && clause.unequal) return false;
  if (clause.kind === 'token')
    return clause.code === 'identifier' && clause.values.every(({ code }) => code !== undefined);
  return clause.kind === 'reference' && clause.values.every(({ type = onlyType }) => narrowTypes.has(type ?? ''));
};

/** Each hop can be one to what is contained or to what stands for itself: of many hops the last ones, or the ways would double with each. */
const mostHopsWithin = 1;

const hopsOf = (clause: Clause): number => {
  if (clause.kind === 'chain') return 1 + Math.max(...clause.arms.map((arm) => hopsOf(arm.clause)));
  if (clause.kind === 'has') return 1 + hopsOf(clause.arm.clause);
  if (clause.kind === 'all' || clause.kind === 'any') return Math.max(0, ...clause.clauses.map(hopsOf));
  return clause.kind === 'not' ? hopsOf(clause.clause) : 0;
};

/** Of a view of one type, what is of another is not looked at. */
const otherThan = (equal: readonly Match[], onlyType: string | undefined): readonly Match[] => [
  {
    ...{ start: '', except: equal },
    ...(onlyType === undefined ? {} : { tests: [{ nth: 2, test: 'is', text: onlyType }] }),
  },
];

const isCanonical = (type: string, code: string, { parameters, foundTypes }: ConditionNeeds): boolean => {
  const parameter = parameters(type).all.get(code);
  return parameter !== undefined && foundTypes(type, parameter).has('canonical');
};

const hasFamilies = (type: string, code: string, { parameters, foundTypes }: ConditionNeeds): boolean => {
  const parameter = parameters(type).all.get(code);
  return code === 'family' || (parameter !== undefined && foundTypes(type, parameter).has('HumanName'));
};

const ofParameter = (type: string, clause: OfCode, needs: ConditionNeeds): Condition => {
  const described = needs.parameters(type);
  const { code } = clause;
  const found = lookedUp(described, code);
  const { keys, besides, order } = found;
  switch (clause.kind) {
    case 'date':
      return { kind: 'spans', keys, values: clause.values };
    case 'near':
      return { kind: 'near', key: keys[0] ?? 0, values: clause.values };
    case 'missing': {
      const present = presence(described, code, found);
      return clause.missing ? { kind: 'not', condition: present } : present;
    }
    case 'composite':
      return compositeCondition(type, clause, found.composite ?? { rooted: undefined, elements: [] }, needs);
    case 'token-text':
      return { kind: 'text', where: { shown: code }, tests: clause.values.map(shownTest) };
    case 'chain': {
      const arms = clause.arms.map((arm) => armCondition(arm, needs));
      // R4 search.html#contained: a chained condition is evaluated inside contained resources too.
      const within = clause.arms.flatMap((arm, nth) => (hopsOf(arm.clause) <= mostHopsWithin ? (arms[nth] ?? []) : []));
      const chain: Condition = { kind: 'chain', keys, arms, isCanonical: isCanonical(type, code, needs) };
      if (within.length === 0) return chain;
      return {
        kind: 'any',
        conditions: [chain, { kind: 'contained', keys, arms: within }],
      };
    }
    case 'identifier':
    case 'of-type':
      return {
        kind: 'words',
        keys: besides,
        order: 'plain',
        matches: matchesOf(clause, needs.units, found.onlyType) ?? [],
      };
    case 'in':
    case 'subsumed':
      throw invalid(code, `the values of ${code} were not looked up in the terminology`);
    case 'string':
      return stringCondition(clause, { kind: 'words', keys, order }, hasFamilies(type, code, needs) ? besides : []);
    case 'number':
    case 'quantity':
    case 'reference':
    case 'token':
    case 'uri': {
      if (clause.kind === 'reference' && clause.direction)
        throw invalid(code, `what is ${clause.direction} the values of ${code} was not looked up`);
      const equal = wordMatches(type, clause, needs, found.onlyType) ?? [];
      const matches = 'unequal' in clause && clause.unequal ? otherThan(equal, found.onlyType) : equal;
      return { kind: 'words', keys, order, matches, narrow: isNarrow(clause, found.onlyType) };
    }
  }
};

const conditionOf = (type: string, clause: Clause, needs: ConditionNeeds): Condition => {
  switch (clause.kind) {
    case 'id':
      return { kind: 'ids', ids: clause.ids };
    case 'updated':
      return { kind: 'updated', values: clause.values };
    case 'list': {
      const item = lookedUp(needs.parameters('List'), 'item');
      const arm: ArmCondition = { type: 'List', condition: { kind: 'ids', ids: clause.ids } };
      return { kind: 'has', keys: item.keys, arm, isCanonical: false };
    }
    case 'contained': {
      const each = clause.arms.map((arm): Condition => {
        const keys = [holdingKey(arm.type)];
        return { kind: 'contained', keys, arms: [armCondition(arm, needs)] };
      });
      return { kind: 'any', conditions: each };
    }
    case 'has': {
      const { keys } = lookedUp(needs.parameters(clause.arm.type), clause.code);
      const arm = armCondition(clause.arm, needs);
      return { kind: 'has', keys, arm, isCanonical: isCanonical(clause.arm.type, clause.code, needs) };
    }
    case 'words':
      return {
        kind: 'text',
        where: clause.where,
        tests: clause.values.map((value) => textTest(clause.where === 'narrative' ? '_text' : '_content', value)),
      };
    case 'all':
    case 'any':
      return { kind: clause.kind, conditions: clause.clauses.map((each) => conditionOf(type, each, needs)) };
    case 'not':
      return { kind: 'not', condition: conditionOf(type, clause.clause, needs) };
    case 'chain':
    case 'composite':
    case 'date':
    case 'identifier':
    case 'in':
    case 'missing':
    case 'near':
    case 'number':
    case 'of-type':
    case 'quantity':
    case 'reference':
    case 'string':
    case 'subsumed':
    case 'token':
    case 'token-text':
    case 'uri':
      return ofParameter(type, clause, needs);
  }
};

export const conditionsOf = (type: string, clauses: readonly Clause[], needs: ConditionNeeds): Condition[] =>
  clauses.map((clause) => conditionOf(type, clause, needs));
