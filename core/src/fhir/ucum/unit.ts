/** Says what a UCUM code measures: its canonical unit, how many of it, and from where a temperature scale counts. */
import { partsOf } from './grammar.ts';
import { product, type Ratio } from './ratio.ts';
import { numberAsSize, openTable, sizeOfParts, sizeOfRow, type Size, type UcumTable } from './table.ts';

export interface Unit {
  /** Base units and units with a dimension of their own, by code point, each with its exponent: g.m-1.s-2, or 1. */
  readonly unit: string;
  /** How many of them it is. */
  readonly factor: Ratio;
  /** What to add to a value that is in them already: only temperature scales have it. */
  readonly offset?: Ratio;
}

/** Where the scales of UCUM's temperature functions begin, in their own degrees above absolute zero. */
const beginnings: Readonly<Record<string, string>> = { Cel: '273.15', degF: '459.67', degRe: '218.52' };

interface Scale {
  readonly degree: Size;
  readonly beginning: Ratio;
}

const byCodePoint = ([a]: [string, number], [b]: [string, number]): number => Number(a > b) - Number(a < b);

const unitText = (exponents: Size['exponents']): string =>
  [...exponents]
    .sort(byCodePoint)
    .map(([code, exponent]) => (exponent === 1 ? code : `${code}${exponent}`))
    .join('.') || '1';

const isOnce = (exponents: Size['exponents'], code: string): boolean =>
  exponents.size === 1 && exponents.get(code) === 1;

const onScale = (factor: Ratio, { degree, beginning }: Scale): Unit => ({
  unit: unitText(degree.exponents),
  factor: product(factor, degree.factor),
  offset: product(beginning, degree.factor),
});

/** Undefined for what is not UCUM. */
export type ReadUnit = (code: string) => Unit | undefined;

export const unitReader = (table: UcumTable): ReadUnit => {
  const sizeOf = openTable(table);
  const scales = new Map<string, Scale>();
  for (const row of table.units) {
    const beginning = numberAsSize(beginnings[row.special ?? ''] ?? '')?.factor;
    const degree = beginning && sizeOfRow(row, sizeOf);
    if (degree) scales.set(row.code, { degree, beginning });
  }
  return (code) => {
    const parts = partsOf(code);
    const size = parts && sizeOfParts(parts, sizeOf);
    if (!size) return undefined;
    const { factor, exponents } = size;
    // UCUM §22: a special unit may be scaled, and nothing else. In a product it stays a dimension of its own.
    const [first = ''] = exponents.keys();
    const scale = isOnce(exponents, first) ? scales.get(first) : undefined;
    return scale ? onScale(factor, scale) : { unit: unitText(exponents), factor };
  };
};
