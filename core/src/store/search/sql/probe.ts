/** Each condition as a test of one candidate. */
import { typeCode } from '../../../fhir/resource-types.ts';
import { canonicalKey } from '../../index/parameter-key.ts';
import type { ArmCondition, Condition } from '../conditions.ts';
import { allOf, anyOf, keysSql, type Context } from './bind.ts';
import { elementSql, exists, nearSql, one, selects, spansSql, wordsSql, type Columns, type Of } from './entries.ts';
import { containedProbe, type Probes } from './contained.ts';
import { updatedArm } from './matches.ts';

/** What is held against a condition: a row id in SQL, and the resource's own row where it is at hand. */
export interface Candidate {
  readonly rid: string;
  /** The resource's own date, where it is at hand. */
  readonly at?: string;
  /** The alias of the resource's row. */
  readonly row?: string;
}

const ofRid =
  (rid: string): Columns =>
  (name) =>
    ` and ${name}.rid = ${rid}`;

/** The resource of an arm that a word leads to which is its own address. */
const named = (value: string, { type, condition }: ArmCondition, context: Context): string => {
  const c = context.alias('c');
  const key = `${context.bind(canonicalKey(type))}::int4`;
  const test = probeOf(type, condition, { rid: `${c}.rid` }, context);
  return exists(
    `select 1 from word ${c} where ${c}.tenant = $1 and ${c}.param = ${key} and ${c}.value = ${value} and ${test}`,
  );
};

/** The resource of an arm that a reference word leads to. */
const ledTo = (value: string, arm: ArmCondition, isCanonical: boolean, context: Context): string => {
  if (isCanonical) return anyOf([ledTo(value, arm, false, context), named(value, arm, context)]);
  const { type, condition } = arm;
  const t = context.alias('t');
  const name = context.bind(`\u0001${type}`);
  const test = probeOf(type, condition, { rid: `${t}.rid`, at: `${t}.at`, row: t }, context);
  return exists(
    `select 1 from resource ${t} where ${t}.tenant = $1 and ${t}.type = ${context.bind(typeCode(type))}::int2 ` +
      `and ${t}.id = split_part(${value}, chr(1), 1) and ${value} = ${t}.id || ${name}::text and not ${t}.deleted and ${test}`,
  );
};

const chainProbe = ({ keys, arms, isCanonical }: Of<'chain'>, { rid }: Candidate, context: Context): string => {
  const w = context.alias('w');
  const led = anyOf(arms.map((arm) => ledTo(`${w}.value`, arm, isCanonical, context)));
  return exists(
    `select 1 from word ${w} where ${w}.tenant = $1 and ${keysSql(keys, w, context.bind)} and ${w}.rid = ${rid} and ${led}`,
  );
};

/** Where the row itself is needed and only its id is at hand. */
const withRow = (candidate: Candidate, context: Context, work: (row: string) => string): string => {
  if (candidate.row !== undefined) return work(candidate.row);
  const r = context.alias('r');
  return exists(`select 1 from resource ${r} where ${r}.tenant = $1 and ${r}.rid = ${candidate.rid} and ${work(r)}`);
};

const hasProbe = (
  type: string,
  { keys, arm, isCanonical }: Of<'has'>,
  candidate: Candidate,
  context: Context,
): string => {
  const referring = (value: string): string => {
    const w = context.alias('w');
    const test = probeOf(arm.type, arm.condition, { rid: `${w}.rid` }, context);
    const isTo = `${keysSql(keys, w, context.bind)} and ${w}.value = ${value}`;
    return exists(`select 1 from word ${w} where ${w}.tenant = $1 and ${isTo} and ${test}`);
  };
  const byId = withRow(candidate, context, (row) => referring(`${row}.id || ${context.bind(`\u0001${type}`)}::text`));
  if (!isCanonical) return byId;
  const c = context.alias('c');
  const key = `${context.bind(canonicalKey(type))}::int4`;
  const byAddress = exists(
    `select 1 from word ${c} where ${c}.tenant = $1 and ${c}.param = ${key} and ${c}.rid = ${candidate.rid} and ${referring(`${c}.value`)}`,
  );
  return anyOf([byId, byAddress]);
};

const places = { dated: (at: string) => `= ${at}`, plain: () => '= 0', mixed: (at: string) => `in (0, ${at})` };

/** Of exact values the whole key is known where the resource's date is: that index holds all that is needed. */
const wordsProbe = (condition: Of<'words'>, { rid, at }: Candidate, context: Context): string => {
  const isExact = condition.matches.every((match) => 'exact' in match && !match.tests);
  const place = at === undefined && condition.order !== 'plain' ? undefined : places[condition.order](at ?? '');
  const also: Columns = (name) =>
    isExact && place !== undefined ? ` and ${name}.at ${place} and ${name}.rid = ${rid}` : ` and ${name}.rid = ${rid}`;
  return exists(wordsSql(condition, one, also, context));
};

export const probeOf = (type: string, condition: Condition, candidate: Candidate, context: Context): string => {
  const { rid } = candidate;
  const { bind } = context;
  switch (condition.kind) {
    case 'ids':
      return withRow(candidate, context, (row) => `${row}.id = any(${bind(condition.ids)}::text[])`);
    case 'updated':
      return withRow(candidate, context, (row) => anyOf(condition.values.map((value) => updatedArm(value, row, bind))));
    case 'words':
      return wordsProbe(condition, candidate, context);
    case 'spans':
      return exists(spansSql(condition, one, ofRid(rid), context));
    case 'near':
      return exists(nearSql(condition, one, ofRid(rid), context));
    case 'present': {
      const { table, keys } = condition.place;
      return exists(selects(table, one, keys, ofRid(rid), () => ['true'], context));
    }
    case 'element':
      return exists(elementSql(condition, one, ofRid(rid), context));
    case 'chain':
      return chainProbe(condition, candidate, context);
    case 'contained':
      return containedProbe(condition, rid, context, probes);
    case 'has':
      return hasProbe(type, condition, candidate, context);
    case 'text':
      // Looked for in what has been found: here it may be true, and behind a not it may be false.
      return context.negated ? 'false' : 'true';
    case 'all':
      return allOf(['true', ...condition.conditions.map((each) => probeOf(type, each, candidate, context))]);
    case 'any':
      return anyOf(['false', ...condition.conditions.map((each) => probeOf(type, each, candidate, context))]);
    case 'not':
      return `not ${probeOf(type, condition.condition, candidate, { ...context, negated: !context.negated })}`;
  }
};

/** What the test of a contained resource asks of those that stand for themselves. */
export const probes: Probes = { ledTo, probeOf };
