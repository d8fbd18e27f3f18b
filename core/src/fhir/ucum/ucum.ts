/** Brings quantities with UCUM codes to one canonical form, so that equal ones have equal texts and equal decimals; answers nothing for what is not UCUM. */
import { plus, type Decimal } from '../decimal.ts';
import type { Convert } from '../fhirpath/quantities.ts';
import {
  difference,
  exactDecimal,
  inverse,
  nothing,
  product,
  ratioOf,
  rounded,
  roundedRatio,
  sum,
  type Ratio,
} from './ratio.ts';
import type { UcumTable } from './table.ts';
import { unitReader, type ReadUnit, type Unit } from './unit.ts';

export interface Canonical {
  readonly unit: string;
  /** Rounded to 34 significant digits, wherever the value came from. */
  readonly toCanonical: (value: Decimal) => Decimal;
}

export interface Ucum {
  readonly parseUnit: ReadUnit;
  readonly canonicalOf: (code: string) => Canonical | undefined;
  readonly convert: Convert;
}

const inBase = (value: Decimal, { factor, offset }: Unit): Ratio => {
  const size = product(ratioOf(value), factor);
  return offset ? sum(size, offset) : size;
};

/** Most units are a decimal number of others: then nothing has to be divided. */
const converter = (unit: Unit): ((value: Decimal) => Decimal) => {
  const factor = exactDecimal(unit.factor);
  const offset = exactDecimal(unit.offset ?? nothing);
  if (!factor || !offset) return (value) => roundedRatio(inBase(value, unit));
  return ({ digits, scale }) => {
    const size = { digits: digits * factor.digits, scale: scale + factor.scale };
    return rounded(unit.offset ? plus(size, offset) : size);
  };
};

/** A server meets a few dozen codes; whoever sends others can only make it forget. */
const mostRemembered = 1_000;

const remembering = <Made>(make: (code: string) => Made | undefined): ((code: string) => Made | undefined) => {
  const known = new Map<string, Made>();
  return (code) => {
    const before = known.get(code);
    if (before) return before;
    const made = make(code);
    // What is refused is not kept: it costs little to refuse it again.
    if (!made) return undefined;
    const [oldest] = known.keys();
    if (known.size >= mostRemembered && oldest !== undefined) known.delete(oldest);
    known.set(code, made);
    return made;
  };
};

export const openUcum = (table: UcumTable): Ucum => {
  const read = unitReader(table);
  const known = remembering((code) => {
    const unit = read(code);
    return unit && { unit, canonical: { unit: unit.unit, toCanonical: converter(unit) } };
  });
  const parseUnit: ReadUnit = (code) => known(code)?.unit;
  return {
    parseUnit,
    canonicalOf: (code) => known(code)?.canonical,
    convert: (value, from, to) => {
      const source = parseUnit(from);
      const target = parseUnit(to);
      if (!source || !target || source.unit !== target.unit) return undefined;
      const base = inBase(value, source);
      const above = target.offset ? difference(base, target.offset) : base;
      return roundedRatio(product(above, inverse(target.factor)));
    },
  };
};
