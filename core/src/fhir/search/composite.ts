/** Says how the parts of a composite search parameter are found: by other parameters where they stand at the root of the resource, else together in each element of one path; and takes them from a resource. */
import { compile, itemOf } from '../fhirpath/expression.ts';
import { plain, type Item, type Typed } from '../fhirpath/item.ts';
import type { Model } from '../fhirpath/model.ts';
import { parse } from '../fhirpath/parser.ts';
import type { Members } from '../members.ts';
import type { SearchParameter } from '../search-parameter.ts';
import type { Parameters } from './query.ts';
import { armsOf, stepsOf } from './steps.ts';

export interface ElementPart {
  readonly expression: string;
  readonly kind: SearchParameter['type'];
}

/** What must be found in one and the same element of `path`. */
export interface ElementParts {
  readonly path: string;
  readonly parts: readonly ElementPart[];
}

export interface CompositeShape {
  /** The codes of parameters that find the parts at the root, one for each part. */
  readonly rooted: readonly string[] | undefined;
  readonly elements: readonly ElementParts[];
}

/** The arms of an expression as steps, each written in one way. */
const pathsOf = (model: Model, expression: string): string[] =>
  armsOf(parse(expression)).map((arm) => JSON.stringify(stepsOf(model, arm) ?? arm));

const textArms = (expression: string): string[] => expression.split('|').map((arm) => arm.trim());

const mine = (type: string, { expression = '' }: SearchParameter): string[] =>
  textArms(expression).filter((arm) => new RegExp(`^\\(*${type}\\b`).test(arm));

/** The parameter that finds at the root what a part finds in an element. */
const rootedBy = (
  model: Model,
  type: string,
  part: ElementPart,
  defined: SearchParameter | undefined,
  { parameters, paths }: { readonly parameters: Parameters; readonly paths: readonly string[] },
): string | undefined => {
  const goesDeeper = (parameter: SearchParameter): boolean =>
    mine(type, parameter).some((arm) => paths.some((path) => arm.replace(/^\(+/, '').startsWith(`${path}.`)));
  if (defined && !goesDeeper(defined)) return defined.code;
  const wanted = pathsOf(
    model,
    textArms(part.expression)
      .map((arm) => `${type}.${arm}`)
      .join(' | '),
  );
  const fits = [...parameters.values()].find((parameter) => {
    if (parameter.type !== part.kind || parameter.expression === undefined || goesDeeper(parameter)) return false;
    const found = new Set(pathsOf(model, parameter.expression));
    return wanted.every((path) => found.has(path));
  });
  return fits?.code;
};

export const compositeShape = (
  model: Model,
  type: string,
  { expression = '', component = [] }: SearchParameter,
  parameters: Parameters,
): CompositeShape => {
  const byUrl = new Map([...parameters.values()].map((parameter) => [parameter.url, parameter]));
  const arms = textArms(expression).filter((arm) => new RegExp(`^${type}\\b`).test(arm));
  const paths = arms.filter((arm) => arm !== type);
  const parts = component.flatMap(({ definition, expression: path }): ElementPart[] => {
    const kind = byUrl.get(definition)?.type;
    return kind ? [{ expression: path, kind }] : [];
  });
  const rooted = parts.flatMap(
    (part, place) =>
      rootedBy(model, type, part, byUrl.get(component[place]?.definition ?? ''), { parameters, paths }) ?? [],
  );
  const isWhole = parts.length > 1 && parts.length === component.length;
  return {
    rooted: isWhole && arms.includes(type) && rooted.length === parts.length ? rooted : undefined,
    elements: isWhole ? paths.map((path) => ({ path, parts })) : [],
  };
};

/** The parts of one element, in the order in which they were asked for. */
export type ElementExtractor = (resource: Members) => readonly (readonly (readonly Typed[])[])[];

const ofFhir = (item: Item): Typed[] => {
  if (item.value === undefined) return [];
  const [, name] = /^System\.(\w+)$/.exec(item.type) ?? [];
  return [{ type: name === undefined ? item.type : name.charAt(0).toLowerCase() + name.slice(1), value: plain(item) }];
};

export const elementExtractor = (model: Model, path: string, parts: readonly ElementPart[]): ElementExtractor => {
  const elements = compile(path, model);
  const expressions = parts.map(({ expression }) => compile(expression, model));
  // Most resources have no such element at all.
  const [, first = ''] = /^\w+\.(\w+)/.exec(path) ?? [];
  return (resource) => {
    if (resource[first] === undefined) return [];
    const root = itemOf(resource);
    return elements
      .evaluateOn(root)
      .map((element) =>
        expressions.map((expression) => expression.evaluateOn(element, { resource: root }).flatMap(ofFhir)),
      );
  };
};
