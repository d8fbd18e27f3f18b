import { expect } from 'chai';
import { compareDecimals, decimalText, minus, parseDecimal, shortened } from '../../../src/fhir/decimal.ts';
import { approximateRange, implicitRange, type DecimalRange } from '../../../src/fhir/search/decimal-range.ts';
import { seeded } from '../../seeded.ts';

const ends = (range: DecimalRange | undefined): string[] | undefined =>
  range && [range.low, range.high].map((end) => decimalText(shortened(end)));

const rows: readonly (readonly [text: string, low: string, high: string])[] = [
  // R4's own examples.
  ['100', '99.5', '100.5'],
  ['100.00', '99.995', '100.005'],
  ['1e2', '95', '105'],
  ['5.40e-3', '0.005395', '0.005405'],
  ['5.4', '5.35', '5.45'],
  ['0', '-0.5', '0.5'],
  ['0.0', '-0.05', '0.05'],
  ['-100', '-100.5', '-99.5'],
  ['-5.40', '-5.405', '-5.395'],
  ['1E2', '95', '105'],
  ['2e-3', '0.00195', '0.00205'],
  ['0.1e2', '9.5', '10.5'],
  ['12e2', '1150', '1250'],
  ['1.0e2', '95', '105'],
  ['1.00e2', '99.5', '100.5'],
  ['100e0', '99.5', '100.5'],
];

describe('the numbers that a search value means', () => {
  for (const [text, low, high] of rows)
    it(`are from ${low} to ${high} by ${text}`, () => {
      expect(ends(implicitRange(text))).to.deep.equal([low, high]);
    });

  for (const text of [
    '',
    'x',
    '1.',
    '.5',
    '1e',
    '0x10',
    'NaN',
    '1e99999',
    `1e-${'9'.repeat(500)}`,
    '9'.repeat(2_001),
    '1 ',
  ])
    it(`are none by ${text.slice(0, 20)}`, () => {
      expect(implicitRange(text)).to.equal(undefined);
    });

  it('stand around the value, and closer by each digit', () => {
    const { seed, whole, pick } = seeded();
    for (let round = 0; round < 2_000; round += 1) {
      const text = `${pick(['', '-'])}${whole(1e4)}.${whole(1e4)}${pick(['', 'e3', 'e-7'])}`;
      const value = parseDecimal(text)!;
      const { low, high } = implicitRange(text)!;
      const closer = implicitRange(text.replace(/(?=e|$)/, '0'))!;
      const where = `seed ${seed}, round ${round}: ${text}`;
      expect(compareDecimals(minus(value, low), minus(high, value)), where).to.equal(0);
      expect([compareDecimals(low, closer.low), compareDecimals(closer.high, high)], where).to.deep.equal([-1, -1]);
    }
  });

  it('are a tenth around it by ap', () => {
    const about = (text: string): string[] | undefined => ends(approximateRange(parseDecimal(text)!));
    expect(about('100')).to.deep.equal(['90', '110']);
    expect(about('-5.4')).to.deep.equal(['-5.94', '-4.86']);
    expect(about('0')).to.deep.equal(['0', '0']);
  });
});
