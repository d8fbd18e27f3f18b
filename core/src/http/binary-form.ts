/** In which form a Binary is wanted: as its bytes, or as a resource in one of FHIR's forms. */
import { readPart } from '../fhir/subset.ts';
import { readMediaType, type Format } from './media-type.ts';
import type { Wanted } from './representation.ts';

export type BinaryForm = 'bytes' | Format;

const fhirTypes: ReadonlyMap<string, Format> = new Map([
  ['application/fhir+json', 'json'],
  ['application/fhir+xml', 'xml'],
]);

/** They may mean a resource or a file of that type: they count where nothing in the header would take the bytes. */
const plainTypes: ReadonlyMap<string, Format> = new Map([
  ['json', 'json'],
  ['text/json', 'json'],
  ['application/json', 'json'],
  ['xml', 'xml'],
  ['text/xml', 'xml'],
  ['application/xml', 'xml'],
]);

interface Wish {
  readonly name: string;
  readonly weight: number;
}

const wishesIn = (accept: string): Wish[] =>
  accept
    .split(',')
    .map(readMediaType)
    .map(({ name, parameters }) => ({ name, weight: Number(parameters.get('q') ?? '1') }))
    .filter(({ name, weight }) => name !== '' && weight > 0);

/** How closely a wish names what there is; 0 where it does not. */
const closeness = (wish: string, type: string): number => {
  if (wish === type) return 3;
  if (wish === '*/*') return 1;
  return wish.endsWith('/*') && type.startsWith(wish.slice(0, -1)) ? 2 : 0;
};

/**
 * R4 binary.html: whoever does not explicitly ask for a FHIR type gets the content as it is, whatever else they accept.
 * A browser's header holds application/xml and would get a resource by the letter of HTTP.
 */
export const binaryForm = (accept: string, format: string | null, contentType: string): BinaryForm => {
  const header = format === null || format === '' ? accept : format.replace(/ /g, '+');
  const type = readMediaType(contentType).name;
  const options = wishesIn(header).flatMap(({ name, weight }) => {
    const form = fhirTypes.get(name);
    const close = form === undefined || name === type ? closeness(name, type) : 3;
    return close === 0 ? [] : [{ form: form ?? ('bytes' as const), weight, close }];
  });
  const [best] = options.toSorted((a, b) => b.weight - a.weight || b.close - a.close);
  if (best) return best.form;
  const [plain] = wishesIn(header)
    .toSorted((a, b) => b.weight - a.weight)
    .flatMap(({ name }) => plainTypes.get(name) ?? []);
  return plain ?? 'bytes';
};

/** For refusals and for what is answered to a write: nobody is refused for accepting the bytes only. */
export const readBinaryWanted = (accept: string, query: URLSearchParams): Wanted => {
  const form = binaryForm(accept, query.get('_format'), '');
  return { format: form === 'xml' ? 'xml' : 'json', pretty: query.get('_pretty') === 'true', part: readPart(query) };
};
