/** Which of FHIR's media types a body is in, and in which one the answer is wanted. */
import { notSupported } from '../outcome/outcome.ts';

export type Format = 'json' | 'xml';

export const contentTypes: Readonly<Record<Format, string>> = {
  json: 'application/fhir+json; charset=utf-8',
  xml: 'application/fhir+xml; charset=utf-8',
};

const names: ReadonlyMap<string, Format> = new Map([
  ['json', 'json'],
  ['text/json', 'json'],
  ['application/json', 'json'],
  ['application/fhir+json', 'json'],
  ['xml', 'xml'],
  ['text/xml', 'xml'],
  ['application/xml', 'xml'],
  ['application/fhir+xml', 'xml'],
]);

interface MediaType {
  readonly name: string;
  readonly parameters: ReadonlyMap<string, string>;
}

export const readMediaType = (text: string): MediaType => {
  const [name = '', ...parameters] = text.split(';').map((part) => part.trim());
  return {
    name: name.toLowerCase(),
    parameters: new Map(
      parameters.map((parameter) => {
        const [key = '', value = ''] = parameter.split('=', 2);
        return [key.trim().toLowerCase(), value.trim().replaceAll('"', '').toLowerCase()];
      }),
    ),
  };
};

/** R4 versions.html#mt-version: a version may be named, and there is one here. */
const isOurVersion = ({ parameters }: MediaType): boolean => ['4.0', undefined].includes(parameters.get('fhirversion'));

export const formatOfBody = (header: string): Format | undefined => {
  const type = readMediaType(header);
  const charset = type.parameters.get('charset') ?? 'utf-8';
  if (charset !== 'utf-8' && charset !== 'utf8')
    throw notSupported(415, `the body's charset is ${charset.slice(0, 40)}; FHIR is UTF-8`);
  return isOurVersion(type) ? names.get(type.name) : undefined;
};

const notAcceptable = (): Error =>
  notSupported(406, 'the answer can be application/fhir+json or application/fhir+xml, of FHIR 4.0: accept one of them');

const anything: ReadonlySet<string> = new Set(['*/*', 'application/*', 'text/*']);

/** `_format` of the address speaks louder than the header. */
export const wantedFormat = (accept: string, format: string | null): Format => {
  if (format !== null && format !== '') {
    // A plus in an address is a blank unless it is escaped, which people forget.
    const type = readMediaType(format.replace(/ /g, '+'));
    const found = names.get(type.name);
    if (!found || !isOurVersion(type)) throw notAcceptable();
    return found;
  }
  if (accept.trim() === '') return 'json';
  const wishes = accept
    .split(',')
    .map(readMediaType)
    .filter(isOurVersion)
    .map((type) => ({
      format: names.get(type.name) ?? (anything.has(type.name) ? ('json' as const) : undefined),
      exact: names.has(type.name),
      weight: Number(type.parameters.get('q') ?? '1'),
    }))
    .filter(({ format: known, weight }) => known !== undefined && weight > 0)
    .toSorted((a, b) => b.weight - a.weight || Number(b.exact) - Number(a.exact));
  const [best] = wishes;
  if (!best?.format) throw notAcceptable();
  return best.format;
};
