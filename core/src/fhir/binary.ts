/** Takes the data of a Binary out of its text and puts it back in; says which other resource decides who may see it. Knows neither HTTP nor SQL. */
import { parseBody, tailOf, type Body, type Resource } from './body.ts';
import type { Content } from './content.ts';
import type { Stored } from './interaction.ts';
import { members } from './json-text.ts';
import { parseLossless } from './lossless.ts';
import { textOf } from './stored.ts';
import { marked } from './subset.ts';

/** The body without its data, which stands beside it as bytes. A body whose bytes are apart already stays as it is. */
export const apart = (body: Body): Body => {
  const { data, ...resource } = body.resource;
  if (body.content || typeof data !== 'string') return body;
  const rest = members(body.text).filter(({ key }) => key !== 'data');
  return {
    resource,
    text: `{${rest.map(({ text }) => text).join(',')}}`,
    content: { kind: 'here', bytes: Buffer.from(data, 'base64') },
  };
};

/** R4 binary.html: the element stands last. No bytes are no element, because FHIR knows no empty values. */
export const withData = (tail: string, bytes: Uint8Array): string =>
  bytes.length === 0 ? tail : `${tail.slice(0, -1)},"data":"${Buffer.from(bytes).toString('base64')}"}`;

/** The tail of a version whose data is left out, marked so that nobody takes it for the whole. */
export const withoutData = (stored: Stored): string =>
  tailOf(parseBody(JSON.stringify(marked(parseLossless(textOf(stored)) as Record<string, unknown>))));

/** What is answered of a version that was written just now. */
export const answered = (stored: Stored, content: Content): Stored => {
  const known = content.kind === 'uploaded' ? undefined : content.bytes;
  return { ...stored, tail: known ? withData(stored.tail, known) : withoutData(stored) };
};

const subsetted = 'SUBSETTED';

/** Whether a body says of itself that something is left out of it. */
export const isSubset = ({ meta }: Resource): boolean =>
  Array.isArray(meta?.tag) &&
  meta.tag.some((tag: unknown) => typeof tag === 'object' && tag !== null && 'code' in tag && tag.code === subsetted);

export interface Metadata {
  readonly contentType: string;
  /** The reference as it was written. */
  readonly securityContext: Readonly<Record<string, unknown>> | undefined;
}

/** What a stored Binary says of its bytes; the version must not be a deletion. */
export const metadataOf = (stored: Stored): Metadata => {
  const { contentType, securityContext } = JSON.parse(textOf(stored)) as Readonly<Record<string, unknown>>;
  return {
    contentType: typeof contentType === 'string' ? contentType : '',
    securityContext:
      typeof securityContext === 'object' && securityContext !== null
        ? (securityContext as Readonly<Record<string, unknown>>)
        : undefined,
  };
};
