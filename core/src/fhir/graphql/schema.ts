/** R4 as a GraphQL schema, made from its definitions and search parameters: what queries are checked against and introspection tells. */
import {
  GraphQLBoolean,
  GraphQLDirective,
  GraphQLEnumType,
  GraphQLID,
  GraphQLInt,
  GraphQLInterfaceType,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLScalarType,
  GraphQLSchema,
  GraphQLString,
  DirectiveLocation,
  specifiedDirectives,
  type GraphQLFieldConfig,
  type GraphQLFieldConfigArgumentMap,
  type GraphQLFieldConfigMap,
  type GraphQLInputType,
  type GraphQLOutputType,
} from 'graphql';
import type { Model } from '../fhirpath/model.ts';
import { isResourceType, resourceTypes } from '../resource-types.ts';
import { graphName, openElements, type Element, type Elements } from './elements.ts';
import { argumentName, type Searchable } from './search-arguments.ts';

export interface Schemas {
  readonly elements: Elements;
  /** R4's name of a type that the schema names. */
  readonly typeNamed: (name: string) => string;
  /** Whose query type is that of a resource, or `Query` at the system level. */
  readonly at: (type: string | undefined) => GraphQLSchema;
}

type Fields = GraphQLFieldConfigMap<unknown, unknown>;
type Field = GraphQLFieldConfig<unknown, unknown>;

const text = { type: GraphQLString };
const whole = { type: GraphQLInt };

const directives = [
  ...specifiedDirectives,
  ...['flatten', 'first', 'singleton'].map(
    (name) => new GraphQLDirective({ name, locations: [DirectiveLocation.FIELD] }),
  ),
  // R4 graphql.html#flattening gives its argument no name in one place and `path` in the others.
  new GraphQLDirective({ name: 'slice', locations: [DirectiveLocation.FIELD], args: { path: text, fhirpath: text } }),
];

const builtIn: Readonly<Record<string, GraphQLScalarType>> = {
  boolean: GraphQLBoolean,
  id: GraphQLID,
  string: GraphQLString,
  integer: GraphQLInt,
  positiveInt: GraphQLInt,
  unsignedInt: GraphQLInt,
};

/** By the type that they can lead to: the types that have a reference parameter for it. */
const leadingTo = (searchable: Searchable): ReadonlyMap<string, readonly string[]> => {
  const found = new Map<string, Set<string>>();
  for (const from of resourceTypes)
    for (const { type, target = resourceTypes } of searchable(from))
      if (type === 'reference') for (const to of target) found.set(to, (found.get(to) ?? new Set()).add(from));
  return new Map([...found].map(([to, from]) => [to, [...from]]));
};

const searchArguments = (type: string, searchable: Searchable): GraphQLFieldConfigArgumentMap => ({
  ...Object.fromEntries(
    searchable(type).map(({ code }) => [argumentName(code), { type: new GraphQLList(GraphQLString) }]),
  ),
  ...{ _count: whole, _sort: text, _filter: text, fhirpath: text },
});

/** What introspection tells of them; they take all that the search at the root takes. */
const reverseArguments: GraphQLFieldConfigArgumentMap = {
  ...{ _reference: { type: new GraphQLNonNull(GraphQLString) }, _count: whole, fhirpath: text },
};

export const openSchemas = (model: Model, searchable: Searchable): Schemas => {
  const elements = openElements(model);
  const leading = leadingTo(searchable);
  const scalars = new Map<string, GraphQLScalarType>(Object.entries(builtIn));
  const objects = new Map<string, GraphQLObjectType>();
  const types = new Map<string, string>();

  const scalar = (name: string): GraphQLScalarType => {
    const found = scalars.get(name) ?? new GraphQLScalarType({ name });
    scalars.set(name, found);
    return found;
  };
  const object = (type: string): GraphQLObjectType => {
    const found =
      objects.get(type) ??
      new GraphQLObjectType({
        name: graphName(type),
        interfaces: isResourceType(type) ? [anyResource] : [],
        fields: () => fieldsOf(type),
      });
    objects.set(type, found);
    types.set(found.name, type);
    return found;
  };
  const output = ({ type, primitive }: Pick<Element, 'type' | 'primitive'>): GraphQLOutputType => {
    if (primitive) return scalar(type);
    return type === 'Resource' ? anyResource : object(type);
  };
  const listed = (type: GraphQLOutputType, many: boolean): GraphQLOutputType =>
    many ? new GraphQLList<GraphQLOutputType>(type) : type;

  /** R4 graphql.html#list. Primitives take none. */
  const narrowing = ({ type, many, primitive }: Element): GraphQLFieldConfigArgumentMap => {
    if (primitive || !many) return {};
    const plain = [...elements(type).values()].filter((each) => each.primitive && !/^value[A-Z]/.test(each.key));
    const input = (each: Element): GraphQLInputType => scalar(each.type);
    return {
      ...Object.fromEntries(plain.map((each) => [each.key, { type: input(each) }])),
      ...{ fhirpath: text, _offset: whole, _count: whole },
    };
  };
  const elementFields = (type: string): Fields =>
    Object.fromEntries(
      [...elements(type).values()].flatMap((each): [string, Field][] => [
        [each.key, { type: listed(output(each), each.many), args: narrowing(each) }],
        ...(each.primitive && !isPage(type)
          ? [[`_${each.key}`, { type: listed(object('Element'), each.many) }] as [string, Field]]
          : []),
      ]),
    );
  const isPage = (type: string): boolean => !model.has(type);
  const reverse = (type: string): Fields =>
    Object.fromEntries(
      (leading.get(type) ?? []).flatMap((from): [string, Field][] => [
        [`${from}List`, { type: new GraphQLList(object(from)), args: reverseArguments }],
        [`${from}Connection`, { type: object(`${from}Connection`), args: reverseArguments }],
      ]),
    );
  const fieldsOf = (type: string): Fields => ({
    ...(isResourceType(type) ? { resourceType: { type: scalar('code') }, ...reverse(type) } : {}),
    ...elementFields(type),
    ...(type === 'Reference'
      ? { resource: { type: anyResource, args: { optional: { type: GraphQLBoolean }, type: typeNames } } }
      : {}),
  });

  const typeNames = {
    type: new GraphQLList(
      new GraphQLEnumType({
        name: 'ResourceType',
        values: Object.fromEntries(resourceTypes.map((name) => [name, {}])),
      }),
    ),
  };
  const anyResource: GraphQLInterfaceType = new GraphQLInterfaceType({
    name: 'Resource',
    fields: () => ({ resourceType: { type: scalar('code') }, ...elementFields('Resource') }),
  });
  const query = new GraphQLObjectType({
    name: 'Query',
    fields: () =>
      Object.fromEntries(
        resourceTypes.flatMap((type): [string, Field][] => {
          const args = searchArguments(type, searchable);
          return [
            [type, { type: object(type), args: { id: { type: new GraphQLNonNull(GraphQLID) } } }],
            [`${type}List`, { type: new GraphQLList(object(type)), args }],
            [
              `${type}Connection`,
              { type: object(`${type}Connection`), args: { ...args, _cursor: text, cursor: text } },
            ],
          ];
        }),
      ) as Fields,
  });

  const made = new Map<string | undefined, GraphQLSchema>();
  return {
    elements,
    typeNamed: (name) => types.get(name) ?? name,
    at: (type) => {
      const root = type === undefined ? query : object(type);
      const schema =
        made.get(type) ??
        new GraphQLSchema({ query: root, types: resourceTypes.map(object), directives, assumeValid: true });
      made.set(type, schema);
      return schema;
    },
  };
};
