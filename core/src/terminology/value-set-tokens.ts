/** Makes the tokens of a value set, from its stored expansion or its definition; refuses what it cannot say in tokens instead of guessing. */
import type { TokenValue } from '../fhir/search/query.ts';
import type { CodeSet } from '../fhir/structure/definition.ts';
import { invalid, tooMuch } from '../outcome/outcome.ts';
import { codeTree, type CodeTree, type Concept } from './code-tree.ts';

type Members = Readonly<Record<string, unknown>>;

/** The newest of an address, or the one of its version; or by `Type/id`. */
export type FindDefinition = (type: 'ValueSet' | 'CodeSystem', address: string) => Promise<Members | undefined>;

export interface TermsNeeds {
  readonly find: FindDefinition;
  /** R4's own, by name. */
  readonly own: (name: string) => CodeSet | undefined;
  /** Of R4's own code systems, by address. */
  readonly ownTree: (system: string) => CodeTree | undefined;
}

/** A search with more would be one of everything. */
const mostTokens = 10_000;
const mostNested = 10;

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as unknown[]) : []);
const keyOf = ({ system = '', code }: TokenValue): string => `${system}|${code ?? ''}`;

interface Contains {
  readonly system?: string;
  readonly code?: string;
  readonly abstract?: boolean;
  readonly contains?: readonly Contains[];
}

const expanded = (contains: readonly Contains[]): TokenValue[] =>
  contains.flatMap(({ system, code, abstract, contains: inner = [] }) => [
    ...(code !== undefined && abstract !== true ? [{ ...(system === undefined ? {} : { system }), code }] : []),
    ...expanded(inner),
  ]);

interface Filter {
  readonly property: string;
  readonly op: string;
  readonly value: string;
}

const filtered = (tree: CodeTree, { property, op, value }: Filter, address: string): readonly string[] => {
  const isTree = property === 'concept' || property === 'code';
  if (isTree && op === 'is-a') return tree.below(value);
  if (isTree && op === 'descendent-of') return tree.below(value).filter((code) => code !== value);
  if (isTree && op === 'is-not-a') {
    const below = new Set(tree.below(value));
    return tree.codes.filter((code) => !below.has(code));
  }
  if (isTree && op === 'generalizes') return tree.above(value);
  if (isTree && op === '=') return [value];
  if (isTree && op === 'in') return value.split(',').map((code) => code.trim());
  throw invalid(address, `the value set ${address} filters by ${property} ${op}, which cannot be searched by`);
};

interface Include {
  readonly system?: string;
  readonly concept?: readonly { readonly code: string }[];
  readonly filter?: readonly Filter[];
  readonly valueSet?: readonly string[];
}

const hl7 = 'http://hl7.org/fhir/ValueSet/';

export const openTerms = ({ find, own, ownTree }: TermsNeeds) => {
  const treeOf = async (system: string): Promise<CodeTree | undefined> => {
    const stored = await find('CodeSystem', system);
    return stored ? codeTree(listOf(stored['concept']) as readonly Concept[]) : ownTree(system);
  };

  const ofSystem = async (
    { system = '', concept = [], filter = [] }: Include,
    address: string,
  ): Promise<TokenValue[]> => {
    if (concept.length > 0) return concept.map(({ code }) => ({ system, code }));
    const tree = await treeOf(system);
    if (filter.length === 0) {
      const codes = tree?.codes ?? [];
      // Of a system that is not here, every code is one of it.
      return codes.length > 0 ? codes.map((code) => ({ system, code })) : [{ system }];
    }
    if (!tree) throw invalid(address, `the value set ${address} filters the code system ${system}, which is not here`);
    const [first = [], ...others] = filter.map((each) => filtered(tree, each, address));
    const sets = others.map((codes) => new Set(codes));
    return first.filter((code) => sets.every((codes) => codes.has(code))).map((code) => ({ system, code }));
  };

  const both = (some: readonly TokenValue[], others: readonly TokenValue[], address: string): TokenValue[] => {
    if ([...some, ...others].some(({ code }) => code === undefined))
      throw invalid(address, `the value set ${address} takes a part of a whole code system that is not here`);
    const keys = new Set(others.map(keyOf));
    return some.filter((token) => keys.has(keyOf(token)));
  };

  const ofInclude = async (include: Include, address: string, path: readonly string[]): Promise<TokenValue[]> => {
    const sets: (readonly TokenValue[])[] = include.system === undefined ? [] : [await ofSystem(include, address)];
    for (const inner of include.valueSet ?? []) sets.push(await tokensOf(inner, path));
    const [first = [], ...rest] = sets;
    return rest.reduce<TokenValue[]>((some, others) => both(some, others, address), [...first]);
  };

  const tokensOf = async (address: string, path: readonly string[] = []): Promise<readonly TokenValue[]> => {
    if (path.includes(address) || path.length >= mostNested)
      throw invalid(address, `the value set ${address} takes in itself, or others more than ${mostNested} deep`);
    const stored = await find('ValueSet', address);
    const [url = ''] = address.split('|');
    if (!stored) {
      const set = url.startsWith(hl7) ? own(url.slice(hl7.length)) : undefined;
      if (!set) throw invalid(address, `there is no value set ${address} here`);
      return Object.entries(set.systems).flatMap(([system, codes]): TokenValue[] =>
        codes ? codes.map((code) => ({ system, code })) : [{ system }],
      );
    }
    const contains = listOf((stored['expansion'] as Members | undefined)?.['contains']) as readonly Contains[];
    if (contains.length > 0) return bounded(expanded(contains), address);
    const compose = (stored['compose'] ?? {}) as Members;
    const inner = [...path, address];
    const tokens: TokenValue[] = [];
    for (const include of listOf(compose['include']) as readonly Include[])
      tokens.push(...(await ofInclude(include, address, inner)));
    const gone: TokenValue[] = [];
    for (const exclude of listOf(compose['exclude']) as readonly Include[])
      gone.push(...(await ofInclude(exclude, address, inner)));
    if (gone.length === 0) return bounded(tokens, address);
    if ([...tokens, ...gone].some(({ code }) => code === undefined))
      throw invalid(address, `the value set ${address} leaves out codes of a whole code system that is not here`);
    const without = new Set(gone.map(keyOf));
    return bounded(
      tokens.filter((token) => !without.has(keyOf(token))),
      address,
    );
  };

  const bounded = (tokens: readonly TokenValue[], address: string): readonly TokenValue[] => {
    const all = [...new Map(tokens.map((token) => [keyOf(token), token])).values()];
    if (all.length > mostTokens)
      throw tooMuch(`the value set ${address} has more than ${mostTokens} codes: search by a smaller one`);
    return all;
  };

  /** R4 search.html#modifiers: a code that no hierarchy knows is above and below itself. */
  const subsumed = async (
    { system, code }: TokenValue,
    direction: 'above' | 'below',
  ): Promise<readonly TokenValue[]> => {
    if (system === undefined || system === '' || code === undefined)
      return [{ ...(system === undefined ? {} : { system }), ...(code === undefined ? {} : { code }) }];
    const tree = await treeOf(system);
    const codes = tree ? tree[direction](code) : [code];
    if (codes.length > mostTokens) throw tooMuch(`${system}|${code} has more than ${mostTokens} codes ${direction} it`);
    return codes.map((each) => ({ system, code: each }));
  };

  return { tokensOf, subsumed };
};
