/** Writes GraphQL's answers and errors; each error carries the OperationOutcome that says the same in FHIR's words. */
import type { ASTNode, GraphQLError } from 'graphql';
import { GraphQLError as makeError } from 'graphql';
import { Outcome, type OperationOutcome } from '../../outcome/outcome.ts';
import type { Plain } from '../interaction.ts';
import { mediaType } from './refusal.ts';

export type Path = readonly (string | number)[];

export interface Fault {
  readonly message: string;
  readonly locations?: readonly { readonly line: number; readonly column: number }[];
  readonly path?: Path;
  readonly extensions: { readonly resource: OperationOutcome };
}

/** Why nothing of a request is done. */
export interface Refused {
  readonly faults: readonly Fault[];
}

/** More than one query may ask for. */
export const overLimit = (diagnostics: string): Outcome =>
  new Outcome(400, [{ severity: 'error', code: 'too-costly', diagnostics }]);

const located = ({ locations }: Pick<GraphQLError, 'locations'>): Pick<Fault, 'locations'> =>
  locations ? { locations: locations.map(({ line, column }) => ({ line, column })) } : {};

export const faultAt = (outcome: Outcome, node: ASTNode | undefined, path: Path): Fault => ({
  message: outcome.message,
  ...(node ? located(new makeError('', { nodes: node })) : {}),
  ...(path.length === 0 ? {} : { path }),
  extensions: { resource: outcome.resource },
});

/** What the parser or a rule says. */
export const faultIn = (error: GraphQLError): Fault => ({
  message: error.message,
  ...located(error),
  extensions: {
    resource: new Outcome(400, [{ severity: 'error', code: 'invalid', diagnostics: error.message }]).resource,
  },
});

export const refused = (outcome: Outcome, node?: ASTNode): Refused => ({ faults: [faultAt(outcome, node, [])] });

/** GraphQL, section 7.1: `data` is there only when the query was begun. */
export const answerRefused = ({ faults }: Refused): Plain => ({
  status: 400,
  plain: { type: mediaType, text: JSON.stringify({ errors: faults }) },
});

/** `data` as JSON text. R4 graphql.html: whatever has data is a 200. */
export const answerData = (data: string, faults: readonly Fault[]): Plain => ({
  status: 200,
  plain: {
    type: mediaType,
    text: faults.length === 0 ? `{"data":${data}}` : `{"data":${data},"errors":${JSON.stringify(faults)}}`,
  },
});
