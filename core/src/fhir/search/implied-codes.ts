/** Says which codes a token parameter's elements of type code may hold, and of which systems: they name none, their required binding does; says nothing of other elements. */
import type { Model } from '../fhirpath/model.ts';
import { parse } from '../fhirpath/parser.ts';
import type { SearchParameter } from '../search-parameter.ts';
import type { CodeSet } from '../structure/definition.ts';
import { armsOf, rootType, stepsOf, type PathStep } from './steps.ts';

/** None where any of the elements is of another type: that one names its system. */
export type ImpliedCodes = (type: string, parameter: SearchParameter) => readonly CodeSet[];

/** The names of the code sets at the end of the steps; undefined where something else than bound codes stands there. */
const boundAt = (model: Model, type: string, steps: readonly PathStep[]): readonly string[] | undefined => {
  let types = [type];
  let bound: (string | undefined)[] = [];
  for (const step of steps) {
    if (step.kind === 'ofType') types = types.filter((each) => model.isA(each, step.type));
    if (step.kind !== 'member') continue;
    const members = types.flatMap((each) => model.member(each, step.name) ?? []);
    bound = members.map(({ codes }) => codes);
    types = members.flatMap(({ keys }) => keys.map((key) => key.type));
  }
  const names = bound.filter((name) => name !== undefined);
  return names.length === bound.length && types.every((each) => each === 'code') ? names : undefined;
};

const named = (model: Model, type: string, { expression }: SearchParameter): readonly string[] => {
  if (expression === undefined) return [];
  const arms = armsOf(parse(expression)).filter((arm) => {
    const root = rootType(model, arm);
    return root === undefined || model.isA(type, root);
  });
  const found = arms.map((arm) => {
    const steps = stepsOf(model, arm);
    return steps && boundAt(model, type, steps);
  });
  return found.includes(undefined) ? [] : [...new Set(found.flatMap((names) => names ?? []))];
};

export const openImpliedCodes = (model: Model, codes: readonly CodeSet[]): ImpliedCodes => {
  const sets = new Map(codes.map((set) => [set.name, set]));
  const known = new WeakMap<SearchParameter, Map<string, readonly CodeSet[]>>();
  return (type, parameter) => {
    const byType = known.get(parameter) ?? new Map<string, readonly CodeSet[]>();
    known.set(parameter, byType);
    const found = byType.get(type) ?? named(model, type, parameter).flatMap((name) => sets.get(name) ?? []);
    byType.set(type, found);
    return found;
  };
};
