/** What GraphQL sees below a type of R4: its elements by their names in JSON, each type of a choice by itself; and the pages of a search, which R4 has no type for. */
import type { Model } from '../fhirpath/model.ts';
import { isResourceType } from '../resource-types.ts';

export interface Element {
  readonly key: string;
  readonly type: string;
  readonly many: boolean;
  readonly primitive: boolean;
}

export type ElementTable = ReadonlyMap<string, Element>;

/** Of a type of R4, a backbone element's (`Patient.contact`), or a page of a search (`PatientConnection`, `PatientEdge`). */
export type Elements = (type: string) => ElementTable;

const tableOf = (elements: readonly Element[]): ElementTable => new Map(elements.map((each) => [each.key, each]));

const one = (key: string, type: string, primitive = true): Element => ({ key, type, many: false, primitive });

/** R4 graphql.html#searching writes `pagesize` in its queries and `pageSize` in its answers. */
const connection = (type: string): Element[] => [
  ...['count', 'offset', 'pagesize', 'pageSize'].map((key) => one(key, 'integer')),
  ...['first', 'previous', 'next', 'last'].map((key) => one(key, 'string')),
  { key: 'edges', type: `${type}Edge`, many: true, primitive: false },
];

const edge = (type: string): Element[] => [one('mode', 'code'), one('score', 'decimal'), one('resource', type, false)];

export const wholeType = (name: string, suffix: 'List' | 'Connection' | 'Edge'): string | undefined => {
  const type = name.endsWith(suffix) ? name.slice(0, -suffix.length) : '';
  return isResourceType(type) ? type : undefined;
};

export const openElements = (model: Model): Elements => {
  const known = new Map<string, ElementTable>();
  const made = (type: string): ElementTable => {
    const page = wholeType(type, 'Connection');
    if (page !== undefined) return tableOf(connection(page));
    const match = wholeType(type, 'Edge');
    if (match !== undefined) return tableOf(edge(match));
    return tableOf(
      model
        .members(type)
        .flatMap(({ keys, many }) =>
          keys.map(({ key, type: kind, primitive }) => ({ key, type: kind, many, primitive })),
        ),
    );
  };
  return (type) => {
    const table = known.get(type) ?? made(type);
    known.set(type, table);
    return table;
  };
};

/** GraphQL's names hold no dots: `Patient.contact` is PatientContact. */
export const graphName = (type: string): string =>
  type
    .split('.')
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join('');

/** `... on` this name. */
export const fitsCondition = (type: string, condition: string): boolean =>
  graphName(type) === condition || (condition === 'Resource' && isResourceType(type));
