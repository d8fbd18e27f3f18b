/** Gives an answer the form that was asked for: JSON or XML, whole or in part, compact or for people. */
import { partialText } from '../fhir/partial.ts';
import { pretty } from '../fhir/pretty.ts';
import { prettyXml } from '../fhir/xml/pretty-xml.ts';
import type { Kernel } from '../interaction/kernel.ts';
import { readPart, type Part } from '../fhir/subset.ts';
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

/** What was said of the form, for an answer that is fetched from another address. */
export const shapeOf = (query: URLSearchParams, { format }: Wanted): URLSearchParams => {
  const shape = new URLSearchParams([...query].filter(([name]) => ['_summary', '_elements', '_pretty'].includes(name)));
  if (format === 'xml') shape.set('_format', 'xml');
  return shape;
};

export interface Represented {
  readonly type: string;
  readonly body: string;
}

type Forms = Pick<Kernel, 'structures' | 'xml'>;

export const represent = (text: string, { format, part, pretty: set }: Wanted, forms: Forms): Represented => {
  const shown = part ? partialText(text, part, forms.structures.type) : text;
  if (format === 'xml') {
    const xml = forms.xml.toXml(shown);
    return { type: contentTypes.xml, body: set ? prettyXml(xml) : xml };
  }
  return { type: contentTypes.json, body: set ? pretty(shown) : shown };
};
