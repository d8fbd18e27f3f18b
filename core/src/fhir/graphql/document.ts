/** Reads the text of a GraphQL document; refuses bad syntax and, before anything walks over it, one that is too long, too deep, too wide or runs in circles. */
import {
  GraphQLError,
  Kind,
  Lexer,
  parse,
  Source,
  TokenKind,
  type DocumentNode,
  type FragmentDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import { faultIn, overLimit, refused, type Refused } from './answer.ts';

export const longestText = 100_000;
const mostTokens = 10_000;
/** Brackets within brackets: the parser calls itself for each. */
const deepestBrackets = 100;
const deepestFields = 30;
const mostFields = 1_000;

const openers = new Set<string>([TokenKind.BRACE_L, TokenKind.BRACKET_L, TokenKind.PAREN_L]);
const closers = new Set<string>([TokenKind.BRACE_R, TokenKind.BRACKET_R, TokenKind.PAREN_R]);

const tokenFault = (text: string): Refused | undefined => {
  const lexer = new Lexer(new Source(text));
  let depth = 0;
  let count = 0;
  for (let token = lexer.advance(); token.kind !== TokenKind.EOF; token = lexer.advance()) {
    if (openers.has(token.kind)) depth++;
    if (closers.has(token.kind)) depth--;
    if (depth > deepestBrackets) return refused(overLimit(`the query nests more than ${deepestBrackets} brackets`));
    if (++count > mostTokens) return refused(overLimit(`the query has more than ${mostTokens} words and signs`));
  }
  return undefined;
};

interface Weight {
  readonly fields: number;
  readonly depth: number;
}

/** Of each fragment once, with all that it spreads; undefined of one that comes back to itself. */
const scales = (fragments: ReadonlyMap<string, FragmentDefinitionNode>) => {
  const known = new Map<string, Weight | undefined>();
  const ofFragment = (name: string): Weight | undefined => {
    const fragment = fragments.get(name);
    // The rules say that there is none.
    if (!fragment) return { fields: 1, depth: 0 };
    if (known.has(name)) return known.get(name);
    known.set(name, undefined);
    const weight = weigh(fragment.selectionSet);
    known.set(name, weight);
    return weight;
  };
  const weigh = ({ selections }: SelectionSetNode): Weight | undefined => {
    let fields = 0;
    let deepest = 0;
    for (const selection of selections) {
      const inner =
        selection.kind === Kind.FRAGMENT_SPREAD
          ? ofFragment(selection.name.value)
          : weigh(selection.selectionSet ?? nothing);
      if (!inner) return undefined;
      fields += 1 + inner.fields;
      deepest = Math.max(deepest, inner.depth + (selection.kind === Kind.FIELD ? 1 : 0));
    }
    return { fields, depth: deepest };
  };
  return weigh;
};

const nothing: SelectionSetNode = { kind: Kind.SELECTION_SET, selections: [] };

export const fragmentsOf = ({ definitions }: DocumentNode): ReadonlyMap<string, FragmentDefinitionNode> =>
  new Map(
    definitions.flatMap((definition) =>
      definition.kind === Kind.FRAGMENT_DEFINITION ? [[definition.name.value, definition]] : [],
    ),
  );

const weightFault = (document: DocumentNode): Refused | undefined => {
  const weigh = scales(fragmentsOf(document));
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION && definition.kind !== Kind.FRAGMENT_DEFINITION) continue;
    const weight = weigh(definition.selectionSet);
    if (!weight) return refused(overLimit('a fragment of the query comes back to itself'), definition);
    if (weight.depth > deepestFields)
      return refused(
        overLimit(`the query goes ${weight.depth} fields deep; ${deepestFields} are the most`),
        definition,
      );
    if (weight.fields > mostFields)
      return refused(
        overLimit(
          `the query asks for ${weight.fields} fields, fragments and aliases counted; ${mostFields} are the most`,
        ),
        definition,
      );
  }
  return undefined;
};

export const readDocument = (text: string): DocumentNode | Refused => {
  if (text.length > longestText) return refused(overLimit(`the query is longer than ${longestText} characters`));
  try {
    const tooMuch = tokenFault(text);
    if (tooMuch) return tooMuch;
    const document = parse(text, { maxTokens: mostTokens });
    return weightFault(document) ?? document;
  } catch (thrown) {
    if (thrown instanceof GraphQLError) return { faults: [faultIn(thrown)] };
    throw thrown;
  }
};
