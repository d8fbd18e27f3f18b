/** Finds what a search includes beside its matches: what they refer to, and what refers to them, again and again if asked; shows nothing that the caller could not read. */
import type { Caller } from '../fhir/interaction.ts';
import { resourceTypes } from '../fhir/resource-types.ts';
import { leadingTo } from '../fhir/search/parse/clause.ts';
import type { Clause } from '../fhir/search/query.ts';
import type { Include } from '../fhir/search/shape.ts';
import { invalid } from '../outcome/outcome.ts';
import type { Target } from '../store/change.ts';
import { referenceOfWord } from '../store/index/words.ts';
import type { Current } from '../store/resources.ts';
import type { Unit } from '../store/unit.ts';
import type { ParameterTable } from '../store/index/parameter-table.ts';
import type { Kernel } from './kernel.ts';

/** More would no longer be a page. */
export const mostIncluded = 1_000;

/** How often what was included may include more. */
const mostRounds = 10;

export interface Including {
  readonly kernel: Kernel;
  readonly caller: Caller;
  readonly unit: Unit;
  readonly signal?: AbortSignal;
}

export interface Included {
  readonly resources: readonly Current[];
  /** There was more than a page holds. */
  readonly cut: boolean;
}

const keyOf = ({ type, id }: Target): string => `${type}/${id}`;

const readable = ({ kernel, caller }: Including, type: string): boolean =>
  kernel.roles.judge(caller, 'read', type).permitted;

/** The reference parameters of a type that an include names. */
const codesOf = (parameters: ParameterTable, type: string, { code }: Include): string[] => {
  const { all } = parameters(type);
  if (code === '*') return [...all.values()].filter((each) => each.type === 'reference').map((each) => each.code);
  return all.get(code)?.type === 'reference' ? [code] : [];
};

/** What cannot be meant is refused before anything is found. */
export const checkIncludes = (parameters: ParameterTable, includes: readonly Include[]): void => {
  for (const include of includes) {
    const { type, code, reverse } = include;
    const known = type === '*' || codesOf(parameters, type, include).length > 0;
    const name = reverse ? '_revinclude' : '_include';
    if (!known) throw invalid(name, `${type} has no reference parameter ${code.slice(0, 100)} to include by`);
  }
};

interface Led {
  readonly local: readonly Target[];
  /** Canonical addresses, with the types that they may lead to. */
  readonly canonical: readonly { readonly url: string; readonly version: string; readonly types: readonly string[] }[];
}

/** What resources of one type refer to by one parameter, as their entries have it. */
const ledBy = async (
  { kernel, caller, unit }: Including,
  type: string,
  code: string,
  { target: asked }: Include,
  from: readonly Current[],
): Promise<Led> => {
  const { lookup, all } = kernel.store.searching(caller.tenant).parameters(type);
  const { keys = [], onlyType } = lookup.get(code) ?? {};
  const only = asked ?? onlyType;
  const local: Target[] = [];
  const canonical: Led['canonical'][number][] = [];
  const rids = from.map(({ rid }) => rid);
  for (const value of await unit.values(rids, keys)) {
    const { target, url, version } = referenceOfWord(value);
    if (target && (only === undefined || target.type === only)) local.push(target);
    // What is contained is there already.
    else if (url !== undefined && !url.startsWith('#'))
      canonical.push({ url, version, types: only === undefined ? (all.get(code)?.target ?? []) : [only] });
  }
  return { local, canonical };
};

const byCanonical = async (including: Including, { canonical }: Led): Promise<Current[]> => {
  const { kernel, caller, unit, signal } = including;
  const { parameters } = kernel.store.searching(caller.tenant);
  const found: Current[] = [];
  for (const { url, version, types } of canonical)
    for (const type of types) {
      if (!readable(including, type) || parameters(type).lookup.get('url') === undefined) continue;
      const clauses: Clause[] = [{ kind: 'uri', code: 'url', match: 'exact', values: [url] }];
      if (version !== '') clauses.push({ kind: 'token', code: 'version', values: [{ code: version }] });
      found.push(
        ...(await unit.search({ query: { type, clauses }, limit: mostIncluded + 1 }, signal)).map(
          ({ current }) => current,
        ),
      );
    }
  return found;
};

const forward = async (including: Including, from: readonly Current[], include: Include): Promise<Current[]> => {
  const { parameters } = including.kernel.store.searching(including.caller.tenant);
  const led: Led[] = [];
  for (const [type, mine] of Map.groupBy(from, (each) => each.type))
    if (include.type === '*' || include.type === type)
      for (const code of codesOf(parameters, type, include))
        led.push(await ledBy(including, type, code, include, mine));
  const wanted = new Map(led.flatMap(({ local }) => local.map((target) => [keyOf(target), target])));
  const seen = [...wanted.values()].filter(({ type }) => readable(including, type)).slice(0, mostIncluded + 1);
  const local = await including.unit.all(seen);
  const outside = await Promise.all(led.map((each) => byCanonical(including, each)));
  return [...local, ...outside.flat()].filter(({ deleted }) => !deleted);
};

const backward = async (including: Including, to: readonly Current[], include: Include): Promise<Current[]> => {
  const { kernel, caller, unit, signal } = including;
  const { parameters, foundTypes } = kernel.store.searching(caller.tenant);
  const types = include.type === '*' ? resourceTypes : [include.type];
  const found: Current[] = [];
  for (const type of types.filter((each) => readable(including, each)))
    for (const code of codesOf(parameters, type, include)) {
      const { all } = parameters(type);
      const { target } = all.get(code) ?? {};
      const values = to
        .filter(
          (each) =>
            (target === undefined || target.includes(each.type)) && [undefined, each.type].includes(include.target),
        )
        .map((each) => ({ type: each.type, id: each.id }));
      if (values.length === 0) continue;
      const parameter = all.get(code);
      const isCanonical = parameter !== undefined && foundTypes(type, parameter).has('canonical');
      const query = { type, clauses: [leadingTo({ code }, values, isCanonical)] };
      found.push(...(await unit.search({ query, limit: mostIncluded + 1 }, signal)).map(({ current }) => current));
    }
  return found;
};

/** R4 search.html#include: matches are not included again; each resource stands once. */
export const included = async (
  including: Including,
  matches: readonly Current[],
  includes: readonly Include[],
): Promise<Included> => {
  const known = new Set(matches.map(keyOf));
  const resources: Current[] = [];
  let fresh: readonly Current[] = matches;
  for (let round = 0; round < mostRounds && fresh.length > 0; round++) {
    const asked = round === 0 ? includes : includes.filter(({ iterate }) => iterate);
    const added: Current[] = [];
    for (const include of asked) {
      const found = await (include.reverse ? backward : forward)(
        including,
        [...fresh, ...added.filter(() => include.iterate)],
        include,
      );
      for (const each of found) {
        if (known.has(keyOf(each))) continue;
        if (resources.length + added.length >= mostIncluded) return { resources: [...resources, ...added], cut: true };
        known.add(keyOf(each));
        added.push(each);
      }
    }
    resources.push(...added);
    fresh = added;
  }
  return { resources, cut: false };
};
