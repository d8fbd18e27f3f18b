/** Writes what came of a bundle's entry as the entry of the answer. */
import { entryText } from '../fhir/bundle-text.ts';
import type { EntryRequest } from '../fhir/bundle-entries.ts';
import type { Answer, Plain, Returning } from '../fhir/interaction.ts';
import { partialText } from '../fhir/partial.ts';
import { etagOf, textOf } from '../fhir/stored.ts';
import { readPart } from '../fhir/subset.ts';
import type { Outcome } from '../outcome/outcome.ts';
import type { Kernel } from './kernel.ts';

const reasons: Readonly<Record<number, string>> = {
  200: '200 OK',
  201: '201 Created',
  204: '204 No Content',
  304: '304 Not Modified',
};

const statusText = (status: number): string => reasons[status] ?? String(status);

/** A bundle holds resources only: what is none travels as a Binary, as R4 says of $graphql's result. */
const binaryText = ({ plain: { type, text } }: Plain): string =>
  JSON.stringify({ resourceType: 'Binary', contentType: type, data: Buffer.from(text).toString('base64') });

const bodyOf = (answer: Answer): string | undefined => {
  if (answer.status === 204 || answer.status === 304) return undefined;
  if ('text' in answer) return answer.text;
  if ('plain' in answer) return binaryText(answer);
  return 'made' in answer ? JSON.stringify(answer.made) : textOf(answer.stored);
};

const done = (status: number): string =>
  JSON.stringify({
    resourceType: 'OperationOutcome',
    issue: [{ severity: 'information', code: 'informational', diagnostics: statusText(status) }],
  });

/** Asked by GET, an entry carries what was asked for, in the parts that were asked for; a write carries what `Prefer: return` says. */
export const entryAnswer = (
  { publicUrl, structures }: Kernel,
  { method, query }: Pick<EntryRequest, 'method' | 'query'>,
  answer: Answer,
  returning: Returning | undefined,
): string => {
  const asked = method === 'GET';
  const part = asked ? readPart(query) : undefined;
  const stored = 'stored' in answer ? answer.stored : undefined;
  const shown = asked || returning === 'representation';
  const head = stored && {
    location: `${stored.type}/${stored.id}/_history/${stored.version}`,
    etag: etagOf(stored),
    lastModified: new Date(stored.updated).toISOString(),
  };
  const outcome =
    returning === 'OperationOutcome' && !asked ? { outcome: JSON.parse(done(answer.status)) as unknown } : {};
  const body = shown ? bodyOf(answer) : undefined;
  return entryText({
    fullUrl: stored && !stored.deleted ? JSON.stringify(`${publicUrl}/fhir/${stored.type}/${stored.id}`) : undefined,
    resource: part && body !== undefined ? partialText(body, part, structures.type) : body,
    response: JSON.stringify({ status: statusText(answer.status), ...head, ...outcome }),
  });
};

export const entryRefusal = (outcome: Outcome): string =>
  entryText({ response: JSON.stringify({ status: String(outcome.status), outcome: outcome.resource }) });
