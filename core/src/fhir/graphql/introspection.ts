/** Answers __schema and __type; refuses aliases below them, lists of types within lists and more than a few of them, by which a small question would have an answer without end. */
import {
  executeSync,
  Kind,
  print,
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import { invalid, malformed } from '../../outcome/outcome.ts';
import { overLimit } from './answer.ts';
import { fragmentsOf } from './document.ts';
import type { Planned } from './plan.ts';
import type { Variables } from './values.ts';

const mostFields = 5;

type Fragments = ReadonlyMap<string, FragmentDefinitionNode>;

/** Lists of types and of what has types: one within another multiplies them. */
const lists = new Set(['fields', 'interfaces', 'possibleTypes', 'inputFields']);

/** No tool asks so. */
const faultIn = (set: SelectionSetNode, fragments: Fragments, listed: boolean): string | undefined => {
  for (const selection of set.selections) {
    if (selection.kind === Kind.FIELD && selection.alias) return 'there are no aliases';
    const isList = selection.kind === Kind.FIELD && lists.has(selection.name.value);
    if (isList && listed)
      return `there is no ${selection.name.value} within ${[...lists].join(', ')}: ask for each type by its name`;
    const inner =
      selection.kind === Kind.FRAGMENT_SPREAD
        ? fragments.get(selection.name.value)?.selectionSet
        : selection.selectionSet;
    const fault = inner && faultIn(inner, fragments, listed || isList);
    if (fault !== undefined) return fault;
  }
  return undefined;
};

/** Tools ask the same again and again, and all of R4 is some ten megabytes. */
const last = new WeakMap<GraphQLSchema, { readonly question: string; readonly data: unknown }>();

export const introspection = (
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Variables,
) => {
  const fragments = fragmentsOf(document);
  let asked = 0;

  const answer = ({ node, selections }: Planned): unknown => {
    const { alias: _alias, ...field } = node;
    const whole = selections.flatMap((set) => set.selections);
    const only = { ...field, selectionSet: { kind: Kind.SELECTION_SET, selections: whole } } as const;
    const definition = { ...operation, selectionSet: { kind: Kind.SELECTION_SET, selections: [only] } } as const;
    const { data, errors } = executeSync({
      schema,
      document: { kind: Kind.DOCUMENT, definitions: [definition, ...fragments.values()] },
      variableValues: variables,
    });
    const [error] = errors ?? [];
    if (error) throw malformed(error.message);
    return data?.[node.name.value];
  };

  return (planned: Planned): unknown => {
    asked += 1;
    if (asked > mostFields) throw overLimit(`a query may ask for ${mostFields} parts of the schema`);
    for (const set of planned.selections) {
      const fault = faultIn(set, fragments, false);
      if (fault !== undefined) throw invalid(planned.key, `below ${planned.name} ${fault}`);
    }
    const question = `${print(operation)} ${planned.key} ${[...fragments.values()].map((each) => print(each)).join(' ')} ${JSON.stringify(variables)}`;
    const before = last.get(schema);
    if (before?.question === question) return before.data;
    const data = answer(planned);
    last.set(schema, { question, data });
    return data;
  };
};
