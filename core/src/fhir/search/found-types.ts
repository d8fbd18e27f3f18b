/** Says which of FHIR's types a search parameter finds: how its values are compared depends on them; computes nothing that no one asks for. */
import type { Model } from '../fhirpath/model.ts';
import { parse } from '../fhirpath/parser.ts';
import type { Syntax } from '../fhirpath/syntax.ts';
import type { SearchParameter } from '../search-parameter.ts';
import { armsOf, rootType, stepsOf, type PathStep } from './steps.ts';

/** Empty where the expression's path is none that a type has. */
export type FoundTypes = (type: string, parameter: SearchParameter) => ReadonlySet<string>;

/** What an expression that is no plain path finds. */
export const anything = '?';

/** What is of a type may be of a kind of it. */
const narrowed = (model: Model, type: string, wanted: string): readonly string[] => {
  if (model.isA(type, wanted)) return [type];
  return model.isA(wanted, type) ? [wanted] : [];
};

const atEnd = (model: Model, type: string, steps: readonly PathStep[]): readonly string[] => {
  let types: readonly string[] = [type];
  for (const step of steps) {
    if (step.kind === 'ofType') types = types.flatMap((each) => narrowed(model, each, step.type));
    if (step.kind !== 'member') continue;
    // They stand on everything, primitives too.
    if (step.name === 'extension') return [anything];
    types = types.flatMap((each) => (model.member(each, step.name)?.keys ?? []).map((key) => key.type));
  }
  return types;
};

const logical = new Set(['and', 'or', 'xor', 'implies', '=', '!=', '>', '<', '>=', '<=', 'in', 'contains']);

const inArm = (model: Model, type: string, arm: Syntax): readonly string[] => {
  if (arm.kind === 'binary' && logical.has(arm.operator)) return ['boolean'];
  const steps = stepsOf(model, arm);
  return steps ? atEnd(model, type, steps) : [anything];
};

const found = (model: Model, type: string, { expression }: SearchParameter): ReadonlySet<string> => {
  const arms = armsOf(parse(expression ?? '{}')).filter((arm) => {
    const root = rootType(model, arm);
    return root === undefined || model.isA(type, root);
  });
  return new Set(arms.flatMap((arm) => inArm(model, type, arm)));
};

export const openFoundTypes = (model: Model): FoundTypes => {
  const known = new WeakMap<SearchParameter, Map<string, ReadonlySet<string>>>();
  return (type, parameter) => {
    const byType = known.get(parameter) ?? new Map<string, ReadonlySet<string>>();
    known.set(parameter, byType);
    const types = byType.get(type) ?? found(model, type, parameter);
    byType.set(type, types);
    return types;
  };
};

/** Whether some part of an expression is a path that none of these types has. */
export const leadsNowhere = (model: Model, types: readonly string[], expression: string): boolean =>
  armsOf(parse(expression)).some((arm) => {
    const root = rootType(model, arm);
    const mine = types.filter((type) => root === undefined || model.isA(type, root));
    return mine.every((type) => inArm(model, type, arm).length === 0);
  });
