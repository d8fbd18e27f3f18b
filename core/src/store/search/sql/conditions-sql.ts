/** Each condition in its two forms: as a test of one candidate, and as the set of all rows that satisfy it. */
import { typeCode } from '../../../fhir/resource-types.ts';
import { ridRange } from '../../rid.ts';
import type { ArmCondition, Condition } from '../conditions.ts';
import { allOf, anyOf, fence, keysSql, type Context } from './bind.ts';
import { nearArm, spanArms, updatedArm, wordArms } from './matches.ts';

/** What is held against a condition: a row id in SQL, and the resource's own row where it is at hand. */
export interface Candidate {
  readonly rid: string;
  /** The resource's own date, where it is at hand. */
  readonly at?: string;
  /** The alias of the resource's row. */
  readonly row?: string;
}

type Of<K extends Condition['kind']> = Extract<Condition, { kind: K }>;

/** `matching` adds what is asked of each entry; one select for each way to match. */
const selects = (
  table: 'word' | 'span',
  columns: (alias: string) => string,
  keys: readonly number[],
  also: (alias: string) => string,
  arms: (alias: string) => readonly string[],
  { alias, bind }: Context,
): string => {
  const name = alias(table.charAt(0));
  return arms(name)
    .map(
      (arm) =>
        `select ${columns(name)} from ${table} ${name} where ${name}.tenant = $1 and ${keysSql(keys, name, bind)} and ${arm}${also(name)}`,
    )
    .join(' union all ');
};

type Columns = (alias: string) => string;

const wordsSql = (
  { keys, matches }: Pick<Of<'words'>, 'keys' | 'matches'>,
  columns: Columns,
  also: Columns,
  context: Context,
): string => selects('word', columns, keys, also, (name) => wordArms(matches, name, context.bind), context);

const spansSql = ({ keys, values }: Of<'spans'>, columns: Columns, also: Columns, context: Context): string =>
  selects('span', columns, keys, also, (name) => values.flatMap((value) => spanArms(value, name, context)), context);

const nearSql = ({ key, values }: Of<'near'>, columns: Columns, also: Columns, context: Context): string =>
  selects('word', columns, [key], also, (name) => values.map((value) => nearArm(value, name, context.bind)), context);

const one: Columns = () => '1';
const nothingElse: Columns = () => '';
const ofRid =
  (rid: string): Columns =>
  (name) =>
    ` and ${name}.rid = ${rid}`;
const rids: Columns = (name) => `${name}.rid`;

const exists = (select: string): string => `exists (${select}${fence})`;

/** The other parts of the element that `first` belongs to. */
const besides = (parts: Of<'element'>['parts'], first: string, context: Context): string =>
  parts
    .map(({ key, matches }) => {
      const sameElement: Columns = (name) => ` and ${name}.rid = ${first}.rid and ${name}.at = ${first}.at`;
      return ` and ${exists(wordsSql({ keys: [key], matches }, one, sameElement, context))}`;
    })
    .join('');

const elementSql = ({ parts }: Of<'element'>, columns: Columns, also: Columns, context: Context): string => {
  const [first, ...rest] = parts;
  if (!first) return `select null where false`;
  return wordsSql(
    { keys: [first.key], matches: first.matches },
    columns,
    (name) => `${also(name)}${besides(rest, name, context)}`,
    context,
  );
};

/** The resource of an arm that a reference word leads to. */
const ledTo = (value: string, { type, condition }: ArmCondition, context: Context): string => {
  const t = context.alias('t');
  const name = context.bind(`\u0001${type}`);
  const test = probeOf(type, condition, { rid: `${t}.rid`, at: `${t}.at`, row: t }, context);
  return exists(
    `select 1 from resource ${t} where ${t}.tenant = $1 and ${t}.type = ${context.bind(typeCode(type))}::int2 ` +
      `and ${t}.id = split_part(${value}, chr(1), 1) and ${value} = ${t}.id || ${name}::text and not ${t}.deleted and ${test}`,
  );
};

const chainProbe = ({ keys, arms }: Of<'chain'>, { rid }: Candidate, context: Context): string => {
  const w = context.alias('w');
  const led = anyOf(arms.map((arm) => ledTo(`${w}.value`, arm, context)));
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

const hasProbe = (type: string, { keys, arm }: Of<'has'>, candidate: Candidate, context: Context): string =>
  withRow(candidate, context, (row) => {
    const w = context.alias('w');
    const test = probeOf(arm.type, arm.condition, { rid: `${w}.rid` }, context);
    return exists(
      `select 1 from word ${w} where ${w}.tenant = $1 and ${keysSql(keys, w, context.bind)} ` +
        `and ${w}.value = ${row}.id || ${context.bind(`\u0001${type}`)}::text and ${test}`,
    );
  });

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

/** What a condition is expected to let through, by its kind alone; lower leads. */
export const rankOf = (condition: Condition): number => {
  switch (condition.kind) {
    case 'ids':
      return 0;
    case 'words':
      if (condition.matches.every((match) => 'exact' in match)) return condition.order === 'plain' ? 1 : 2;
      return condition.matches.every((match) => !('start' in match) || match.start !== '') ? 4 : 9;
    case 'element':
      return (
        3 +
        Math.min(
          ...condition.parts.map(({ key, matches }) => rankOf({ kind: 'words', keys: [key], order: 'plain', matches })),
        )
      );
    case 'spans':
      return condition.values.every(({ prefix }) => prefix !== 'ne') ? 5 : 10;
    case 'near':
      return 6;
    case 'chain':
      return 2 + Math.max(...condition.arms.map((arm) => rankOf(arm.condition)));
    case 'has':
      return 2 + rankOf(condition.arm.condition);
    case 'all':
      return Math.min(99, ...condition.conditions.map(rankOf));
    case 'any':
      return Math.max(0, ...condition.conditions.map(rankOf));
    case 'present':
      return 12;
    case 'updated':
    case 'text':
    case 'not':
      return 99;
  }
};

/** Above this a condition cannot be read as a set, or only as nearly everything. */
const leastSelective = 20;

export const canLead = (condition: Condition): boolean => rankOf(condition) < leastSelective;

const selectIds = (ids: readonly string[], type: string, { alias, bind }: Context): string => {
  const r = alias('r');
  return `select ${r}.rid from resource ${r} where ${r}.tenant = $1 and ${r}.type = ${bind(typeCode(type))}::int2 and ${r}.id = any(${bind(ids)}::text[])`;
};

/** From the resources that satisfy an arm to those that refer to them. */
const chainSet = ({ keys, arms }: Of<'chain'>, context: Context): string =>
  arms
    .map(({ type, condition }) => {
      const [d, t, w] = [context.alias('d'), context.alias('t'), context.alias('w')];
      const target = context.bind(`\u0001${type}`);
      return (
        `select ${w}.rid from (${setOf(type, condition, context)}) ${d} ` +
        `join lateral (select ${t}.id from resource ${t} where ${t}.tenant = $1 and ${t}.rid = ${d}.rid and not ${t}.deleted${fence}) ${t} on true ` +
        `join lateral (select ${w}.rid from word ${w} where ${w}.tenant = $1 and ${keysSql(keys, w, context.bind)} and ${w}.value = ${t}.id || ${target}::text${fence}) ${w} on true`
      );
    })
    .join(' union all ');

/** From the resources that satisfy the arm to those of `type` that they refer to. */
const hasSet = (type: string, { keys, arm }: Of<'has'>, context: Context): string => {
  const [d, w, r] = [context.alias('d'), context.alias('w'), context.alias('r')];
  const { bind } = context;
  return (
    `select ${r}.rid from (${setOf(arm.type, arm.condition, context)}) ${d} ` +
    `join lateral (select ${w}.value from word ${w} where ${w}.tenant = $1 and ${keysSql(keys, w, bind)} and ${w}.rid = ${d}.rid${fence}) ${w} on true ` +
    `join lateral (select ${r}.rid from resource ${r} where ${r}.tenant = $1 and ${r}.type = ${bind(typeCode(type))}::int2 ` +
    `and ${r}.id = split_part(${w}.value, chr(1), 1) and ${w}.value = ${r}.id || ${bind(`\u0001${type}`)}::text${fence}) ${r} on true`
  );
};

const allSet = (type: string, conditions: readonly Condition[], context: Context): string => {
  const [first, ...rest] = conditions.toSorted((a, b) => rankOf(a) - rankOf(b));
  const d = context.alias('d');
  const tests = rest.map((each) => probeOf(type, each, { rid: `${d}.rid` }, context));
  const set = first ? setOf(type, first, context) : 'select null::int8 as rid where false';
  return `select ${d}.rid from (${set}) ${d} where ${['true', ...tests].join(' and ')}`;
};

/** All that are of the type: for what no index can lead. */
const scan = (type: string, condition: Condition, context: Context): string => {
  const r = context.alias('r');
  const [low, high] = ridRange(type);
  const test = probeOf(type, condition, { rid: `${r}.rid`, at: `${r}.at`, row: r }, context);
  return `select ${r}.rid from resource ${r} where ${r}.tenant = $1 and ${r}.rid >= ${context.bind(low)}::int8 and ${r}.rid < ${context.bind(high)}::int8 and not ${r}.deleted and ${test}`;
};

/** The row ids of those that satisfy the condition, some perhaps more than once. */
export const setOf = (type: string, condition: Condition, context: Context): string => {
  if (!canLead(condition)) return scan(type, condition, context);
  switch (condition.kind) {
    case 'ids':
      return selectIds(condition.ids, type, context);
    case 'words':
      return wordsSql(condition, rids, nothingElse, context);
    case 'spans':
      return spansSql(condition, rids, nothingElse, context);
    case 'near':
      return nearSql(condition, rids, nothingElse, context);
    case 'element':
      return elementSql(condition, rids, nothingElse, context);
    case 'chain':
      return chainSet(condition, context);
    case 'has':
      return hasSet(type, condition, context);
    case 'present':
      return selects(condition.place.table, rids, condition.place.keys, nothingElse, () => ['true'], context);
    case 'all':
      return allSet(type, condition.conditions, context);
    case 'any':
      return condition.conditions.map((each) => setOf(type, each, context)).join(' union all ');
    case 'not':
    case 'text':
    case 'updated':
      return scan(type, condition, context);
  }
};
