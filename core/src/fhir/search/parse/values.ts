/** Reads one value of each kind of search parameter; refuses what it cannot read, and says what would be read. */
import { parseDecimal } from '../../decimal.ts';
import { isId } from '../../ids.ts';
import { isResourceType } from '../../resource-types.ts';
import { invalid } from '../../../outcome/outcome.ts';
import { approximateRange, implicitRange } from '../decimal-range.ts';
import { dateRange } from '../date-range.ts';
import {
  prefixes,
  type DateValue,
  type NearValue,
  type NumberValue,
  type Prefix,
  type QuantityValue,
  type ReferenceValue,
  type TokenValue,
  type TypedIdentifier,
} from '../query.ts';
import { splitUnescaped, unescaped } from './text.ts';

export const tokenValue = (text: string): TokenValue => {
  const [first = '', ...rest] = splitUnescaped(text, '|');
  if (rest.length === 0) return { code: unescaped(first) };
  const code = unescaped(rest.join('|'));
  return code === '' ? { system: unescaped(first) } : { system: unescaped(first), code };
};

/** R4 search.html#token: `[system]|[code]|[value]`. */
export const typedIdentifier = (name: string, text: string): TypedIdentifier => {
  const [system = '', code = '', ...rest] = splitUnescaped(text, '|').map(unescaped);
  const value = rest.join('|');
  if (code === '' || value === '')
    throw invalid(name, `${name} needs system|code|value: the type's system and code, and the identifier's value`);
  return { system, code, value };
};

/** `base`: this server's own address. */
export const referenceValue = (
  name: string,
  text: string,
  onlyType: string | undefined,
  base: string,
): ReferenceValue => {
  const plain = unescaped(text);
  const local = plain.startsWith(`${base}/`) ? plain.slice(base.length + 1) : plain;
  const [type = '', id = '', ...rest] = local.split('/');
  const isLocal = isResourceType(type) && isId(id);
  if (isLocal && rest[0] === '_history')
    throw invalid(name, `${name} finds references whatever version they are to: leave /_history/ out`);
  if (isLocal && rest.length === 0) {
    if (onlyType !== undefined && onlyType !== type) throw invalid(name, `${name} asks for a ${onlyType}`);
    return { type, id };
  }
  if (isId(local)) return onlyType === undefined ? { id: local } : { type: onlyType, id: local };
  // R4 search.html#reference: an id, Type/id or an absolute address; a canonical may also be an absolute URN.
  if (!/^[a-z][a-z\d+.-]*:/i.test(plain) || (isResourceType(type) && local !== plain))
    throw invalid(
      name,
      `${name} needs an id, Type/id or an address: Patient/1, 1, http://elsewhere.example/fhir/Patient/1`,
    );
  const [url = '', ofCanonical] = plain.split('|', 2);
  return ofCanonical === undefined ? { id: url } : { id: url, version: ofCanonical };
};

const prefixOf = (text: string): Prefix | undefined => prefixes.find((prefix) => text.startsWith(prefix));

export const dateValue = (name: string, text: string): DateValue => {
  const lead = prefixOf(text);
  const range = dateRange(unescaped(lead ? text.slice(2) : text));
  if (!range)
    throw invalid(
      name,
      `${name} needs a date: YYYY, YYYY-MM, YYYY-MM-DD or a time with its zone, after an optional ${prefixes.join(' ')}`,
    );
  return { prefix: lead ?? 'eq', ...range };
};

export const numberValue = (name: string, text: string): NumberValue => {
  const lead = prefixOf(text);
  const digits = lead ? text.slice(2) : text;
  const value = parseDecimal(digits);
  const implied = value && implicitRange(digits);
  if (!value || !implied)
    throw invalid(name, `${name} needs a number such as 100, 5.40 or 1e-3, after an optional ${prefixes.join(' ')}`);
  return { prefix: lead ?? 'eq', value, ...(lead === 'ap' ? approximateRange(value) : implied) };
};

/** R4 search.html#quantity: `[prefix][number]|[system]|[code]`. */
export const quantityValue = (name: string, text: string): QuantityValue => {
  const [number = '', ...unit] = splitUnescaped(text, '|');
  const value = numberValue(name, number);
  if (unit.length === 0) return value;
  const [system = '', code = ''] = unit.map(unescaped);
  // `5.4|mg` is not of the specification, and means what `5.4||mg` says; an address alone is a system without a code.
  const isUnit = unit.length === 1 && system !== '' && !/^[a-z][a-z\d+.-]*:/i.test(system);
  if (isUnit) return { ...value, system: '', code: system };
  if (unit.length !== 2 || system + code === '')
    throw invalid(name, `${name} needs number|system|code, such as 5.4|http://unitsofmeasure.org|mg, or number||unit`);
  return { ...value, system, ...(code === '' ? {} : { code }) };
};

const perUnit: ReadonlyMap<string, number> = new Map([
  ['km', 1],
  ['m', 0.001],
  ['cm', 0.000_01],
  ['[mi_us]', 1.609_347],
  ['[mi_i]', 1.609_344],
  ['mi', 1.609_344],
  ['ft', 0.000_304_8],
  ['[ft_i]', 0.000_304_8],
]);

const degreesForm = /^[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** Undefined where it is no finite number: an empty text is none, though Number takes it for 0. */
const finite = (text: string): number | undefined => {
  const number = degreesForm.test(text) ? Number(text) : Infinity;
  return Number.isFinite(number) ? number : undefined;
};

const usualKilometres = 50;

/** R4 location.html#near: `[latitude]|[longitude]|[distance]|[units]`. */
export const nearValue = (name: string, text: string): NearValue => {
  const [lat = '', lon = '', distance = '', unit = '', ...rest] = splitUnescaped(text, '|').map(unescaped);
  const [latitude, longitude] = [finite(lat), finite(lon)];
  const each = perUnit.get(unit === '' ? 'km' : unit);
  const far = distance === '' ? usualKilometres : finite(distance);
  const isPlace = latitude !== undefined && longitude !== undefined && rest.length === 0;
  const isSound = isPlace && Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180;
  if (!isSound || far === undefined || far < 0 || each === undefined)
    throw invalid(
      name,
      `${name} needs latitude|longitude|distance|unit, such as -83.69|42.25|11.2|km; units are ${[...perUnit.keys()].join(' ')}`,
    );
  return { latitude, longitude, kilometres: far * each };
};

export const truth = (name: string, text: string): boolean => {
  if (text !== 'true' && text !== 'false') throw invalid(name, `${name} is true or false`);
  return text === 'true';
};
