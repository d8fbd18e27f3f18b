import { expect } from 'chai';
import { startTestServer, type TestCaller, type TestServer } from '@heddle/core/testing';
import { refusedWith, type Json } from './asked.ts';
import { exact, isNumber } from './naive-values.ts';
import { concept, finds, foundBy, observed, putAll, refer, searched, ucum } from './searching.ts';

const numbers = [
  ...['0', '0.00001', '0.0001', '5', '5.35', '5.4', '5.44', '5.45', '5.6', '9', '10', '89', '90', '94.9', '95', '99.4'],
  ...[
    '99.5',
    '99.995',
    '100',
    '100.004',
    '100.005',
    '100.4',
    '100.5',
    '104.9',
    '105',
    '110',
    '110.1',
    '-5',
    '-5.4',
    '1000000',
  ],
];
const asked = [
  '100',
  '100.00',
  '1e2',
  '1.0e2',
  '10',
  '5',
  '5.4',
  '5.40',
  '0',
  '0.00001',
  '1e-5',
  '-5',
  '-5.4',
  '1000000',
  '1e6',
  '89.9',
];

const charge = (id: string, rest: Json): Json => ({
  ...{ resourceType: 'ChargeItem', id, status: 'billed', code: concept('x'), subject: refer('Patient/p') },
  ...rest,
});
const nameOf = (number: string): string => `n${number.replace('-', 'minus')}`;

const risk = (id: string, prediction: Json): Json => ({
  ...{ resourceType: 'RiskAssessment', id, status: 'final', subject: refer('Patient/p') },
  prediction: [prediction],
});
const quantity = (value: number, code: string, rest: Json = {}): Json => ({
  valueQuantity: { value, system: ucum, code, unit: code, ...rest },
});

describe('a search by number', () => {
  let server: TestServer;
  let admin: TestCaller;
  before(async () => {
    server = await startTestServer();
    admin = await server.as('admin');
    await putAll(admin, [
      { resourceType: 'Patient', id: 'p' },
      ...numbers.map((number) => charge(nameOf(number), { factorOverride: Number(number) })),
      charge('euros', { priceOverride: { value: 12.5, currency: 'EUR' } }),
      charge('dollars', { priceOverride: { value: 12.5, currency: 'USD' } }),
      risk('low', { probabilityDecimal: 0.1 }),
      risk('range', { probabilityRange: { low: { value: 0.2 }, high: { value: 0.4 } } }),
      risk('open', { probabilityRange: { low: { value: 0.3 } } }),
      observed('g', quantity(5.4, 'g')),
      observed('mg', quantity(5400, 'mg')),
      observed('kg', quantity(0.0054, 'kg')),
      observed('five-mg', quantity(5.4, 'mg')),
      observed('more-g', quantity(5.43, 'g')),
      observed('cel', quantity(37, 'Cel')),
      observed('fahrenheit', quantity(98.6, '[degF]')),
      observed('pressure', quantity(120, 'mm[Hg]')),
      observed('kpa', quantity(16, 'kPa')),
      observed('tablets', { valueQuantity: { value: 2, unit: 'tablets' } }),
      observed('bare', { valueQuantity: { value: 5.4 } }),
      observed('below', quantity(5, 'ng', { comparator: '<' })),
      observed('strange', { valueQuantity: { value: 5.4, system: 'http://other.example', code: 'g', unit: 'gram' } }),
    ]);
  });
  after(() => server.close());

  for (const prefix of ['eq', 'ne', 'gt', 'lt', 'ge', 'le', 'sa', 'eb', 'ap'])
    it(`${prefix} holds of every number what R4 says of its digits`, async () => {
      for (const text of asked) {
        const wanted = numbers.filter((number) => isNumber(prefix + text, { low: exact(number), high: exact(number) }));
        const found = await foundBy(admin, `ChargeItem?factor-override=${prefix}${text}`);
        expect(found.toSorted(), `${prefix}${text}`).to.deep.equal(wanted.map(nameOf).toSorted());
      }
    });

  it('without a prefix asks for equality, and for any of several numbers', async () => {
    expect(await foundBy(admin, 'ChargeItem?factor-override=1e2')).to.have.members(
      await foundBy(admin, 'ChargeItem?factor-override=eq1e2'),
    );
    expect((await foundBy(admin, 'ChargeItem?factor-override=10,lt-5,9')).toSorted()).to.deep.equal([
      'n10',
      'n9',
      'nminus5.4',
    ]);
    expect(await foundBy(admin, 'ChargeItem?factor-override=ge5&factor-override=lt5.4')).to.have.members([
      'n5',
      'n5.35',
    ]);
    for (const text of ['many', '1,5e', 'gt', '0x10', '1.'])
      refusedWith(await searched(admin, `ChargeItem?factor-override=${text}`), 400, 'invalid', /number/);
  });

  describe('of a Range', () => {
    finds(() => admin, {
      'RiskAssessment?probability=gt0.35': 'open range',
      'RiskAssessment?probability=gt0.4': 'open',
      'RiskAssessment?probability=lt0.25': 'low range',
      'RiskAssessment?probability=sa0.15': 'open range',
      'RiskAssessment?probability=sa0.25': 'open',
      'RiskAssessment?probability=eb0.25': 'low',
      'RiskAssessment?probability=eb0.45': 'low range',
      'RiskAssessment?probability=0.3': '',
      'RiskAssessment?probability=ne0.3': 'low open range',
      'RiskAssessment?probability=ap0.3': 'open range',
      'RiskAssessment?probability=ap0.1': 'low',
    });
  });

  describe('of a Quantity', () => {
    finds(() => admin, {
      // R4 search.html#quantity, its own examples.
      [`Observation?value-quantity=5.4|${ucum}|g`]: 'g kg mg more-g',
      [`Observation?value-quantity=5.40|${ucum}|g`]: 'g kg mg',
      [`Observation?value-quantity=5.40e-3|${ucum}|kg`]: 'g kg mg',
      [`Observation?value-quantity=5.4|${ucum}|mg`]: 'five-mg',
      'Observation?value-quantity=5.4||g': 'g more-g strange',
      'Observation?value-quantity=5.4||gram': 'strange',
      'Observation?value-quantity=5.4': 'bare five-mg g more-g strange',
      'Observation?value-quantity=5.4|http://other.example|g': 'strange',
      'Observation?value-quantity=2||tablets': 'tablets',
      [`Observation?value-quantity=le5.4|${ucum}|mg`]: 'below five-mg',
      [`Observation?value-quantity=gt5.4|${ucum}|g`]: 'more-g',
      [`Observation?value-quantity=ap5.2|${ucum}|g`]: 'g kg mg more-g',
      [`Observation?value-quantity=ne5.4|${ucum}|g`]: 'below five-mg',
      // 16 kPa are 120.0099 mm[Hg]; 98.6 °F are 37 °C.
      [`Observation?value-quantity=120|${ucum}|mm[Hg]`]: 'kpa pressure',
      [`Observation?value-quantity=gt120|${ucum}|mm[Hg]`]: 'kpa',
      [`Observation?value-quantity=37|${ucum}|Cel`]: 'cel fahrenheit',
      [`Observation?value-quantity=ge310|${ucum}|K`]: 'cel fahrenheit',
      // Less than 5 ng: every such value is below 6, and none is known to be 3.
      [`Observation?value-quantity=lt6|${ucum}|ng`]: 'below',
      [`Observation?value-quantity=eb6|${ucum}|ng`]: 'below',
      [`Observation?value-quantity=3|${ucum}|ng`]: '',
      'ChargeItem?price-override=12.5|urn:iso:std:iso:4217|EUR': 'euros',
      'ChargeItem?price-override=gt12': 'dollars euros',
      'ChargeItem?price-override=12.5||USD': 'dollars',
    });
  });
});
