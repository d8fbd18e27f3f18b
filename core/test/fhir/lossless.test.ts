import { expect } from 'chai';
import { parseBody } from '../../src/fhir/body.ts';
import { hasLossyNumbers, parseLossless } from '../../src/fhir/lossless.ts';
import { isWrittenNumber } from '../../src/fhir/written-number.ts';
import { seeded } from '../seeded.ts';
import { told } from './structure/opened.ts';

const lossy = [
  '1.00',
  '0.010',
  '1E-7',
  '0.0000001',
  '1E5',
  '-0',
  '-0.0',
  '1e400',
  '123456789012345678901',
  '0.12345678901234567890',
];
const plain = ['0', '1', '-1.5', '6.3', '100', '0.001', '2147483647', '123456789.25'];

describe('the digits of a number', () => {
  for (const digits of lossy)
    it(`survive as they are written: ${digits}`, () => {
      const text = `{"a":[${digits}],"b":{"c":${digits}}}`;
      expect(hasLossyNumbers(text)).to.equal(true);
      const value = parseLossless(text) as { a: unknown[] };
      expect(isWrittenNumber(value.a[0])).to.equal(true);
      expect(JSON.stringify(value)).to.equal(text);
    });

  for (const digits of plain)
    it(`are a number where JavaScript keeps them: ${digits}`, () => {
      const text = `{"a":[${digits}]}`;
      expect(hasLossyNumbers(text)).to.equal(false);
      expect(parseLossless(text)).to.deep.equal({ a: [Number(digits)] });
    });

  it('are looked for in numbers only', () => {
    expect(hasLossyNumbers('{"a":"1.00","urn:oid:1.2.30":"x:1.0,","c":"[1.00]"}')).to.equal(false);
  });

  it('survive beside texts that look like the marks they are kept by', () => {
    const text = '{"a":1.00,"b":"\\u00001.00"}';
    const value = parseLossless(text) as { a: unknown; b: unknown };
    expect(isWrittenNumber(value.a)).to.equal(true);
    expect(value.b).to.equal('\u00001.00');
  });

  it('do not reach the prototype', () => {
    const value = parseLossless('{"__proto__":1.00,"a":{"__proto__":{"b":1.00}}}') as object;
    expect(Object.getPrototypeOf(value)).to.equal(Object.prototype);
    expect(JSON.stringify(value)).to.equal('{"__proto__":1.00,"a":{"__proto__":{"b":1.00}}}');
    expect(({} as { b?: unknown }).b).to.equal(undefined);
  });

  it('survive whatever they are, and everything else with them', () => {
    const { seed, pick, whole } = seeded();
    const digits = (most: number): string => Array.from({ length: whole(most) }, () => whole(10)).join('');
    const number = (): string =>
      `${pick(['', '-'])}${pick(['0', `${1 + whole(9)}${digits(18)}`])}${pick(['', `.${digits(18)}${whole(10)}`])}${pick(['', '', `${pick(['e', 'E'])}${pick(['', '+', '-'])}${whole(400)}`])}`;
    for (let round = 0; round < 5_000; round++) {
      const written = [number(), number(), number()];
      const text = `{"a":${written[0]},"b":[${written[1]},"${written[1]}",{"c":${written[2]}}]}`;
      const isLossy = written.some((one) => String(Number(one)) !== one);
      expect(hasLossyNumbers(text), `seed ${seed}, round ${round}: ${text}`).to.equal(isLossy);
      expect(JSON.stringify(parseLossless(text)), `seed ${seed}, round ${round}`).to.equal(text);
    }
  });
});

describe('a body with numbers that JavaScript cannot hold', () => {
  const observation = (member: string) =>
    parseBody(`{"resourceType":"Observation","status":"final","code":{"text":"x"},${member}}`);

  it('has its exact value beside the plain one, and its text keeps the digits', () => {
    const { resource, exact, text } = observation('"valueQuantity":{"value":1.00}');
    expect(resource['valueQuantity']).to.deep.equal({ value: 1 });
    expect(JSON.stringify(exact)).to.equal(text);
    expect(text).to.contain('1.00');
  });

  it('has no second value where none is needed', () => {
    expect(observation('"valueQuantity":{"value":1.5}').exact).to.equal(undefined);
  });

  it('is sound with decimals of any precision', () => {
    for (const digits of ['1.00', '0.010', '1E-7', '12345678901234567890.5'])
      expect(told(observation(`"valueQuantity":{"value":${digits}}`).exact)).to.deep.equal([]);
  });

  it('is refused where a whole number is written with a decimal point or an exponent', () => {
    for (const digits of ['2.0', '2e0', '20e-1'])
      expect(told(observation(`"valueInteger":${digits}`).exact)).to.deep.equal([
        'value: Observation.value must be a whole number of 32 bits, without a decimal point or quotation marks',
      ]);
  });

  it('is refused with more than 1000 digits', () => {
    expect(told(observation(`"valueQuantity":{"value":${'9'.repeat(1_001)}}`).exact).join()).to.contain('1000 digits');
  });

  it('is refused with a number for an object', () => {
    expect(told(observation('"valueQuantity":1.00').exact).join()).to.contain('must be an object, not a number');
  });
});
