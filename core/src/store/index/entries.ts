/** Makes the index entries of a resource, and the difference between those of two versions. */
import { noEntries, type Entries, type Span, type Target, type Word } from '../change.ts';
import { resourceTypes, typeCode } from '../../fhir/resource-types.ts';
import type { Resource } from '../../fhir/body.ts';
import type { Extractor } from '../../fhir/search/extract.ts';
import type { SearchParameter } from '../../fhir/search-parameter.ts';
import type { ParameterTable } from './parameter-table.ts';
import { linkKey, parameterKey } from './parameter-key.ts';
import { spansOf, wordsOf } from './typed-values.ts';
import { referenceWord } from './words.ts';

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

const wordKey = ({ param, value, at }: Word): string => `${param} ${at} ${value}`;
const spanKey = ({ param, long, low, high }: Span): string => `${param} ${long} ${low} ${high}`;

const unique = <T>(rows: readonly T[], keyOf: (row: T) => string): T[] => {
  if (rows.length < 2) return [...rows];
  const seen = new Set<string>();
  return rows.filter((row) => {
    const key = keyOf(row);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
};

interface TypePlan {
  readonly extract: Extractor;
  readonly parameters: ReadonlyMap<string, { readonly key: number; readonly kind: string; readonly ordered: boolean }>;
  readonly dated: string | undefined;
}

const plan = (type: string, table: ParameterTable, compile: CompileExtractor): TypePlan => {
  const { stored, lookup, dated } = table(type);
  return {
    extract: compile(type, stored),
    dated,
    parameters: new Map(
      stored.map(({ code, type: kind }) => [
        code,
        { key: parameterKey(type, code), kind, ordered: lookup.get(code)?.ordered ?? false },
      ]),
    ),
  };
};

/** References outside of every search parameter: a deletion must find them too. */
const linkWords = (type: string, words: readonly Word[], targets: readonly Target[]): Word[] => {
  const covered = new Set(words.map(({ value }) => value));
  return targets
    .map((target) => ({ param: linkKey(type), value: referenceWord(target.type, target.id), at: 0 }))
    .filter(({ value }) => !covered.has(value));
};

const indexed = (
  { extract, parameters, dated }: TypePlan,
  resource: Resource,
  targets: readonly Target[],
  base: string,
): Indexed => {
  const found = extract(resource);
  const spans: Span[] = [];
  let at = 0;
  for (const {
    parameter: { code },
    values,
  } of found) {
    const parameter = parameters.get(code);
    if (parameter?.kind !== 'date') continue;
    const mine = values.flatMap((typed) => spansOf(parameter.key, typed));
    if (code === dated && mine[0]) at = mine[0].low;
    spans.push(...mine);
  }
  const words: Word[] = [];
  for (const {
    parameter: { code },
    values,
  } of found) {
    const parameter = parameters.get(code);
    if (!parameter || parameter.kind === 'date') continue;
    for (const typed of values)
      words.push(...wordsOf(parameter.key, parameter.kind, parameter.ordered ? at : 0, typed, base));
  }
  words.push(...linkWords(resource.resourceType, words, targets));
  return { at, targets, entries: { words: unique(words, wordKey), spans: unique(spans, spanKey) } };
};

export interface IndexNeeds {
  readonly table: ParameterTable;
  readonly compile: CompileExtractor;
  readonly targetsOf: (resource: Resource) => readonly Target[];
  /** This server's FHIR address: references below it are its own. */
  readonly base: string;
}

export const openIndex = ({ table, compile, targetsOf, base }: IndexNeeds): Index => {
  const plans: (TypePlan | undefined)[] = resourceTypes.map(() => undefined);
  return (type, resource) => {
    const code = typeCode(type);
    const known = plans[code] ?? plan(type, table, compile);
    plans[code] = known;
    return indexed(known, resource, targetsOf(resource), base);
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
