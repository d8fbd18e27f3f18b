/** Gives an answer the form that was asked for: JSON or XML, whole or in part, compact or for people. */
import type { Resource } from '../fhir/body.ts';
import { parseLossless } from '../fhir/lossless.ts';
import { pretty } from '../fhir/pretty.ts';
import type { Kernel } from '../interaction/kernel.ts';
import { partOf, readPart, type Part } from '../fhir/subset.ts';
import { contentTypes, wantedFormat, type Format } from './media-type.ts';

export interface Wanted {
  readonly format: Format;
  readonly pretty: boolean;
  readonly part: Part | undefined;
}

/** What is said of a form is read before anything is done. */
export const readWanted = (accept: string, query: URLSearchParams): Wanted => ({
  format: wantedFormat(accept, query.get('_format')),
  pretty: query.get('_pretty') === 'true',
  part: readPart(query),
});

export interface Represented {
  readonly type: string;
  readonly body: string;
}

const treeOf = (text: string): Resource => parseLossless(text) as Resource;

type Forms = Pick<Kernel, 'structures' | 'xml'>;

/** Of a bundle, each resource in it. */
const partial = (text: string, part: Part, { structures: { type } }: Forms): string => {
  const tree = treeOf(text);
  if (tree.resourceType !== 'Bundle' || !Array.isArray(tree.entry)) return JSON.stringify(partOf(tree, part, type));
  const entry = tree.entry.map((each: { resource?: Resource; search?: { mode?: string } }) =>
    each.resource && each.search?.mode !== 'outcome' ? { ...each, resource: partOf(each.resource, part, type) } : each,
  );
  return JSON.stringify({ ...tree, entry });
};

export const represent = (text: string, { format, part, pretty: set }: Wanted, forms: Forms): Represented => {
  const shown = part ? partial(text, part, forms) : text;
  if (format === 'xml') return { type: contentTypes.xml, body: forms.xml.toXml(shown) };
  return { type: contentTypes.json, body: set ? pretty(shown) : shown };
};
