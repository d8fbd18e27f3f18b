import { expect } from 'chai';
import { compareDecimals, parseDecimal, type Decimal } from '../../../src/fhir/decimal.ts';
import { justAbove, justBelow, orderedDecimal } from '../../../src/fhir/search/decimal-order.ts';
import { seeded, type Seeded } from '../../seeded.ts';

const text = (number: string): string => orderedDecimal(parseDecimal(number)!);

const order = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

const rising: readonly string[] = [
  ...[
    '-1e2000',
    '-1e101',
    '-1e100',
    '-1e29',
    '-1e28',
    '-541',
    '-540.1',
    '-540',
    '-54.1',
    '-54',
    '-53.99',
    '-10',
    '-9',
    '-5.41',
    '-5.4',
  ],
  ...['-1.01', '-1', '-0.99', '-0.1', '-0.0101', '-0.01', '-1e-28', '-1e-29', '-1e-1999', '0'],
  ...[
    '1e-1999',
    '1e-100',
    '1e-99',
    '1e-29',
    '1e-28',
    '0.01',
    '0.0101',
    '0.1',
    '0.99',
    '1',
    '1.000000001',
    '1.01',
    '5.4',
    '5.41',
    '9',
    '10',
  ],
  ...['53.99', '54', '54.1', '540', '541', '1e28', '1.1e28', '1e29', '9e99', '1e100', '1e999', '1e1000', '1e2000'],
];

const equal: readonly (readonly string[])[] = [
  ['1', '1.0', '1.00', '1e0', '10e-1', '0.1e1'],
  ['0', '-0', '0.000', '0e5', '0e-5', '-0.0'],
  ['-120', '-120.0', '-1.2e2', '-1200e-1'],
];

const randomDecimal = ({ whole, pick }: Seeded): Decimal => {
  const length = 1 + whole(pick([3, 20, 60]));
  const digits = BigInt(Array.from({ length }, () => whole(pick([2, 10]))).join(''));
  return { digits: pick([digits, -digits]), scale: whole(pick([3, 40, 2_000])) };
};

/** As near to it as 60 digits allow. */
const beside = ({ digits, scale }: Decimal, { pick }: Seeded): Decimal => ({
  digits: digits + pick([-1n, 0n, 1n]),
  scale,
});

describe('the sortable text of a decimal', () => {
  it('rises with the number', () => {
    const texts = rising.map(text);
    expect(texts.toSorted(order)).to.deep.equal(texts);
    expect(new Set(texts).size).to.equal(texts.length);
  });

  it('has room just above and just below each number, where no other number is', () => {
    for (const [place, number] of rising.entries()) {
      const value = parseDecimal(number)!;
      const around = [justBelow(value), text(number), justAbove(value)];
      const [before, behind] = [rising[place - 1], rising[place + 1]];
      const row = [before, behind].flatMap((each) => (each === undefined ? [] : [text(each)]));
      const texts = [...row, ...around].toSorted(order);
      expect(texts.slice(before === undefined ? 0 : 1).slice(0, 3), number).to.deep.equal(around);
    }
    const random = seeded();
    for (let round = 0; round < 5_000; round += 1) {
      const a = randomDecimal(random);
      const b = beside(a, random);
      const told = `seed ${random.seed}: ${a.digits}e-${a.scale} and ${b.digits}e-${b.scale}`;
      if (compareDecimals(a, b) === 0) continue;
      expect(order(orderedDecimal(b), justAbove(a)), told).to.equal(compareDecimals(b, a));
      expect(order(orderedDecimal(b), justBelow(a)), told).to.equal(compareDecimals(b, a));
    }
  });

  for (const numbers of equal)
    it(`is one for ${numbers.join(', ')}`, () => {
      expect(new Set(numbers.map(text)).size).to.equal(1);
    });

  it('is short for the numbers of every day', () => {
    expect(['0', '5.4', '120', '0.001'].map(text)).to.deep.equal(['1', '2U54', '2W12', '2R1']);
    expect(text('-5.4')).to.have.length(5);
  });

  it('orders any two as their sizes do', () => {
    const random = seeded();
    for (let round = 0; round < 20_000; round += 1) {
      const a = randomDecimal(random);
      const b = random.whole(2) === 0 ? beside(a, random) : randomDecimal(random);
      const found = order(orderedDecimal(a), orderedDecimal(b));
      expect(
        found,
        `seed ${random.seed}, round ${round}: ${a.digits}e-${a.scale} and ${b.digits}e-${b.scale}`,
      ).to.equal(compareDecimals(a, b));
    }
  });

  it('takes numbers for equal that differ behind their 60th digit, and never turns two around', () => {
    const long = '7'.repeat(60);
    expect(text(`1.${long}1`)).to.equal(text(`1.${long}2`));
    expect(order(text(`-1.${long}1`), text(`-1.${'7'.repeat(58)}`))).to.equal(-1);
    const random = seeded();
    for (let round = 0; round < 1_000; round += 1) {
      const tail = () => String(random.whole(1e6)).padStart(6, '0');
      const sign = random.pick(['', '-']);
      const [a, b] = [`${sign}1.${long.slice(5)}${tail()}${tail()}`, `${sign}1.${long.slice(5)}${tail()}${tail()}`];
      const found = order(text(a), text(b));
      expect(found, `seed ${random.seed}: ${a}, ${b}`).to.be.oneOf([
        0,
        compareDecimals(parseDecimal(a)!, parseDecimal(b)!),
      ]);
    }
  });

  it('is of printable ASCII, and bounded', () => {
    for (const number of [...rising, '9'.repeat(2_000), `-0.${'9'.repeat(1_990)}`]) {
      expect(text(number)).to.match(/^[\x21-\x7e]+$/);
      expect(text(number).length).to.be.at.most(70);
    }
  });
});
