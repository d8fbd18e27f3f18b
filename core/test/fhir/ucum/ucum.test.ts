import { expect } from 'chai';
import { compareDecimals, decimalText, parseDecimal, type Decimal } from '../../../src/fhir/decimal.ts';
import { compile } from '../../../src/fhir/fhirpath/expression.ts';
import { plain } from '../../../src/fhir/fhirpath/item.ts';
import { openUcum } from '../../../src/fhir/ucum/ucum.ts';
import { ucumTable } from '../../../src/platform/structures.ts';
import { seeded, type Seeded } from '../../seeded.ts';
import { r4 } from '../fhirpath/model.ts';
import { randomCode } from './random-code.ts';

const table = ucumTable();
const { canonicalOf, convert, parseUnit } = openUcum(table);

const decimal = (text: string): Decimal => parseDecimal(text)!;

/** As `1.2 g.m-3`. */
const canonical = (quantity: string): string => {
  const [value = '', code = ''] = quantity.split(' ');
  const known = canonicalOf(code);
  return known ? `${decimalText(known.toCanonical(decimal(value)))} ${known.unit}` : 'not UCUM';
};

const same: readonly (readonly string[])[] = [
  ['5.4 g', '5400 mg', '0.0054 kg', '5.40 g', '5400000 ug', '54e-1 g'],
  ['1 mmol/L', '0.001 mol/L', '1000 umol/L', '1 mmol/l', '1 mol/m3', '1 meq/L'],
  ['120 mg/dL', '1.2 g/L', '1200 mg/L', '1.2 mg/mL', '0.12 g%'],
  ['7 mm[Hg]', '0.933254 kPa', '933.254 Pa', '0.7 cm[Hg]'],
  ['1 h', '60 min', '3600 s', '3600000 ms'],
  ['1 d', '24 h', '1440 min', '86400 s'],
  ['70 /min', '4200 /h', '70 {beats}/min', '70 min-1', '100800 /d'],
  ['10 mL/min', '600 mL/h', '0.01 L/min'],
  ['37 Cel', '98.6 [degF]', '310.15 K', '558.27 [degR]', '29.6 [degRe]', '37000 mCel'],
  ['-40 Cel', '-40 [degF]'],
  ['5 %', '0.05 1', '50 [ppth]', '5 /100', '50000 [ppm]'],
  ['3 k[IU]/L', '3 [iU]/mL', '3000 m[IU]/mL', '3000000 u[iU]/mL'],
  ['4.5 10*3/uL', '4.5 10^3/uL', '4.5 10*9/L', '4500 {cells}/uL', '4500 /uL', '4500 /mm3'],
  ['180 deg', '0.5 circ', '1 [pi].rad', '200 gon', "10800 '", "648000 ''"],
  ['3 [tsp_us]', '1 [tbs_us]', '0.5 [foz_us]'],
  ['10 dB', '1 B'],
  ['0 g', '0.000 kg', '-0 ug'],
];

/** Near each other, or alike to a careless reader. */
const different: readonly (readonly [string, string])[] = [
  ['1 [iU]', "1 [arb'U]"],
  ['1 [iU]', '1 1'],
  ['1 [iU]', '1 U'],
  ['1 [CFU]', '1 [PFU]'],
  ['1 B', '1 Np'],
  ['1 B[V]', '1 B[mV]'],
  ['1 B', '10 1'],
  ['7 [pH]', '0.0000001 mol/L'],
  ['1 Cel/min', '1 K/min'],
  ['1 g', '1 g/L'],
  ['1 a_j', '1 a_g'],
  ['1 cal_th', '1 cal_IT'],
  ['5.4 g', '5.4000000000000000000000000000001 g'],
];

const randomDecimal = ({ whole }: Seeded): Decimal => ({
  digits: BigInt(whole(1e9) - 5e8) * 10n ** BigInt(whole(6)),
  scale: whole(12),
});

describe('the canonical form of a quantity', () => {
  for (const quantities of same)
    it(`is one for ${quantities.join(', ')}`, () => {
      const forms = new Set(quantities.map(canonical));
      expect([...forms]).to.deep.equal([canonical(quantities[0]!)]);
      expect([...forms]).not.to.include('not UCUM');
    });

  for (const [a, b] of different)
    it(`is not the same for ${a} and ${b}`, () => {
      expect(canonical(a)).not.to.equal(canonical(b));
    });

  it('rounds what does not end to 34 digits, half away from zero', () => {
    expect(canonical('70 /min')).to.equal(`1.1${'6'.repeat(31)}7 s-1`);
    expect(canonical('-70 /min')).to.equal(`-1.1${'6'.repeat(31)}7 s-1`);
    expect(canonical(`${'1'.repeat(34)}5 g`)).to.equal(`${'1'.repeat(33)}20 g`);
    expect(canonical(`-${'9'.repeat(35)} g`)).to.equal(`-1${'0'.repeat(35)} g`);
  });

  it('does not depend on the unit that a value was written in', () => {
    const random = seeded();
    for (let round = 0; round < 1_000; round += 1) {
      const code = randomCode(table, random);
      const known = canonicalOf(code)!;
      // The same unit times a power of ten and a whole number, by which the value is divided.
      const { digits, scale } = randomDecimal(random);
      const times = 1 + random.whole(1_000);
      const power = random.whole(20);
      const other = canonicalOf(`10*${power}.${times}.(${code.replace(/^\//, '1/')})`)!;
      const where = `seed ${random.seed}, round ${round}: ${digits}e-${scale} ${code}`;
      const left = known.toCanonical({ digits: digits * BigInt(times), scale });
      expect(other.unit, where).to.equal(known.unit);
      expect(other.toCanonical({ digits, scale: scale + power }), where).to.deep.equal(left);
    }
  });

  it('never puts a larger value before a smaller one', () => {
    const random = seeded();
    for (let round = 0; round < 1_000; round += 1) {
      const { toCanonical } = canonicalOf(randomCode(table, random))!;
      const [a, b] = [randomDecimal(random), randomDecimal(random)];
      const order = compareDecimals(toCanonical(a), toCanonical(b));
      expect(order, `seed ${random.seed}, round ${round}`).to.be.oneOf([compareDecimals(a, b), 0]);
    }
  });

  it('is quickly found for what the longest numbers write', () => {
    const start = performance.now();
    for (const text of ['9'.repeat(2_000), '1e2000', '1e-2000', `0.${'7'.repeat(1_900)}`])
      for (const code of ['g', '/min', '[degF]', '[psi]', 'Ym25']) canonical(`${text} ${code}`);
    expect(performance.now() - start).to.be.lessThan(1_000);
  });
});

describe('a conversion between UCUM units', () => {
  const rows: readonly (readonly [value: string, from: string, to: string, result: string | undefined])[] = [
    ['98.6', '[degF]', 'Cel', '37'],
    ['37', 'Cel', '[degF]', '98.6'],
    ['0', 'K', 'Cel', '-273.15'],
    ['80', '[degRe]', 'Cel', '100'],
    ['120', 'mm[Hg]', 'kPa', '15.99864'],
    ['1', '[lb_av]', 'kg', '0.45359237'],
    ['1', 'circ', 'deg', '360'],
    ['1', 'min', 'h', `0.01${'6'.repeat(32)}7`],
    ['1', 'mol', '1', '602214076000000000000000'],
    ['2', '[iU]/mL', 'k[IU]/L', '2'],
    ['1', 'g', 'm', undefined],
    ['1', 'g', 'gram', undefined],
    ['1', 'gram', 'g', undefined],
    ['1', '[iU]', "[USP'U]", undefined],
    ['1', '[pH]', 'mol/L', undefined],
    ['1', 'Np', 'B', undefined],
  ];
  for (const [value, from, to, result] of rows)
    it(`brings ${value} ${from} to ${result ?? 'nothing'} ${to}`, () => {
      const converted = convert(decimal(value), from, to);
      expect(converted && decimalText(converted)).to.equal(result);
    });

  const said: readonly (readonly [expression: string, answer: readonly boolean[]])[] = [
    ["5.4 'g' = 5400 'mg'", [true]],
    ["120 'mg/dL' = 1.2 'g/L'", [true]],
    ["37 'Cel' = 98.6 '[degF]'", [true]],
    ["38 'Cel' > 98.6 '[degF]'", [true]],
    ["3 '[tsp_us]' = 1 '[tbs_us]'", [true]],
    ["1 'mmol/L' < 1 'mol/L'", [true]],
    ["1 'g' = 1 'm'", []],
    ["1 '[iU]' = 1 '[CFU]'", []],
  ];
  for (const [expression, answer] of said)
    it(`lets FHIRPath say of ${expression}: ${answer.join() || 'nobody knows'}`, () => {
      const found = compile(expression, r4).evaluate({ resourceType: 'Patient' }, { now: 0, convert });
      expect(found.map(plain)).to.deep.equal(answer);
    });

  it('and back is the value again', () => {
    const random = seeded();
    for (let round = 0; round < 1_000; round += 1) {
      const code = randomCode(table, random);
      const { unit, offset } = parseUnit(code)!;
      // A thousandth of a trillionth of a degree is lost beside the 273.15.
      if (offset) continue;
      const value = randomDecimal(random);
      const there = convert(value, code, unit)!;
      const back = convert(there, unit, code)!;
      const gap = Math.abs(Number(decimalText(back)) - Number(decimalText(value)));
      expect(gap, `seed ${random.seed}, round ${round}: ${code}`).to.be.at.most(
        Math.abs(Number(decimalText(value))) * 1e-15,
      );
    }
  });
});
