/** Makes the index entries of a resource, and the difference between those of two versions. */
import { noEntries, type Entries, type Span, type Target, type Word } from '../change.ts';
import { resourceTypes, typeCode } from '../../fhir/resource-types.ts';
import type { Resource } from '../../fhir/body.ts';
import type { Extractor } from '../../fhir/search/extract.ts';
import type { SearchParameter } from '../../fhir/search-parameter.ts';
import type { ElementExtractor, ElementPart } from '../../fhir/search/composite.ts';
import type { Typed } from '../../fhir/fhirpath/item.ts';
import { orderOf, partKey, placesOf, type ParameterTable } from './parameter-table.ts';
import { besideKey, canonicalKey, linkKey } from './parameter-key.ts';
import { heldIn, heldKey, holdingWords, linkWord, places, spanWord, type Held } from './held.ts';
import {
  familyWords,
  identifierWords,
  longWords,
  shownTexts,
  spansOf,
  thereWords,
  typedIdentifierWords,
  wordTexts,
  type WordNeeds,
} from './typed-values.ts';
import { outsideWord, referenceWord, thereWord } from './words.ts';

/** Compiles the expressions of some parameters of a type. */
export type CompileExtractor = (type: string, parameters: readonly SearchParameter[]) => Extractor;

export interface Indexed {
  readonly entries: Entries;
  /** The resource's own date, 0 where its type has none. */
  readonly at: number;
  /** What it refers to on this server, each once. */
  readonly targets: readonly Target[];
}

export type Index = (type: string, resource: Resource) => Indexed;

/** The texts that people read in what a parameter finds. */
export type Shown = (type: string, resource: Resource, code: string) => readonly string[];

const wordKey = ({ param, value, at }: Word): string => `${param} ${at} ${value}`;
const spanKey = ({ param, long, low, high }: Span): string => `${param} ${long} ${low} ${high}`;

interface PlannedParameter {
  readonly key: number;
  readonly dated: boolean;
  /** Of a token or reference: where identifiers by their type, or in references, are kept. */
  readonly beside: number;
}

/** Compiles how the parts of a composite are taken from each element. */
export type CompileElements = (path: string, parts: readonly ElementPart[]) => ElementExtractor;

interface ElementPlan {
  readonly extract: ElementExtractor;
  readonly parts: readonly { readonly key: number; readonly kind: SearchParameter['type'] }[];
}

interface TypePlan {
  readonly elements: readonly ElementPlan[];
  readonly extract: Extractor;
  readonly parameters: ReadonlyMap<SearchParameter, PlannedParameter>;
  readonly dated: string | undefined;
  /** Reference parameters that stay, by their keys, with the types that they may lead to; undefined for any. */
  readonly leading: ReadonlyMap<number, ReadonlySet<string> | undefined>;
  /** The key of links that none of them covers. */
  readonly links: number;
  /** The key of its own addresses, where it has one. */
  readonly canonical: number | undefined;
}

const plan = (type: string, { table, compile, compileElements }: IndexNeeds): TypePlan => {
  const { stored, own, dated, elements, lookup } = table(type);
  return {
    elements: elements.map(({ path, parts }) => ({
      extract: compileElements(path, parts),
      parts: parts.map((part) => ({ key: partKey(type, path, part), kind: part.kind })),
    })),
    extract: compile(type, [...stored, ...own]),
    dated,
    links: linkKey(type),
    canonical: lookup.has('url') ? canonicalKey(type) : undefined,
    leading: new Map(
      stored
        .filter(({ type: kind }) => kind === 'reference')
        .map((parameter) => [placesOf(type, parameter).key, parameter.target && new Set(parameter.target)]),
    ),
    parameters: new Map(
      [...stored, ...own].map((parameter) => [
        parameter,
        { ...placesOf(type, parameter), dated: orderOf(parameter) === 'dated' },
      ]),
    ),
  };
};

/** Adds each once. Mostly there are few, and looking through them is quicker than a set; a Group may have ten thousand. */
const few = 12;

const addOnce = <T>(rows: T[], from: number, row: T, same: (a: T, b: T) => boolean): void => {
  for (let place = from; place < rows.length; place++) {
    const other = rows[place];
    if (other !== undefined && same(other, row)) return;
  }
  rows.push(row);
};

const addWords = (words: Word[], param: number, at: number, values: readonly string[]): void => {
  const from = words.length;
  if (values.length > few) for (const value of new Set(values)) words.push({ param, value, at });
  else for (const value of values) addOnce(words, from, { param, value, at }, (a, b) => a.value === b.value);
};

const there = [thereWord()];

/** The words of reference parameters, by value: of few they are looked through, of many they are laid out first. */
const wordsOf = (words: readonly Word[], targets: readonly Target[]): ((value: string) => readonly Word[]) => {
  if (words.length * targets.length < 1_000) return (value) => words.filter((word) => word.value === value);
  const laidOut = Map.groupBy(words, ({ value }) => value);
  return (value) => laidOut.get(value) ?? [];
};

/** References that no parameter leads to: a deletion must find them too. */
const addLinks = (words: Word[], { links, leading }: TypePlan, targets: readonly Target[]): void => {
  if (targets.length === 0) return;
  const find = wordsOf(words, targets);
  const values: string[] = [];
  for (const { type, id } of targets) {
    const value = referenceWord(type, id);
    const isCovered = find(value).some(({ param }) => leading.has(param) && (leading.get(param)?.has(type) ?? true));
    if (!isCovered) values.push(value);
  }
  addWords(words, links, 0, values);
};

const addSpans = (spans: Span[], more: readonly Span[]): void => {
  const from = spans.length;
  if (more.length > few) spans.push(...new Map(more.map((span) => [spanKey(span), span])).values());
  else for (const span of more) addOnce(spans, from, span, (a, b) => a.low === b.low && a.high === b.high);
};

/** Whether a resource stands for itself, at place 0, or is contained in another together with `held`. */
interface Standing {
  readonly place: number;
  readonly held: readonly Held[];
}

const keyAt = (key: number, { place }: Standing): number => (place === 0 ? key : heldKey(key));

/** Numbered by element: what is found together stood together. */
const addElements = (
  words: Word[],
  { extract, parts }: ElementPlan,
  resource: Resource,
  standing: Standing,
  needs: WordNeeds,
): void => {
  const { place: home } = standing;
  for (const [number, element] of extract(resource).entries())
    for (const [place, values] of element.entries()) {
      const part = parts[place];
      if (!part) continue;
      const texts = values.flatMap((typed) => wordTexts(part.kind, typed, needs));
      addWords(words, keyAt(part.key, standing), home === 0 ? number : number * places + home, texts);
    }
};

/** With its version and without: who names no version means any. */
const addCanonical = (words: Word[], { canonical }: TypePlan, { url, version }: Resource): void => {
  if (canonical === undefined || typeof url !== 'string') return;
  const versions = typeof version === 'string' && version !== '' ? [undefined, version] : [undefined];
  addWords(
    words,
    canonical,
    0,
    versions.map((each) => outsideWord(url, each)),
  );
};

const heldAddress = ({ value }: Typed): string => {
  const reference = typeof value === 'object' && value !== null && 'reference' in value ? value.reference : value;
  return typeof reference === 'string' && reference.startsWith('#') ? reference.slice(1) : '';
};

/** References to what is contained beside it. */
const addHeldLinks = (words: Word[], key: number, values: readonly Typed[], { place, held }: Standing): void => {
  if (held.length === 0) return;
  const ids = new Set(values.map(heldAddress));
  for (const each of held)
    if (ids.has(each.id)) words.push({ param: key, value: linkWord(each.type), at: each.place * places + place });
};

const besideTexts = ({ type: kind, code }: SearchParameter, values: readonly Typed[]): string[] => {
  if (kind === 'token') return values.flatMap(typedIdentifierWords);
  if (kind === 'string') return values.flatMap((value) => familyWords(code, value));
  return kind === 'reference' ? values.flatMap(identifierWords) : [];
};

const indexed = (
  described: TypePlan,
  resource: Resource,
  targets: readonly Target[],
  standing: Standing,
  needs: WordNeeds,
): Indexed => {
  const { extract, parameters, dated, elements } = described;
  const { place } = standing;
  const found = extract(resource);
  const [words, spans]: [Word[], Span[]] = [[], []];
  let at = 0;
  for (const { parameter, values } of found) {
    if (parameter.type !== 'date') continue;
    const key = parameters.get(parameter)?.key ?? 0;
    const mine = values.flatMap((typed) => spansOf(key, typed));
    // 0 says that there is none: the first moment of 1970 gives way by a millisecond.
    if (mine[0] && parameter.code === dated) at = mine[0].low || 1;
    if (place === 0) addSpans(spans, mine);
    else addWords(words, heldKey(key), place, mine.map(spanWord));
    if (mine.length === 0) addWords(words, keyAt(besideKey(key), standing), place, there);
  }
  for (const { parameter, values } of found) {
    const planned = parameters.get(parameter);
    if (!planned || parameter.type === 'date') continue;
    const texts = values.flatMap((typed) => wordTexts(parameter.type, typed, needs));
    const own = planned.dated ? at : 0;
    addWords(words, keyAt(planned.key, standing), place === 0 ? own : place, texts);
    const besides = keyAt(besideKey(planned.key), standing);
    if (texts.length === 0) addWords(words, besides, place, there);
    if (parameter.type === 'string') addWords(words, besides, place, values.flatMap(longWords));
    if (parameter.type === 'reference') addWords(words, besides, place, values.flatMap(thereWords));
    if (parameter.type === 'reference') addHeldLinks(words, keyAt(planned.key, standing), values, standing);
    const beside = besideTexts(parameter, values);
    if (beside.length > 0) addWords(words, keyAt(planned.beside, standing), place, beside);
  }
  for (const each of elements) addElements(words, each, resource, standing, needs);
  if (place === 0) addLinks(words, described, targets);
  if (place === 0) addCanonical(words, described, resource);
  return { at, targets, entries: { words, spans } };
};

export interface IndexNeeds {
  readonly table: ParameterTable;
  readonly compile: CompileExtractor;
  readonly compileElements: CompileElements;
  readonly units: WordNeeds['units'];
  readonly targetsOf: (resource: Resource) => readonly Target[];
  /** This server's FHIR address: references below it are its own. */
  readonly base: string;
}

export const openIndex = (needs: IndexNeeds): { readonly index: Index; readonly shown: Shown } => {
  const plans: (TypePlan | undefined)[] = resourceTypes.map(() => undefined);
  const planOf = (type: string): TypePlan => (plans[typeCode(type)] ??= plan(type, needs));
  // Parameters of a tenant's own are not looked for in what is contained: their passes go through the types that they are of.
  const contained: typeof plans = resourceTypes.map(() => undefined);
  const ofContained = (type: string): TypePlan =>
    (contained[typeCode(type)] ??= plan(type, { ...needs, table: (each) => ({ ...needs.table(each), own: [] }) }));
  const whole: Index = (type, resource) => {
    const held = heldIn(resource);
    const outer = indexed(planOf(type), resource, needs.targetsOf(resource), { place: 0, held }, needs);
    if (held.length === 0) return outer;
    const inner = held.flatMap((each) => {
      const { entries } = indexed(ofContained(each.type), each.resource, [], { place: each.place, held }, needs);
      return entries.words;
    });
    const { words, spans } = outer.entries;
    return { ...outer, entries: { words: [...words, ...holdingWords(held), ...inner], spans } };
  };
  return {
    index: whole,
    shown: (type, resource, code) => {
      const keys = needs.table(type).lookup.get(code)?.keys ?? [];
      return planOf(type)
        .extract(resource)
        .filter(({ parameter }) => keys.includes(placesOf(type, parameter).key))
        .flatMap(({ values }) => values.flatMap(shownTexts));
    },
  };
};

const minus = <T>(rows: readonly T[], others: readonly T[], keyOf: (row: T) => string): T[] => {
  if (others.length === 0) return [...rows];
  const keys = new Set(others.map(keyOf));
  return rows.filter((row) => !keys.has(keyOf(row)));
};

/** What `after` has and `before` has not: an update touches only what changed. */
export const difference = (after: Entries, before: Entries): Entries =>
  after === noEntries
    ? noEntries
    : { words: minus(after.words, before.words, wordKey), spans: minus(after.spans, before.spans, spanKey) };
