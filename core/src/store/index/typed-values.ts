/** Turns the values that a search parameter's expression found into words and spans, by the parameter's kind and the value's type. */
import type { Typed } from '../../fhir/fhirpath/item.ts';
import type { Span } from '../change.ts';
import { beginning, dateRange, end, type Range } from '../../fhir/search/date-range.ts';
import { isId } from '../../fhir/ids.ts';
import { isResourceType } from '../../fhir/resource-types.ts';
import type { SearchParameter } from '../../fhir/search-parameter.ts';
import { referencedType } from '../../fhir/reference-type.ts';
import { isWrittenNumber } from '../../fhir/written-number.ts';
import type { Ucum } from '../../fhir/ucum/ucum.ts';
import { numberWords, quantityWords } from './number-words.ts';
import {
  outsideWord,
  partWords,
  pieceWords,
  placeWord,
  referenceIdentifierWord,
  referenceWord,
  stringWord,
  thereWord,
  tokenWord,
  typedIdentifierWord,
  uriWord,
} from './words.ts';

type Fields = Readonly<Record<string, unknown>>;

const fieldsOf = (value: unknown): Fields => (typeof value === 'object' && value !== null ? (value as Fields) : {});
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** R4 search.html#token: `system|` asks for the system alone, whatever stands behind it. */
const systemWord = (system: unknown, code: unknown): string[] =>
  typeof code === 'string' || typeof system === 'string' ? [tokenWord(textOf(system), textOf(code))] : [];

const codingWord = (value: unknown): string[] => {
  const { system, code } = fieldsOf(value);
  return systemWord(system, code);
};

const identifierWord = (value: unknown): string[] => {
  const { system, value: text } = fieldsOf(value);
  return systemWord(system, text);
};

/** R4 search.html#token: what is a string underneath is searched whatever its case. */
export const caseless = (text: string): string => text.toLowerCase();

/** R4 search.html#token, by type. */
const tokenWords = ({ type, value }: Typed): string[] => {
  if (type === 'Coding') return codingWord(value);
  if (type === 'CodeableConcept') return listOf(fieldsOf(value).coding).flatMap(codingWord);
  if (type === 'Identifier') return identifierWord(value);
  // Addresses of people are told apart by use, which is not a system.
  if (type === 'ContactPoint')
    return typeof fieldsOf(value).value === 'string' ? [tokenWord('', caseless(textOf(fieldsOf(value).value)))] : [];
  if (typeof value === 'string') return [tokenWord('', type === 'string' ? caseless(value) : value)];
  if (isWrittenNumber(value)) return [tokenWord('', String(Number(value.rawJSON)))];
  return typeof value === 'boolean' || typeof value === 'number' ? [tokenWord('', String(value))] : [];
};

export const localReference = (
  base: string,
  reference: string,
): { readonly type: string; readonly id: string } | undefined => {
  const local = reference.startsWith(`${base}/`) ? reference.slice(base.length + 1) : reference;
  const [type = '', id = '', history, version] = local.split('/');
  const shaped = history === undefined || (history === '_history' && version !== undefined);
  return shaped && isResourceType(type) && isId(id) ? { type, id } : undefined;
};

const referenceWords = ({ type, value }: Typed, base: string): string[] => {
  const reference = type === 'Reference' ? fieldsOf(value).reference : value;
  if (typeof reference !== 'string' || reference.startsWith('#')) return [];
  const [address = '', version] = type === 'canonical' ? reference.split('|', 2) : [reference];
  const local = localReference(base, address);
  return [local ? referenceWord(local.type, local.id) : outsideWord(address, version)];
};

/** R4 search.html#reference: a reference may name what it leads to by its identifier, besides or instead. */
export const identifierWords = ({ type, value }: Typed): string[] => {
  if (type !== 'Reference') return [];
  const { system, value: text } = fieldsOf(fieldsOf(value).identifier);
  const isSaid = typeof text === 'string' || typeof system === 'string';
  return isSaid ? [referenceIdentifierWord(textOf(system), textOf(text), typeOf(value))] : [];
};

const typeOf = (reference: unknown): string => {
  const { reference: text, type } = fieldsOf(reference);
  return (typeof text === 'string' ? referencedType(text) : undefined) ?? textOf(type);
};

/** Of references that lead nowhere: there is one, and perhaps of which type. */
export const thereWords = ({ type, value }: Typed): string[] => {
  if (type !== 'Reference' || typeof fieldsOf(value).reference === 'string') return [];
  const named = typeOf(value);
  return named === '' ? [] : [thereWord(named)];
};

/** Of an identifier whose type is known. */
export const typedIdentifierWords = ({ type, value }: Typed): string[] => {
  if (type !== 'Identifier') return [];
  const { value: text, type: concept } = fieldsOf(value);
  if (typeof text !== 'string') return [];
  return listOf(fieldsOf(concept).coding).flatMap((coding) => {
    const { system, code } = fieldsOf(coding);
    return typeof code === 'string' ? [typedIdentifierWord(textOf(system), code, text)] : [];
  });
};

const degrees = (value: unknown): number | undefined => {
  if (isWrittenNumber(value)) return Number(value.rawJSON);
  return typeof value === 'number' ? value : undefined;
};

const placeWords = ({ value }: Typed): string[] => {
  const { latitude, longitude } = fieldsOf(value);
  const [lat, lon] = [degrees(latitude), degrees(longitude)];
  return lat !== undefined && lon !== undefined ? [placeWord(lat, lon)] : [];
};

const uriWords = ({ value }: Typed): string[] => (typeof value === 'string' ? [uriWord(value)] : []);

const humanParts = ['family', 'given', 'prefix', 'suffix', 'text'];
const addressParts = ['line', 'city', 'district', 'state', 'postalCode', 'country', 'text'];

const partsOf = (value: unknown, parts: readonly string[]): string[] =>
  parts.flatMap((part) => {
    const found = fieldsOf(value)[part];
    return (Array.isArray(found) ? found : [found]).filter((each): each is string => typeof each === 'string');
  });

/** The texts that people read in a value. */
export const shownTexts = ({ type, value }: Typed): string[] => {
  if (typeof value === 'string') return [value];
  if (type === 'HumanName') return partsOf(value, humanParts);
  if (type === 'Address') return partsOf(value, addressParts);
  const { text, coding, display, type: kind } = fieldsOf(value);
  const codings = [...listOf(coding), ...listOf(fieldsOf(kind).coding)];
  const texts = [text, display, fieldsOf(kind).text, ...codings.map((each) => fieldsOf(each).display)];
  return texts.filter((each): each is string => typeof each === 'string');
};

const stringWords = (typed: Typed): string[] => shownTexts(typed).map(stringWord);

/** The pieces of strings that are longer than an entry. */
export const longWords = (typed: Typed): string[] => shownTexts(typed).flatMap(pieceWords);

/** The further parts of family names, of a name or of what is one by its parameter. */
export const familyWords = (code: string, { type, value }: Typed): string[] => {
  if (type === 'HumanName') return partWords(textOf(fieldsOf(value).family));
  return code === 'family' && typeof value === 'string' ? partWords(value) : [];
};

const rangeOf = (value: unknown): Range | undefined => (typeof value === 'string' ? dateRange(value) : undefined);

const rangesOf = ({ type, value }: Typed): Range[] => {
  if (typeof value === 'string') {
    const range = rangeOf(value);
    // R4 search.html#date: an instant is a point, however few digits its seconds have.
    return range ? [type === 'instant' ? { low: range.low, high: range.low } : range] : [];
  }
  if (type === 'Period') {
    const [start, stop] = [rangeOf(fieldsOf(value).start), rangeOf(fieldsOf(value).end)];
    return start || stop ? [{ low: start?.low ?? beginning, high: stop?.high ?? end }] : [];
  }
  if (type === 'Timing') {
    const events = listOf(fieldsOf(value).event).flatMap((event) => rangeOf(event) ?? []);
    const bounds = fieldsOf(fieldsOf(value).repeat).boundsPeriod;
    const bound = bounds === undefined ? [] : rangesOf({ type: 'Period', value: bounds });
    const all = [...events, ...bound];
    return all.length === 0
      ? []
      : [{ low: Math.min(...all.map(({ low }) => low)), high: Math.max(...all.map(({ high }) => high)) }];
  }
  return [];
};

/** Wider ones stand apart in the index. */
export const longerThan = 86_400_000;

export const spansOf = (param: number, typed: Typed): Span[] =>
  rangesOf(typed).map(({ low, high }) => ({ param, long: high - low > longerThan, low, high }));

export interface WordNeeds {
  /** This server's own address. */
  readonly base: string;
  readonly units: Pick<Ucum, 'canonicalOf'>;
}

type Kind = SearchParameter['type'];

const makers: Readonly<Record<Kind, (typed: Typed, needs: WordNeeds) => string[]>> = {
  token: tokenWords,
  reference: (typed, { base }) => referenceWords(typed, base),
  string: stringWords,
  number: (typed, { units }) => numberWords(typed, units),
  quantity: (typed, { units }) => quantityWords(typed, units),
  uri: uriWords,
  special: placeWords,
  date: () => [],
  composite: () => [],
};

export const wordTexts = (kind: Kind, typed: Typed, needs: WordNeeds): string[] => makers[kind](typed, needs);
