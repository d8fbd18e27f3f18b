/** Decides in memory whether a resource satisfies the conditions of a search, by the same entries that the index holds; what lies behind references it asks the world that it is given. */
import type { DateValue, NearValue } from '../../fhir/search/query.ts';
import { contentTexts, narrativeText, wordsOf } from '../../fhir/search/text-query.ts';
import type { Resource } from '../../fhir/body.ts';
import type { Entries, Span, Word } from '../change.ts';
import { linkedPlaces, placesIn } from '../index/held.ts';
import { canonicalKey } from '../index/parameter-key.ts';
import { referenceOfWord, referenceWord, seam } from '../index/words.ts';
import type { ArmCondition, Condition, Where } from './conditions.ts';
import type { Match, PartTest } from './match.ts';

export interface Subject {
  readonly type: string;
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly updated: number;
  readonly resource: Resource;
  readonly entries: Entries;
  /** The texts that a token parameter shows to people. */
  readonly shown: (code: string) => readonly string[];
  /** What it contains, by the place: without it nothing is looked for there. */
  readonly contained?: (place: number) => Subject | undefined;
  /** Of what is contained: where. */
  readonly within?: { readonly holder: Subject; readonly place: number };
}

/** What can be reached from a resource. */
export interface World {
  readonly resolve: (type: string, id: string) => Promise<Subject | undefined>;
  /** Those of `type` of which a word is the own address. */
  readonly named: (type: string, word: string) => Promise<Subject[]>;
  /** Resources of `type` in which one of these words stands under one of these keys. */
  readonly referring: (type: string, keys: readonly number[], words: readonly string[]) => Promise<Subject[]>;
  /** Whether a resource that is led to satisfies a condition: a world that can ask the index need not read it. */
  readonly holds?: (type: string, found: Condition, condition: Condition) => Promise<boolean>;
  readonly now: number;
}

const isPart = ({ nth, test, text }: PartTest, parts: readonly string[]): boolean => {
  const part = parts[nth - 1] ?? '';
  const tests: Readonly<Record<PartTest['test'], () => boolean>> = {
    is: () => part === text,
    same: () => part.replace(/[A-Z]/g, (letter) => letter.toLowerCase()) === text,
    has: () => part.includes(text),
    ends: () => part.endsWith(text),
    below: () => part < text,
    atLeast: () => part >= text,
  };
  return tests[test]();
};

const isAscii = /^[\0-\x7f]*$/;

/** In the order of the database, which is that of the bytes. */
const isBefore = (a: string, b: string): boolean =>
  isAscii.test(a) && isAscii.test(b) ? a < b : Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0;

const isWithin = (match: Match, value: string): boolean => {
  if ('exact' in match) return value === match.exact;
  if ('from' in match) return !isBefore(value, match.from) && isBefore(value, match.to);
  return value.startsWith(match.start);
};

const isMatch = (match: Match, value: string): boolean => {
  if (!isWithin(match, value)) return false;
  const { tests, except = [] } = match;
  if (except.some((other) => isMatch(other, value))) return false;
  if (!tests) return true;
  const parts = value.split(seam);
  return tests.every((test) => isPart(test, parts));
};

const someWord = (words: readonly Word[], keys: readonly number[], matches: readonly Match[]): boolean =>
  words.some(({ param, value }) => keys.includes(param) && matches.some((match) => isMatch(match, value)));

/** R4 search.html#prefix, of a stored range against the range that was asked for. */
const isSpan = ({ prefix, low, high }: DateValue, span: Pick<Span, 'low' | 'high'>, now: number): boolean => {
  const within = span.low >= low && span.high <= high;
  switch (prefix) {
    case 'eq':
      return within;
    case 'ne':
      return !within;
    case 'gt':
      return span.high > high;
    case 'ge':
      return span.high > high || within;
    case 'lt':
      return span.low < low;
    case 'le':
      return span.low < low || within;
    case 'sa':
      return span.low > high;
    case 'eb':
      return span.high < low;
    case 'co':
      return span.low <= low && span.high >= high;
    case 'po':
      return span.low <= high && span.high >= low;
    case 'ap': {
      const slack = Math.abs(now - (low + high) / 2) / 10;
      return span.low <= Math.ceil(high + slack) && span.high >= Math.floor(low - slack);
    }
  }
};

/** `updated` is one moment, and nothing is approximate about it. */
const isUpdated = (value: DateValue, updated: number): boolean =>
  isSpan(value.prefix === 'ap' ? { ...value, prefix: 'eq' } : value, { low: updated, high: updated }, 0);

const earthKilometres = 6_371.0088;
const radians = (degrees: number): number => (degrees * Math.PI) / 180;

const isNear = ({ latitude, longitude, kilometres }: NearValue, place: string): boolean => {
  const [lat = 0, lon = 0] = place.split(seam).map(Number);
  const [dLat, dLon] = [radians(lat - latitude), radians(lon - longitude)];
  const h = Math.sin(dLat / 2) ** 2 + Math.cos(radians(latitude)) * Math.cos(radians(lat)) * Math.sin(dLon / 2) ** 2;
  return 2 * earthKilometres * Math.asin(Math.min(1, Math.sqrt(h))) <= kilometres;
};

const isElement = ({ parts }: Extract<Condition, { kind: 'element' }>, { words }: Entries): boolean => {
  const [first, ...rest] = parts;
  if (!first) return false;
  return words.some(
    ({ param, value, at }) =>
      param === first.key &&
      first.matches.some((match) => isMatch(match, value)) &&
      rest.every(({ key, matches }) =>
        words.some(
          (word) => word.param === key && word.at === at && matches.some((match) => isMatch(match, word.value)),
        ),
      ),
  );
};

const narrativeOf = ({ text }: Resource): string => {
  const div = typeof text === 'object' && text !== null && 'div' in text ? text.div : undefined;
  return typeof div === 'string' ? narrativeText(div) : '';
};

const textsOf = (where: Where, { resource, shown }: Subject): readonly (readonly string[])[] => {
  if (typeof where === 'object') return shown(where.shown).map(wordsOf);
  if (where === 'narrative') return [wordsOf(narrativeOf(resource))];
  // No phrase goes from one text into the next.
  return [contentTexts(resource).flatMap((each) => [...wordsOf(each), ''])];
};

const isText = ({ where, tests }: Extract<Condition, { kind: 'text' }>, subject: Subject): boolean =>
  textsOf(where, subject).some((words) => tests.some((test) => test(words)));

const some = async <T>(items: readonly T[], test: (item: T) => Promise<boolean>): Promise<boolean> => {
  for (const item of items) if (await test(item)) return true;
  return false;
};

/** What a resource is found by that is named by its own address. */
export const namedBy = (type: string, word: string): Condition => ({
  ...{ kind: 'words', keys: [canonicalKey(type)], order: 'plain', matches: [{ exact: word }] },
});

const leads = async (
  { keys, arms, isCanonical }: Extract<Condition, { kind: 'chain' }>,
  { entries }: Subject,
  world: World,
): Promise<boolean> => {
  const words = entries.words.filter(({ param }) => keys.includes(param)).map(({ value }) => value);
  const targets = words.flatMap((value) => referenceOfWord(value).target ?? []);
  const addresses = isCanonical ? words.filter((value) => referenceOfWord(value).target === undefined) : [];
  const isLed = async ({ type, condition }: ArmCondition): Promise<boolean> => {
    const ids = targets.filter((target) => target.type === type).map(({ id }) => id);
    const { holds } = world;
    if (holds)
      return (
        (await some(ids, (id) => holds(type, { kind: 'ids', ids: [id] }, condition))) ||
        some(addresses, (word) => holds(type, namedBy(type, word), condition))
      );
    const byId = async (id: string): Promise<boolean> => {
      const subject = await world.resolve(type, id);
      return subject !== undefined && satisfies(condition, subject, world);
    };
    const byAddress = async (word: string): Promise<boolean> =>
      some(await world.named(type, word), (subject) => satisfies(condition, subject, world));
    return (await some(ids, byId)) || some(addresses, byAddress);
  };
  return some(arms, isLed);
};

/** By which words others refer to it. */
const wordsTo = ({ type, id, entries }: Subject, isCanonical: boolean): string[] => {
  const key = canonicalKey(type);
  const addresses = isCanonical ? entries.words.filter(({ param }) => param === key).map(({ value }) => value) : [];
  return [referenceWord(type, id), ...addresses];
};

export const refersBy = (keys: readonly number[], words: readonly string[]): Condition => ({
  ...{ kind: 'words', keys, order: 'mixed', matches: words.map((exact) => ({ exact })) },
});

const leadsWithin = (
  { keys, arms }: Extract<Condition, { kind: 'contained' }>,
  { entries, contained }: Subject,
  world: World,
): Promise<boolean> =>
  some(arms, ({ type, condition }) =>
    some(linkedPlaces(entries.words, keys, type), async (place) => {
      const subject = contained?.(place);
      return subject !== undefined && satisfies(condition, subject, world);
    }),
  );

/** Whoever contains it, and what is contained beside it. */
const referringWithin = (
  { keys, arm }: Extract<Condition, { kind: 'has' }>,
  type: string,
  { holder, place }: NonNullable<Subject['within']>,
): Subject[] =>
  [holder, ...placesIn(holder.entries).flatMap((each) => holder.contained?.(each) ?? [])].filter(
    (each) => each.type === arm.type && linkedPlaces(each.entries.words, keys, type).includes(place),
  );

export const satisfies = async (condition: Condition, subject: Subject, world: World): Promise<boolean> => {
  const { entries } = subject;
  switch (condition.kind) {
    case 'ids':
      return condition.ids.includes(subject.id);
    case 'updated':
      return condition.values.some((value) => isUpdated(value, subject.updated));
    case 'words':
      return someWord(entries.words, condition.keys, condition.matches);
    case 'spans':
      return entries.spans.some(
        (span) =>
          condition.keys.includes(span.param) && condition.values.some((value) => isSpan(value, span, world.now)),
      );
    case 'near':
      return entries.words.some(
        ({ param, value }) => param === condition.key && condition.values.some((near) => isNear(near, value)),
      );
    case 'present': {
      const { table, keys } = condition.place;
      const rows: readonly { readonly param: number }[] = table === 'word' ? entries.words : entries.spans;
      return rows.some(({ param }) => keys.includes(param));
    }
    case 'element':
      return isElement(condition, entries);
    case 'chain':
      return leads(condition, subject, world);
    case 'contained':
      return leadsWithin(condition, subject, world);
    case 'has': {
      const { arm, keys, isCanonical } = condition;
      const words = wordsTo(subject, isCanonical);
      if (world.holds && !subject.within) return world.holds(arm.type, refersBy(keys, words), arm.condition);
      const referring = subject.within
        ? referringWithin(condition, subject.type, subject.within)
        : await world.referring(arm.type, keys, words);
      return some(referring, (each) => satisfies(arm.condition, each, world));
    }
    case 'text':
      return isText(condition, subject);
    case 'all':
      return !(await some(condition.conditions, async (each) => !(await satisfies(each, subject, world))));
    case 'any':
      return some(condition.conditions, (each) => satisfies(each, subject, world));
    case 'not':
      return !(await satisfies(condition.condition, subject, world));
  }
};

export const satisfiesAll = async (
  conditions: readonly Condition[],
  subject: Subject,
  world: World,
): Promise<boolean> => satisfies({ kind: 'all', conditions }, subject, world);
