/** Takes from a resource the values under which it can be searched, with their types; leaves composites, and how values become rows, to others. */
import { Outcome } from '../../outcome/outcome.ts';
import { compileSyntax, type Expression } from '../fhirpath/expression.ts';
import { plain, type Typed } from '../fhirpath/item.ts';
import type { Model } from '../fhirpath/model.ts';
import { parse } from '../fhirpath/parser.ts';
import type { Syntax } from '../fhirpath/syntax.ts';
import type { Members } from '../members.ts';
import type { SearchParameter } from '../search-parameter.ts';
import { armsOf, rootType, stepsOf } from './steps.ts';
import { compileWalk, notPlain, nowhere, type Walk } from './walk.ts';

/** A parameter and its values, at least one; equal values may stand twice. */
export interface Extracted {
  readonly parameter: SearchParameter;
  /** As in JSON, each with its type of FHIR. */
  readonly values: readonly Typed[];
}

export type Extractor = (resource: Members) => Extracted[];

interface Plan {
  readonly parameter: SearchParameter;
  readonly walks: readonly Walk[];
  readonly expressions: readonly Expression[];
}

const appliesTo = (model: Model, type: string, { base }: SearchParameter): boolean =>
  base.some((name) => model.isA(type, name));

/** Arms of other types find nothing here. */
const armsFor = (model: Model, type: string, syntax: Syntax): Syntax[] =>
  armsOf(syntax).filter((arm) => {
    const root = rootType(model, arm);
    return root === undefined || model.isA(type, root);
  });

const planOf = (model: Model, type: string, parameter: SearchParameter, expression: string): Plan => {
  const walks: Walk[] = [];
  const expressions: Expression[] = [];
  for (const arm of armsFor(model, type, parse(expression))) {
    const steps = stepsOf(model, arm);
    const walk = steps ? compileWalk(model, type, steps) : notPlain;
    if (walk === notPlain) expressions.push(compileSyntax(arm, expression, model));
    else if (walk !== nowhere) walks.push(walk);
  }
  return { parameter, walks, expressions };
};

const isPlanned = ({ walks, expressions }: Plan): boolean => walks.length + expressions.length > 0;

/** What an expression computes is told by the name of FHIR's type, like all else. */
const ofFhir = (item: Typed): Typed => {
  const [, name] = /^System\.(\w+)$/.exec(item.type) ?? [];
  if (name === undefined) return { type: item.type, value: item.value };
  return { type: name === 'Quantity' ? name : name.charAt(0).toLowerCase() + name.slice(1), value: plain(item) };
};

/** A primitive of which only extensions are known has no value to search by. */
const evaluated = (expressions: readonly Expression[], resource: Members, found: Typed[]): void => {
  for (const expression of expressions)
    for (const item of expression.evaluate(resource)) if (item.value !== undefined) found.push(ofFhir(item));
};

/** What a tenant's own expression cannot be evaluated on can be written all the same: it is not found by it. */
const forgiving = (expressions: readonly Expression[], resource: Members, found: Typed[]): void => {
  const before = found.length;
  try {
    evaluated(expressions, resource, found);
  } catch (thrown) {
    if (!(thrown instanceof Outcome)) throw thrown;
    found.length = before;
  }
};

/** For resources of one type: what their parameters' expressions are is read once. */
export const extractorFor = (type: string, parameters: readonly SearchParameter[], model: Model): Extractor => {
  const plans = parameters
    .filter((parameter) => parameter.type !== 'composite' && appliesTo(model, type, parameter))
    .flatMap((parameter) =>
      parameter.expression === undefined ? [] : planOf(model, type, parameter, parameter.expression),
    )
    .filter(isPlanned);
  return (resource) => {
    const extracted: Extracted[] = [];
    let values: Typed[] = [];
    for (const { parameter, walks, expressions } of plans) {
      for (const walk of walks) walk(resource, resource, values);
      if (expressions.length > 0) (parameter.slot === undefined ? evaluated : forgiving)(expressions, resource, values);
      if (values.length === 0) continue;
      extracted.push({ parameter, values });
      values = [];
    }
    return extracted;
  };
};
