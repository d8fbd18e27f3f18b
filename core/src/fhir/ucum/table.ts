/** Tells what each symbol of UCUM's table means in base units, with its prefix or without; knows no codes of several symbols but those by which the table defines its units. */
import { parseDecimal } from '../decimal.ts';
import { partsOf, type Part } from './grammar.ts';
import { one, power, ratioOf, reduced, reducedProduct, type Ratio } from './ratio.ts';

export interface UcumPrefix {
  readonly code: string;
  readonly value: string;
}

export interface UcumUnit {
  readonly code: string;
  /** Takes prefixes. */
  readonly metric?: boolean;
  /** Measures what no other unit measures. */
  readonly arbitrary?: boolean;
  /** The name of a function that is no mere factor. */
  readonly special?: string;
  readonly value: string;
  readonly unit: string;
}

/** The form of fhir-profiles/core/ucum.json. */
export interface UcumTable {
  readonly version: string;
  readonly base: readonly string[];
  readonly prefixes: readonly UcumPrefix[];
  readonly units: readonly UcumUnit[];
}

/** So many of these: base units, and units that have a dimension of their own. */
export interface Size {
  readonly factor: Ratio;
  readonly exponents: ReadonlyMap<string, number>;
}

/** Undefined for symbols that UCUM does not have. */
export type SizeOf = (symbol: string) => Size | undefined;

const sized = (factor: Ratio | undefined, exponents: Size['exponents'] = new Map()): Size | undefined =>
  factor && { factor, exponents };

const raised = (size: Size, exponent: number): Size | undefined =>
  sized(
    power(size.factor, exponent),
    new Map(exponent === 0 ? [] : [...size.exponents].map(([code, own]) => [code, own * exponent])),
  );

const joined = (a: Size, b: Size): Size | undefined => {
  const exponents = new Map(a.exponents);
  for (const [code, exponent] of b.exponents) {
    const total = (exponents.get(code) ?? 0) + exponent;
    if (total === 0) exponents.delete(code);
    else exponents.set(code, total);
  }
  return sized(reducedProduct(a.factor, b.factor), exponents);
};

const sizeOfPart = ({ symbol, factor = 1n, exponent }: Part, sizeOf: SizeOf): Size | undefined => {
  const size = symbol === undefined ? sized({ over: factor, under: 1n }) : sizeOf(symbol);
  // A factor of nothing is no unit: 0 is the only one.
  return size && size.factor.over !== 0n ? raised(size, exponent) : undefined;
};

export const sizeOfParts = (parts: readonly Part[], sizeOf: SizeOf): Size | undefined => {
  let all = sized(one);
  for (const part of parts) {
    const size = sizeOfPart(part, sizeOf);
    all = all && size && joined(all, size);
    if (!all) return undefined;
  }
  return all;
};

export const numberAsSize = (text: string): Size | undefined => {
  const value = parseDecimal(text);
  return value && sized(reduced(ratioOf(value)));
};

/** What one row says of its unit, whatever its function. */
export const sizeOfRow = ({ value, unit }: UcumUnit, sizeOf: SizeOf): Size | undefined => {
  const parts = partsOf(unit);
  const size = parts && sizeOfParts(parts, sizeOf);
  const count = numberAsSize(value);
  return size && count && joined(count, size);
};

/**
 * Arbitrary units, and those whose value is a logarithm, a root or a tangent: no exact factor leads from them to others.
 * What UCUM defines as another arbitrary unit, as [IU] is [iU], is that one.
 */
const standsAlone = ({ arbitrary = false, special, unit }: UcumUnit): boolean =>
  special !== undefined || (arbitrary && unit === '1');

const itself = (code: string): Size => ({ factor: one, exponents: new Map([[code, 1]]) });

export const openTable = ({ base, prefixes, units }: UcumTable): SizeOf => {
  const rows = new Map(units.map((row) => [row.code, row]));
  const known = new Map<string, Size | undefined>(base.map((code) => [code, itself(code)]));
  const sizes = prefixes.map(({ code, value }) => ({ code, size: numberAsSize(value) }));

  const sizeOfAtom: SizeOf = (code) => {
    const row = rows.get(code);
    if (!row || known.has(code)) return known.get(code);
    // In its own definition a unit is unknown, so that no table could make this endless.
    known.set(code, undefined);
    known.set(code, standsAlone(row) ? itself(code) : sizeOfRow(row, sizeOf));
    return known.get(code);
  };
  const isMetric = (code: string): boolean => base.includes(code) || rows.get(code)?.metric === true;

  const sizeOf: SizeOf = (symbol) => {
    if (known.has(symbol) || rows.has(symbol)) return sizeOfAtom(symbol);
    const prefix = sizes.find(({ code }) => symbol.startsWith(code) && isMetric(symbol.slice(code.length)));
    const atom = prefix && sizeOfAtom(symbol.slice(prefix.code.length));
    return prefix?.size && atom && joined(prefix.size, atom);
  };
  return sizeOf;
};
