/** Tells a refusal from before a query was looked at, such as that of a token, in the form of GraphQL. It stands apart because every process loads it, and the parser only one that is asked. */
import type { OperationOutcome } from '../../outcome/outcome.ts';

/** R4 graphql.html: the media type is not that of a FHIR resource. */
export const mediaType = 'application/json; charset=utf-8';

/** `text`: an OperationOutcome. */
export const refusedGraphql = (text: string): { readonly type: string; readonly body: string } => {
  const resource = JSON.parse(text) as OperationOutcome;
  const message = resource.issue.map(({ diagnostics }) => diagnostics).join('; ');
  return { type: mediaType, body: JSON.stringify({ errors: [{ message, extensions: { resource } }] }) };
};
