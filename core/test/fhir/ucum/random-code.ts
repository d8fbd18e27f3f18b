/** UCUM codes made at random from its table by its grammar, and texts that are nearly such codes. */
import type { UcumTable } from '../../../src/fhir/ucum/table.ts';
import type { Seeded } from '../../seeded.ts';

const deepest = 2;

/** So that a test may put something around a code that UCUM's reader does not find too long. */
const longest = 150;

export const randomSymbol = ({ base, units, prefixes }: UcumTable, { pick, whole }: Seeded): string => {
  const { code, metric = false } = pick([...base.map((known) => ({ code: known, metric: true })), ...units]);
  return metric && whole(2) === 0 ? pick(prefixes).code + code : code;
};

export const randomCode = (table: UcumTable, random: Seeded, depth = 0): string => {
  const { whole, pick } = random;
  const component = (): string => {
    const kind = whole(12);
    if (kind === 0) return String(1 + whole(200));
    if (kind === 1) return `10${pick(['*', '^'])}${whole(25) - 12}`;
    if (kind === 2) return `{${pick(['cells', 'a/b', '(x'])}}`;
    if (kind === 3 && depth < deepest) return `(${randomCode(table, random, depth + 1)})`;
    const exponent = whole(3) === 0 ? pick(['-', '+', '']) + String(1 + whole(3)) : '';
    return randomSymbol(table, random) + exponent + (whole(8) === 0 ? '{note}' : '');
  };
  const rest = Array.from({ length: whole(3) }, () => pick(['.', '/']) + component());
  const code = [depth === 0 && whole(10) === 0 ? '/' : '', component(), ...rest].join('');
  return code.length > longest ? randomCode(table, random, depth) : code;
};

/** With one character more, less or other. */
export const bruised = (code: string, { pick, whole }: Seeded): string => {
  const at = whole(code.length + 1);
  const stray = pick(['', ...'mgLsKUu./()[]{}10*^-+%_ \u00b5'.split('')]);
  return code.slice(0, at) + stray + code.slice(at + whole(2));
};
