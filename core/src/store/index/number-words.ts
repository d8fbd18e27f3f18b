/** Words of numbers and quantities, in the order of their sizes, and what a search value asks of them; a quantity is found by its number, by its unit as it is written, and by UCUM in whatever unit. */
import { decimalOf, type Decimal } from '../../fhir/decimal.ts';
import type { Typed } from '../../fhir/fhirpath/item.ts';
import { justAbove, justBelow, orderedDecimal } from '../../fhir/search/decimal-order.ts';
import type { NumberValue, QuantityValue } from '../../fhir/search/query.ts';
import type { Ucum } from '../../fhir/ucum/ucum.ts';
import { isWrittenNumber } from '../../fhir/written-number.ts';
import type { Match, PartTest } from '../search/match.ts';
import { cleared } from '../../fhir/search/fold.ts';
import { seam, short } from './words.ts';

type Units = Pick<Ucum, 'canonicalOf'>;

const ucumSystem = 'http://unitsofmeasure.org';

/** Before and behind every number's text. */
const [lowest, highest] = ['!', '~'];

/** Behind the words of one number, whatever follows the seam. */
const behind = '\u0002';

/** Points and ranges stand apart: of a point the order of the words tells all. What is in canonical units stands behind all that is as written. */
const [point, range, canonicalPoint, canonicalRange] = ['n', 'N', 'v', 'w'];

/** Where the words in canonical units begin. */
export const canonicalWords = 'v';

interface Unit {
  readonly system: string;
  readonly code: string;
  readonly unit: string;
}

/** Undefined where it is open to all sides. */
interface Extent {
  readonly low: Decimal | undefined;
  readonly high: Decimal | undefined;
  /** What bounds it does not belong to it. */
  readonly open?: boolean;
}

type Fields = Readonly<Record<string, unknown>>;

const fieldsOf = (value: unknown): Fields => (typeof value === 'object' && value !== null ? (value as Fields) : {});
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
const numberOf = (value: unknown): Decimal | undefined =>
  typeof value === 'number' || isWrittenNumber(value) ? decimalOf(value) : undefined;

const isPoint = ({ low, high }: Extent): boolean => low !== undefined && low === high;

const lowText = ({ low, open }: Extent): string => {
  if (!low) return lowest;
  return open ? justAbove(low) : orderedDecimal(low);
};
const highText = ({ high, open }: Extent): string => {
  if (!high) return highest;
  return open ? justBelow(high) : orderedDecimal(high);
};

const numberText = (lead: string, extent: Extent, mark: { readonly point: string; readonly range: string }): string =>
  isPoint(extent)
    ? `${mark.point}${lead}${lowText(extent)}`
    : `${mark.range}${lead}${lowText(extent)}${seam}${highText(extent)}`;

const rawMark = { point, range };
const canonicalMark = { point: canonicalPoint, range: canonicalRange };

const unitText = ({ system, code, unit }: Unit): string =>
  [system, code, unit].map((text) => short(cleared(text))).join(seam);

const canonicalWord = (extent: Extent, { system, code }: Unit, units: Units): string[] => {
  const canonical = system === ucumSystem ? units.canonicalOf(code) : undefined;
  if (!canonical) return [];
  const low = extent.low && canonical.toCanonical(extent.low);
  const high = isPoint(extent) ? low : extent.high && canonical.toCanonical(extent.high);
  return [`${numberText(canonical.unit + seam, { ...extent, low, high }, canonicalMark)}${seam}`];
};

const words = (extent: Extent, unit: Unit, units: Units): string[] => [
  `${numberText('', extent, rawMark)}${seam}${unitText(unit)}`,
  ...canonicalWord(extent, unit, units),
];

/** R4 datatypes.html#Quantity.comparator: the true value lies somewhere on one side. */
const extentOf = (value: Decimal, comparator: unknown): Extent => {
  const open = comparator === '<' || comparator === '>';
  if (comparator === '<' || comparator === '<=') return { low: undefined, high: value, open };
  if (comparator === '>' || comparator === '>=') return { low: value, high: undefined, open };
  return { low: value, high: value };
};

const unitOf = ({ system, code, unit, currency }: Fields): Unit =>
  typeof currency === 'string'
    ? { system: 'urn:iso:std:iso:4217', code: currency, unit: '' }
    : { system: textOf(system), code: textOf(code), unit: textOf(unit) };

const rangeWords = (value: unknown, units: Units): string[] => {
  const [low, high] = [fieldsOf(fieldsOf(value).low), fieldsOf(fieldsOf(value).high)];
  const extent = { low: numberOf(low.value), high: numberOf(high.value) };
  const said = low.value === undefined ? high : low;
  return extent.low || extent.high ? words(extent, unitOf(said), units) : [];
};

export const quantityWords = ({ type, value }: Typed, units: Units): string[] => {
  if (type === 'Range') return rangeWords(value, units);
  const fields = fieldsOf(value);
  const number = numberOf(fields.value);
  return number ? words(extentOf(number, fields.comparator), unitOf(fields), units) : [];
};

const noUnit: Unit = { system: '', code: '', unit: '' };

export const numberWords = ({ type, value }: Typed, units: Units): string[] => {
  if (type === 'Range') return rangeWords(value, units);
  const number = numberOf(value);
  return number ? words({ low: number, high: number }, noUnit, units) : [];
};

interface Bounds {
  readonly value: Decimal;
  readonly low: Decimal;
  readonly high: Decimal;
}

interface Placed {
  readonly mark: { readonly point: string; readonly range: string };
  /** Stands before the number. */
  readonly lead: string;
  /** Which part of the word a range's first number is. */
  readonly nth: number;
  readonly tests: (isRange: boolean) => readonly PartTest[];
}

const between = ({ mark, lead, tests }: Placed, from: string, to: string): Match => ({
  from: `${mark.point}${lead}${from}`,
  to: `${mark.point}${lead}${to}`,
  tests: tests(false),
});

const everyRange = (
  { mark, lead, nth, tests }: Placed,
  ...bounds: readonly (readonly ['low' | 'high', PartTest['test'], string])[]
): Match => ({
  start: `${mark.range}${lead}`,
  tests: [
    ...bounds.map(([end, test, text]): PartTest =>
      end === 'low' && nth === 1
        ? { nth, test, text: `${mark.range}${text}` }
        : { nth: end === 'low' ? nth : nth + 1, test, text },
    ),
    ...tests(true),
  ],
});

/** R4 search.html#prefix, of points and of ranges. */
const matchesOf = (prefix: NumberValue['prefix'], bounds: Bounds, placed: Placed): Match[] => {
  const [value, low, high] = [bounds.value, bounds.low, bounds.high].map(orderedDecimal) as [string, string, string];
  const over = value + behind;
  const points = (from: string, to: string): Match => between(placed, from, to);
  const ranges = (...tests: Parameters<typeof everyRange> extends [Placed, ...infer Rest] ? Rest : never): Match =>
    everyRange(placed, ...tests);
  switch (prefix) {
    case 'eq':
      return [points(low, high), ranges(['low', 'atLeast', low], ['high', 'below', high])];
    case 'ne':
      return [
        points(lowest, low),
        points(high, highest),
        ranges(['low', 'below', low]),
        ranges(['low', 'atLeast', low], ['high', 'atLeast', high]),
      ];
    case 'gt':
      return [points(over, highest), ranges(['high', 'atLeast', over])];
    case 'ge':
      return [points(value, highest), ranges(['high', 'atLeast', value])];
    case 'lt':
      return [points(lowest, value), ranges(['low', 'below', value])];
    case 'le':
      return [points(lowest, over), ranges(['low', 'below', over])];
    case 'sa':
      return [points(over, highest), ranges(['low', 'atLeast', over])];
    case 'eb':
      return [points(lowest, value), ranges(['high', 'below', value])];
    case 'ap':
      return [points(low, high + behind), ranges(['low', 'below', high + behind], ['high', 'atLeast', low])];
  }
};

export const numberMatches = (value: NumberValue): Match[] =>
  matchesOf(value.prefix, value, { mark: rawMark, lead: '', nth: 1, tests: () => [] });

/** As it is written: by system and code, or by a code or unit alone. */
const writtenTests =
  ({ system, code }: QuantityValue) =>
  (isRange: boolean): PartTest[] => {
    const first = isRange ? 3 : 2;
    if (system === undefined) return [];
    const tests: PartTest[] = [];
    if (system !== '') tests.push({ nth: first, test: 'is', text: short(cleared(system)) });
    if (code !== undefined) tests.push({ nth: first + 1, test: 'is', text: short(cleared(code)) });
    return tests;
  };

/** A unit without a system is one for people, or a code whose system is not said: alternatives, each with its own test. */
const unitAlone = (value: QuantityValue, text: string): Match[] =>
  [1, 2].flatMap((behindSystem) =>
    matchesOf(value.prefix, value, {
      ...{ mark: rawMark, lead: '', nth: 1 },
      tests: (isRange) => [{ nth: (isRange ? 3 : 2) + behindSystem, test: 'is', text: short(cleared(text)) }],
    }),
  );

export const quantityMatches = (value: QuantityValue, units: Units): Match[] => {
  const { system, code, prefix } = value;
  const canonical = system === ucumSystem && code !== undefined ? units.canonicalOf(code) : undefined;
  if (canonical) {
    const { toCanonical, unit } = canonical;
    const bounds = { value: toCanonical(value.value), low: toCanonical(value.low), high: toCanonical(value.high) };
    return matchesOf(prefix, bounds, { mark: canonicalMark, lead: unit + seam, nth: 2, tests: () => [] });
  }
  if (system === '' && code !== undefined) return unitAlone(value, code);
  return matchesOf(prefix, value, { mark: rawMark, lead: '', nth: 1, tests: writtenTests(value) });
};
