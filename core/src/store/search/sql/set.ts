/** Each condition as the set of all rows that satisfy it. */
import { typeCode } from '../../../fhir/resource-types.ts';
import { canonicalKey } from '../../index/parameter-key.ts';
import { ridRange } from '../../rid.ts';
import type { Condition } from '../conditions.ts';
import { fence, keysSql, type Context } from './bind.ts';
import { elementSql, nearSql, selects, spansSql, wordsSql, type Columns, type Of } from './entries.ts';
import { containedSet } from './contained.ts';
import { probeOf, probes } from './probe.ts';
import { canLead, rankOf } from './rank.ts';

const rids: Columns = (name) => `${name}.rid`;
const nothingElse: Columns = () => '';

const selectIds = (ids: readonly string[], type: string, { alias, bind }: Context): string => {
  const r = alias('r');
  return `select ${r}.rid from resource ${r} where ${r}.tenant = $1 and ${r}.type = ${bind(typeCode(type))}::int2 and ${r}.id = any(${bind(ids)}::text[]) and not ${r}.deleted`;
};

/** The words by which references lead to a row: by its id, and by its own addresses. */
const ledBy = (type: string, rid: string, isCanonical: boolean, context: Context): string => {
  const [t, c] = [context.alias('t'), context.alias('c')];
  const { bind } = context;
  const byId = `select ${t}.id || ${bind(`\u0001${type}`)}::text as value from resource ${t} where ${t}.tenant = $1 and ${t}.rid = ${rid} and not ${t}.deleted`;
  if (!isCanonical) return `${byId}${fence}`;
  const key = `${bind(canonicalKey(type))}::int4`;
  return `${byId} union all select ${c}.value from word ${c} where ${c}.tenant = $1 and ${c}.param = ${key} and ${c}.rid = ${rid}${fence}`;
};

/** From the resources that satisfy an arm to those that refer to them. */
const chainSet = ({ keys, arms, isCanonical }: Of<'chain'>, context: Context): string =>
  arms
    .map(({ type, condition }) => {
      const [d, t, w] = [context.alias('d'), context.alias('t'), context.alias('w')];
      return (
        `select ${w}.rid from (${setOf(type, condition, context)}) ${d} ` +
        `join lateral (${ledBy(type, `${d}.rid`, isCanonical, context)}) ${t} on true ` +
        `join lateral (select ${w}.rid from word ${w} where ${w}.tenant = $1 and ${keysSql(keys, w, context.bind)} and ${w}.value = ${t}.value${fence}) ${w} on true`
      );
    })
    .join(' union all ');

/** From the resources that satisfy the arm to those of `type` that they refer to; one by one, so that whoever needs a few reads no more. */
const hasSet = (type: string, { keys, arm, isCanonical }: Of<'has'>, context: Context): string => {
  const [d, w, r, c] = [context.alias('d'), context.alias('w'), context.alias('r'), context.alias('c')];
  const { bind } = context;
  const byAddress = (): string =>
    ` union all select ${c}.rid from word ${c} where ${c}.tenant = $1 and ${c}.param = ${bind(canonicalKey(type))}::int4 and ${c}.value = ${w}.value`;
  return (
    `select ${r}.rid from (${setOf(arm.type, arm.condition, context)}) ${d} ` +
    `join lateral (select ${w}.value from word ${w} where ${w}.tenant = $1 and ${keysSql(keys, w, bind)} and ${w}.rid = ${d}.rid${fence}) ${w} on true ` +
    `join lateral (select ${r}.rid from resource ${r} where ${r}.tenant = $1 and ${r}.type = ${bind(typeCode(type))}::int2 ` +
    `and ${r}.id = split_part(${w}.value, chr(1), 1) and ${w}.value = ${r}.id || ${bind(`\u0001${type}`)}::text and not ${r}.deleted${isCanonical ? byAddress() : ''}${fence}) ${r} on true`
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
    case 'contained':
      return containedSet(type, condition, context, probes);
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
