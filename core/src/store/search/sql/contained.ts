/** Tests of resources that are contained in another, by the words that stand in the row of the one that holds them. */
import { ridRange } from '../../rid.ts';
import { heldIdKey, heldKey, heldKeys, linkWord, places } from '../../index/held.ts';
import type { ArmCondition, Condition } from '../conditions.ts';
import { spanMatches } from '../span-matches.ts';
import { allOf, anyOf, keysSql, type Context } from './bind.ts';
import { elementSql, exists, nearSql, one, selects, wordsSql, type Columns, type Of } from './entries.ts';
import { canLead, rankOf } from './rank.ts';

/** What is asked of resources that stand for themselves. */
export interface Probes {
  readonly ledTo: (value: string, arm: ArmCondition, isCanonical: boolean, context: Context) => string;
  readonly probeOf: (
    type: string,
    condition: Condition,
    candidate: { readonly rid: string },
    context: Context,
  ) => string;
}

/** The row of the holder and the place in it, as SQL. */
interface Held {
  readonly rid: string;
  readonly place: string;
}

/** A row of words that lead from one place of a resource to another. */
const linked = (
  keys: readonly number[],
  type: string,
  { bind, alias }: Context,
  also: (name: string) => string,
): string => {
  const w = alias('w');
  return exists(
    `select 1 from word ${w} where ${w}.tenant = $1 and ${keysSql(keys, w, bind)} and ${w}.value = ${bind(linkWord(type))} and ${w}.at >= ${places} and ${also(w)}`,
  );
};

const hasProbe = (type: string, { keys, arm }: Of<'has'>, held: Held, context: Context, probes: Probes): string => {
  const { rid, place } = held;
  const toHere = (name: string): string => `${name}.rid = ${rid} and ${name}.at / ${places} = ${place}`;
  const holder = linked(
    keys,
    type,
    context,
    (w) =>
      `${toHere(w)} and ${w}.at % ${places} = 0 and ${probes.probeOf(arm.type, arm.condition, { rid: `${w}.rid` }, context)}`,
  );
  const beside = linked(heldKeys(keys), type, context, (w) => {
    const there = { rid: `${w}.rid`, place: `(${w}.at % ${places})` };
    return `${toHere(w)} and ${heldProbe(arm.type, arm.condition, there, context, probes)}`;
  });
  return anyOf([holder, beside]);
};

const heldProbe = (type: string, condition: Condition, held: Held, context: Context, probes: Probes): string => {
  const { rid, place } = held;
  const { bind } = context;
  const here: Columns = (name) => ` and ${name}.rid = ${rid} and ${name}.at % ${places} = ${place}`;
  const each = (inner: Condition): string => heldProbe(type, inner, held, context, probes);
  switch (condition.kind) {
    case 'ids': {
      if (condition.ids.length === 0) return 'false';
      const matches = condition.ids.map((exact) => ({ exact }));
      return exists(wordsSql({ keys: [heldKey(heldIdKey(type))], matches }, one, here, context));
    }
    case 'words':
      return exists(wordsSql({ keys: heldKeys(condition.keys), matches: condition.matches }, one, here, context));
    case 'spans': {
      const matches = condition.values.flatMap((value) => spanMatches(value, context.now));
      return exists(wordsSql({ keys: heldKeys(condition.keys), matches }, one, here, context));
    }
    case 'near':
      return exists(nearSql({ ...condition, key: heldKey(condition.key) }, one, here, context));
    case 'present':
      return exists(selects('word', one, heldKeys(condition.place.keys), here, () => ['true'], context));
    case 'element': {
      const parts = condition.parts.map(({ key, matches }) => ({ key: heldKey(key), matches }));
      return exists(elementSql({ kind: 'element', parts }, one, here, context));
    }
    case 'chain': {
      const w = context.alias('w');
      const led = anyOf(condition.arms.map((arm) => probes.ledTo(`${w}.value`, arm, condition.isCanonical, context)));
      return exists(
        `select 1 from word ${w} where ${w}.tenant = $1 and ${keysSql(heldKeys(condition.keys), w, bind)}${here(w)} and ${led}`,
      );
    }
    case 'contained':
      return anyOf(
        condition.arms.map((arm) =>
          linked(heldKeys(condition.keys), arm.type, context, (w) => {
            const there = { rid: `${w}.rid`, place: `(${w}.at / ${places})` };
            return `true${here(w)} and ${heldProbe(arm.type, arm.condition, there, context, probes)}`;
          }),
        ),
      );
    case 'has':
      return hasProbe(type, condition, held, context, probes);
    case 'updated':
    case 'text':
      return probes.probeOf(type, condition, { rid }, context);
    case 'all':
      return allOf(['true', ...condition.conditions.map(each)]);
    case 'any':
      return anyOf(['false', ...condition.conditions.map(each)]);
    case 'not':
      return `not ${heldProbe(type, condition.condition, held, { ...context, negated: !context.negated }, probes)}`;
  }
};

export const containedProbe = (
  { keys, arms }: Of<'contained'>,
  rid: string,
  context: Context,
  probes: Probes,
): string =>
  anyOf(
    arms.map(({ type, condition }) =>
      linked(keys, type, context, (w) => {
        const there = { rid: `${w}.rid`, place: `(${w}.at / ${places})` };
        return `${w}.rid = ${rid} and ${heldProbe(type, condition, there, context, probes)}`;
      }),
    ),
  );

/** The words that tell most of what is contained. */
const leadOf = (condition: Condition): Of<'words'> | undefined => {
  if (condition.kind === 'words') return canLead(condition) ? condition : undefined;
  if (condition.kind !== 'all') return undefined;
  const leads = condition.conditions.flatMap((each) => leadOf(each) ?? []);
  return leads.toSorted((a, b) => rankOf(a) - rankOf(b))[0];
};

/** The rows of `holder` that hold what satisfies an arm, some perhaps more than once. */
export const containedSet = (
  holder: string,
  { keys, arms }: Of<'contained'>,
  context: Context,
  probes: Probes,
): string => {
  const { bind } = context;
  const rids: Columns = (name) => `${name}.rid`;
  const [low, high] = ridRange(holder);
  const isHolder: Columns = (name) => ` and ${name}.rid >= ${bind(low)}::int8 and ${name}.rid < ${bind(high)}::int8`;
  return arms
    .map(({ type, condition }) => {
      const test = (rid: string, place: string): string => heldProbe(type, condition, { rid, place }, context, probes);
      const lead = leadOf(condition);
      if (!lead)
        return selects(
          'word',
          rids,
          keys,
          (name) => `${isHolder(name)} and ${test(`${name}.rid`, `(${name}.at / ${places})`)}`,
          (name) => [`${name}.value = ${bind(linkWord(type))} and ${name}.at >= ${places}`],
          context,
        );
      const d = context.alias('d');
      const words = { keys: heldKeys(lead.keys), matches: lead.matches };
      const led = wordsSql(words, (name) => `${name}.rid, ${name}.at % ${places} as place`, isHolder, context);
      const held = linked(keys, type, context, (w) => `${w}.rid = ${d}.rid and ${w}.at / ${places} = ${d}.place`);
      return `select ${d}.rid from (${led}) ${d} where ${held} and ${test(`${d}.rid`, `${d}.place`)}`;
    })
    .join(' union all ');
};
