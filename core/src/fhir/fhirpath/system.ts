/** Reads FHIR's primitives and quantities as values of FHIRPath's own types; leaves alone what has no such value. */
import { decimalOf, isNumeric } from '../decimal.ts';
import { isMembers } from '../members.ts';
import { booleanItem, decimalItem, integerItem, momentItem, quantityItem, stringItem, type Item } from './item.ts';
import { parseDate, parseDateTime, parseTime, type Moment } from './moment.ts';

export const ucum = 'http://unitsofmeasure.org';

type Reading = (value: unknown) => Item | undefined;

const text: Reading = (value) => (typeof value === 'string' ? stringItem(value) : undefined);

const moment =
  (parse: (written: string) => Moment | undefined): Reading =>
  (value) => {
    const parsed = typeof value === 'string' ? parse(value) : undefined;
    return parsed && momentItem(parsed);
  };

const whole: Reading = (value) => (isNumeric(value) ? integerItem(Number(numberText(value))) : undefined);

const numberText = (value: number | { readonly rawJSON: string }): string =>
  typeof value === 'number' ? String(value) : value.rawJSON;

const decimal: Reading = (value) => {
  const read = isNumeric(value) ? decimalOf(value) : undefined;
  return read && decimalItem(read);
};

/** R4 fhirpath.html: a Quantity is FHIRPath's when its unit is UCUM's. One with a comparator is no single value. */
const quantity: Reading = (value) => {
  if (!isMembers(value) || value['comparator'] !== undefined || !isNumeric(value['value'])) return undefined;
  const read = decimalOf(value['value']);
  const { system, code, unit } = value;
  if (!read || (system !== undefined && system !== ucum)) return undefined;
  const named = code ?? (system === undefined ? unit : undefined) ?? '1';
  return typeof named === 'string' ? quantityItem({ value: read, unit: named, calendar: false }) : undefined;
};

const readings: ReadonlyMap<string, Reading> = new Map<string, Reading>([
  ...['string', 'code', 'id', 'markdown', 'uri', 'url', 'canonical', 'oid', 'uuid', 'base64Binary', 'xhtml'].map(
    (type): [string, Reading] => [type, text],
  ),
  ...['integer', 'unsignedInt', 'positiveInt'].map((type): [string, Reading] => [type, whole]),
  ...['Quantity', 'Age', 'Count', 'Distance', 'Duration', 'SimpleQuantity', 'MoneyQuantity'].map(
    (type): [string, Reading] => [type, quantity],
  ),
  ['boolean', (value) => (typeof value === 'boolean' ? booleanItem(value) : undefined)],
  ['decimal', decimal],
  ['date', moment(parseDate)],
  ['dateTime', moment(parseDateTime)],
  ['instant', moment(parseDateTime)],
  ['time', moment(parseTime)],
]);

/** The item itself when it has no value of FHIRPath's own. */
export const systemItem = (item: Item): Item => readings.get(item.type)?.(item.value) ?? item;

export const isSystem = ({ type }: Item): boolean => type.startsWith('System.');
