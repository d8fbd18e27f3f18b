/** Which search parameters a type has, under which keys each finds its entries, and which are only another view of others and store nothing. */
import { resourceTypes } from '../../fhir/resource-types.ts';
import type { CompositeShape, ElementPart, ElementParts } from '../../fhir/search/composite.ts';
import type { Parameters } from '../../fhir/search/query.ts';
import type { SearchParameter } from '../../fhir/search-parameter.ts';
import { identifierKey, parameterKey } from './parameter-key.ts';

/** Whether the entries of a parameter carry the resource's own date and are read in its order: of a view of several, perhaps some do. */
export type Order = 'dated' | 'plain' | 'mixed';

/** A part of a composite, found in the same element as the others. */
export interface PartLookup {
  readonly key: number;
  readonly kind: SearchParameter['type'];
}

/** How a composite's parts are found: by parameters of the resource, or in one element, or in either. */
export interface CompositeLookup {
  readonly rooted: readonly string[] | undefined;
  readonly elements: readonly (readonly PartLookup[])[];
}

/** How a parameter's values are found. */
export interface Lookup {
  readonly keys: readonly number[];
  /** Where the identifiers of what it finds are kept. */
  readonly besides: readonly number[];
  readonly order: Order;
  /** A view of a reference parameter, of targets of this type alone. */
  readonly onlyType?: string;
  readonly composite?: CompositeLookup;
}

export interface TypeParameters {
  /** All that can be asked for. */
  readonly all: Parameters;
  /** Those whose values are stored. */
  readonly stored: readonly SearchParameter[];
  /** Those that came at run time, whose values are stored beside: also such as cannot be asked for yet, or any more. */
  readonly own: readonly SearchParameter[];
  /** Those that can be asked for soon, with the ids of the resources that describe them. */
  readonly coming: ReadonlyMap<string, string>;
  readonly lookup: ReadonlyMap<string, Lookup>;
  /** What is stored of elements as a whole, for composites. */
  readonly elements: readonly ElementParts[];
  /** The parameter that gives a resource its own date. */
  readonly dated: string | undefined;
}

export type ParameterTable = (type: string) => TypeParameters;

/** The first of these that a type has is the date by which its resources are read. */
const dates = [
  'date',
  'authoredon',
  'authored-on',
  'authored',
  'recorded-date',
  'created',
  'issued',
  'onset-date',
  'sent',
  'effective-time',
  'started',
  'whenhandedover',
  'period',
  'received',
  'collected',
];

/** A code is asked for together with a date; references always are. */
const orderedTokens = new Set(['code']);

/** Where the parts of a composite stand. */
export type ShapeOf = (type: string, parameter: SearchParameter, parameters: Parameters) => CompositeShape;

/** Composites that look into the same elements share what is stored of them. */
export const partKey = (type: string, path: string, { expression, kind }: ElementPart): number =>
  parameterKey(type, `${path}.${expression}:${kind}`);

/** The arms of a union that begin at the type, without brackets around the whole. */
const armsOf = (type: string, expression: string): string[] => {
  const arms: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at <= expression.length; at++) {
    const char = expression.charAt(at);
    if (char === '(') depth++;
    if (char === ')') depth--;
    if (at === expression.length || (char === '|' && depth === 0)) {
      arms.push(
        expression
          .slice(start, at)
          .trim()
          .replace(/^\((.*)\)$/, '$1'),
      );
      start = at + 1;
    }
  }
  return arms.filter((arm) => new RegExp(`^\\(*${type}\\b`).test(arm));
};

const ofPatient = /^(.*)\.where\(resolve\(\) is (\w+)\)$/;

interface Armed {
  readonly parameter: SearchParameter;
  readonly arms: readonly string[];
}

/** A union of what other parameters store, such as combo-code of code and component-code. */
const partsOf = (whole: Armed, others: readonly Armed[]): Armed[] | undefined => {
  if (whole.arms.length < 2) return undefined;
  const parts = others.filter(
    ({ parameter, arms }) =>
      parameter !== whole.parameter &&
      parameter.type === whole.parameter.type &&
      arms.length > 0 &&
      arms.length < whole.arms.length &&
      arms.every((arm) => whole.arms.includes(arm)),
  );
  const covered = new Set(parts.flatMap(({ arms }) => arms));
  return covered.size === whole.arms.length ? parts : undefined;
};

/** The same reference, of targets of one type alone, such as patient of subject. */
const narrowedOf = (view: Armed, others: readonly Armed[]): { of: Armed; onlyType: string } | undefined => {
  const [arm = ''] = view.arms;
  const match = ofPatient.exec(arm);
  if (view.arms.length !== 1 || !match) return undefined;
  const of = others.find(({ arms }) => arms.length === 1 && arms[0] === match[1]);
  return of && { of, onlyType: match[2] ?? '' };
};

export const orderOf = ({ type: kind, code }: SearchParameter): Order =>
  kind === 'reference' || orderedTokens.has(code) ? 'dated' : 'plain';

const together = ([first = 'plain', ...rest]: readonly Order[]): Order =>
  rest.every((order) => order === first) ? first : 'mixed';

const compositesOf = (
  type: string,
  all: Parameters,
  shapeOf: ShapeOf,
): { readonly lookups: readonly (readonly [string, Lookup])[]; readonly elements: readonly ElementParts[] } => {
  const shapes = [...all.values()]
    .filter(({ type: kind }) => kind === 'composite')
    .map((parameter) => ({ code: parameter.code, shape: shapeOf(type, parameter, all) }));
  const byPath = Map.groupBy(
    shapes.flatMap(({ shape }) => shape.elements),
    ({ path }) => path,
  );
  const elements = [...byPath].map(([path, each]) => {
    const parts = new Map(each.flatMap((one) => one.parts).map((part) => [partKey(type, path, part), part]));
    return { path, parts: [...parts.values()] };
  });
  const lookups = shapes
    .filter(({ shape }) => shape.rooted || shape.elements.length > 0)
    .map(({ code, shape }): [string, Lookup] => {
      const keyed = shape.elements.map(({ path, parts }) =>
        parts.map((part) => ({ key: partKey(type, path, part), kind: part.kind })),
      );
      return [code, { keys: [], besides: [], order: 'plain', composite: { rooted: shape.rooted, elements: keyed } }];
    });
  return { lookups, elements };
};

export const isOf = (type: string, { base }: SearchParameter): boolean =>
  base.some((each) => [type, 'Resource', 'DomainResource'].includes(each));

/** Where the entries of a parameter are kept, and the identifiers beside them. */
export const placesOf = (type: string, { code, slot = code }: SearchParameter) => ({
  key: parameterKey(type, slot),
  beside: identifierKey(type, slot),
});

/** Found by what one or several parameters store. */
const lookupOf = (type: string, order: Order, found: readonly SearchParameter[]): Lookup => {
  const places = found.map((parameter) => placesOf(type, parameter));
  return { order, keys: places.map(({ key }) => key), besides: places.map(({ beside }) => beside) };
};

export const ownLookup = (type: string, parameter: SearchParameter): Lookup =>
  lookupOf(type, orderOf(parameter), [parameter]);

const describe = (type: string, parameters: readonly SearchParameter[], shapeOf: ShapeOf): TypeParameters => {
  const mine = parameters.filter((parameter) => isOf(type, parameter));
  const armed = mine
    .filter(({ type: kind, expression }) => kind !== 'composite' && expression !== undefined)
    .map((parameter) => ({ parameter, arms: armsOf(type, parameter.expression ?? '') }));
  const lookup = new Map<string, Lookup>();
  const stored: SearchParameter[] = [];
  for (const each of armed) {
    const { code } = each.parameter;
    const narrowed = narrowedOf(each, armed);
    const parts = partsOf(each, armed);
    if (narrowed)
      lookup.set(code, {
        ...lookupOf(type, 'dated', [narrowed.of.parameter]),
        onlyType: narrowed.onlyType,
      });
    else if (parts) {
      const found = parts.map(({ parameter }) => parameter);
      lookup.set(code, lookupOf(type, together(found.map(orderOf)), found));
    } else if (code !== '_id' && code !== '_lastUpdated') {
      stored.push(each.parameter);
      lookup.set(code, ownLookup(type, each.parameter));
    }
  }
  const all: Parameters = new Map(mine.map((parameter) => [parameter.code, parameter]));
  const { lookups, elements } = compositesOf(type, all, shapeOf);
  for (const [code, found] of lookups) lookup.set(code, found);
  const codes = new Set(stored.filter(({ type: kind }) => kind === 'date').map(({ code }) => code));
  return {
    ...{ all, stored, lookup, elements },
    ...{ own: [], coming: new Map() },
    dated: dates.find((code) => codes.has(code)),
  };
};

/** Described when a type is met first: most hospitals use a third of R4's. */
export const parameterTable = (parameters: readonly SearchParameter[], shapeOf: ShapeOf): ParameterTable => {
  const known = new Set(resourceTypes);
  const tables = new Map<string, TypeParameters>();
  return (type) => {
    const found = tables.get(type) ?? describe(type, parameters, shapeOf);
    if (known.has(type)) tables.set(type, found);
    return found;
  };
};
