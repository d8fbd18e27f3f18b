/** Exact fractions of whole numbers, and how one of them becomes a decimal; refuses factors that only an attacker writes. */
import { shortened, type Decimal } from '../decimal.ts';

export interface Ratio {
  readonly over: bigint;
  /** More than 0. */
  readonly under: bigint;
}

/** The largest that UCUM's table can mean is far below; without a bound, `Ym999.Ym999` would make numbers of thousands of digits. */
const mostBits = 4_096;

const bitsOf = (value: bigint): number => value.toString(16).length * 4;

const isUnbounded = ({ over, under }: Ratio): boolean => bitsOf(over) > mostBits || bitsOf(under) > mostBits;

const divisor = (a: bigint, b: bigint): bigint => {
  let [larger, smaller] = [a < 0n ? -a : a, b];
  while (smaller !== 0n) [larger, smaller] = [smaller, larger % smaller];
  return larger;
};

export const nothing: Ratio = { over: 0n, under: 1n };

export const one: Ratio = { over: 1n, under: 1n };

export const ratioOf = ({ digits, scale }: Decimal): Ratio => ({ over: digits, under: 10n ** BigInt(scale) });

export const inverse = ({ over, under }: Ratio): Ratio =>
  over < 0n ? { over: -under, under: -over } : { over: under, under: over };

/** Not reduced, as the sums are not: what is made for one value is rounded at once. */
export const product = (a: Ratio, b: Ratio): Ratio => ({ over: a.over * b.over, under: a.under * b.under });

export const sum = (a: Ratio, b: Ratio): Ratio => ({
  over: a.over * b.under + b.over * a.under,
  under: a.under * b.under,
});

export const difference = (a: Ratio, b: Ratio): Ratio => sum(a, { over: -b.over, under: b.under });

/** In lowest terms, if both are. Undefined when it grows out of all reason. */
export const reducedProduct = (a: Ratio, b: Ratio): Ratio | undefined => {
  // Crosswise, the divisors are sought in the small numbers and not in their product.
  const ours = divisor(a.over, b.under);
  const theirs = divisor(b.over, a.under);
  const made = {
    over: (a.over / ours) * (b.over / theirs),
    under: (a.under / theirs) * (b.under / ours),
  };
  return isUnbounded(made) ? undefined : made;
};

export const reduced = ({ over, under }: Ratio): Ratio => {
  const shared = divisor(over, under);
  return { over: over / shared, under: under / shared };
};

/** Undefined when it grows out of all reason. */
export const power = (base: Ratio, exponent: number): Ratio | undefined => {
  const { over, under } = exponent < 0 ? inverse(base) : base;
  const times = Math.abs(exponent);
  if (Math.max(bitsOf(over), bitsOf(under)) * times > mostBits * 2) return undefined;
  const made = { over: over ** BigInt(times), under: under ** BigInt(times) };
  return isUnbounded(made) ? undefined : made;
};

/**
 * Significant digits of every result, as many as IEEE's decimal128 has. All are rounded at the same place, whether they
 * end or not: then one value is one decimal, and a larger value is never a smaller decimal.
 */
const significant = 34;

const longest = 10n ** BigInt(significant);

const scaledTo = (digits: bigint, scale: number): Decimal =>
  scale >= 0 ? { digits, scale } : { digits: digits * 10n ** BigInt(-scale), scale: 0 };

/** Half away from zero. What has been cut off behind the first digit too many cannot change the result. */
export const rounded = (value: Decimal): Decimal => {
  const { digits, scale } = value;
  if (digits < longest && digits > -longest) return shortened(value);
  const excess = digits.toString().length - (digits < 0n ? 1 : 0) - significant;
  const unit = 10n ** BigInt(excess);
  const half = (digits < 0n ? -unit : unit) / 2n;
  return shortened(scaledTo((digits + half) / unit, scale - excess));
};

export const roundedRatio = ({ over, under }: Ratio): Decimal => {
  const missing = significant + 2 + under.toString().length - over.toString().length;
  const scale = Math.max(missing, 0);
  return rounded({ digits: (over * 10n ** BigInt(scale)) / under, scale });
};

/** Undefined when its digits do not end, or end late. */
export const exactDecimal = (ratio: Ratio): Decimal | undefined => {
  const near = roundedRatio(ratio);
  return near.digits * ratio.under === ratio.over * 10n ** BigInt(near.scale) ? near : undefined;
};
