import { expect } from 'chai';
import { openUcum } from '../../../src/fhir/ucum/ucum.ts';
import { ucumTable } from '../../../src/platform/structures.ts';
import { seeded } from '../../seeded.ts';
import { bruised, randomCode } from './random-code.ts';

const table = ucumTable();
const { parseUnit } = openUcum(table);

const factorOf = (code: string): number | undefined => {
  const unit = parseUnit(code);
  return unit && Number(unit.factor.over) / Number(unit.factor.under);
};

/** What each measures, by UCUM's text and by other books than its table. */
const meanings: readonly (readonly [code: string, factor: number, unit: string])[] = [
  ['1', 1, '1'],
  ['10*', 10, '1'],
  ['10*3/uL', 1e12, 'm-3'],
  ['10^3/uL', 1e12, 'm-3'],
  ['10*-3', 0.001, '1'],
  ['/100{WBC}', 0.01, '1'],
  ['{cells}', 1, '1'],
  ['{cells}/uL', 1e9, 'm-3'],
  ['U/(10.g){feces}', 6.02214076e17 / 60 / 10, 'g-1.s-1'],
  ['mg/dL', 10, 'g.m-3'],
  ['L', 0.001, 'm3'],
  ['l', 0.001, 'm3'],
  ['m+2', 1, 'm2'],
  ['s-1', 1, 's-1'],
  ['/s', 1, 's-1'],
  ['m0', 1, '1'],
  ['kg.m/s2', 1000, 'g.m.s-2'],
  ['m/s/s', 1, 'm.s-2'],
  ['m/(s/kg)', 1000, 'g.m.s-1'],
  ['/m.s', 1, 'm-1.s'],
  ['(((m)))', 1, 'm'],
  ['dar', 10, 'm2'],
  ['dam', 10, 'm'],
  ['cd', 1, 'cd'],
  ['min', 60, 's'],
  ['h', 3_600, 's'],
  ['wk', 604_800, 's'],
  ['a', 31_557_600, 's'],
  ['mo', 2_629_800, 's'],
  ['mm[Hg]', 133_322, 'g.m-1.s-2'],
  ['cm[H2O]', 98_066.5, 'g.m-1.s-2'],
  ['kPa', 1e6, 'g.m-1.s-2'],
  ['atm', 101_325_000, 'g.m-1.s-2'],
  ['[psi]', 6_894_757.293168361, 'g.m-1.s-2'],
  ['bar', 1e8, 'g.m-1.s-2'],
  ['[Cal]', 4_184_000, 'g.m2.s-2'],
  ['cal_[15]', 4_185.8, 'g.m2.s-2'],
  ['J', 1000, 'g.m2.s-2'],
  ['W', 1000, 'g.m2.s-3'],
  ['V', 1000, 'C-1.g.m2.s-2'],
  ['A', 1, 'C.s-1'],
  ['Oe', 79.57747154594767, 'C.m-1.s-1'],
  ['lm', 1, 'cd.rad2'],
  ['deg', 0.017453292519943295, 'rad'],
  ['sph', 12.566370614359172, 'rad2'],
  ['mol', 6.02214076e23, '1'],
  ['mmol/L', 6.02214076e23, 'm-3'],
  ['meq/L', 6.02214076e23, 'm-3'],
  ['mosm/kg', 6.02214076e17, 'g-1'],
  ['kat', 6.02214076e23, 's-1'],
  ['%', 0.01, '1'],
  ['[ppth]', 0.001, '1'],
  ['[ppm]', 1e-6, '1'],
  ['g%', 10_000, 'g.m-3'],
  ['2.5', 10, '1'],
  ['MG', 100_000, 'C-1.g.s-1'],
  ['[in_i]', 0.0254, 'm'],
  ['[ft_i]', 0.3048, 'm'],
  ['[mi_i]', 1_609.344, 'm'],
  ['[hd_i]', 0.1016, 'm'],
  ['[Ch]', 1 / 3_000, 'm'],
  ['[lb_av]', 453.59237, 'g'],
  ['[oz_av]', 28.349523125, 'g'],
  ['[gr]', 0.06479891, 'g'],
  ['[oz_tr]', 31.1034768, 'g'],
  ['[dr_ap]', 3.8879346, 'g'],
  ['[gal_us]', 0.003785411784, 'm3'],
  ['[foz_br]', 2.84130625e-5, 'm3'],
  ['[tsp_us]', 4.92892159375e-6, 'm3'],
  ['[drp]', 5e-8, 'm3'],
  ['[diop]', 1, 'm-1'],
  ['[MET]', 3.5e-9 / 60, 'g-1.m3.s-1'],
  ['[HPF]', 1, '1'],
  ['[LPF]', 100, '1'],
  ['KiBy', 8_192, '1'],
  ['[iU]', 1, '[iU]'],
  ['[IU]', 1, '[iU]'],
  ['k[IU]/L', 1e6, '[iU].m-3'],
  ['m[iU]', 0.001, '[iU]'],
  ["[arb'U]/mL", 1e6, "[arb'U].m-3"],
  ["[USP'U]", 1, "[USP'U]"],
  ['[CFU]/mL', 1e6, '[CFU].m-3'],
  ['[pH]', 1, '[pH]'],
  ['dB', 0.1, 'B'],
  ['Np', 1, 'Np'],
  ['B[10.nV]', 1, 'B[10.nV]'],
  ['[m/s2/Hz^(1/2)]', 1, '[m/s2/Hz^(1/2)]'],
  ['%[slope]', 1, '%[slope]'],
  ['Cel/min', 1 / 60, 'Cel.s-1'],
  ['J/(kg.K)', 1, 'K-1.m2.s-2'],
];

const strangers: readonly string[] = [
  ...[
    '',
    ' ',
    'm ',
    'mg /dL',
    'mg/dL\n',
    'mg//dL',
    'mg/',
    '.m',
    'm.',
    '/',
    '(/m)',
    '()',
    '(m',
    'm)',
    'm)(m',
    '(m)2',
    '(m)m',
  ],
  ...['2mg', '-1', '+', '10*3*2', '110*3', '10**3', '10*+', 'm^2', 'm**2', 'm--1', 'm1.m-', '0', '/0', 'm.00'],
  ...['{}', '{', '}', '{a', '{a}}', '{{a}}', '{a}m', '{a}{b}', 'm{a b}', 'm{\u00b5}', '{a}2'],
  ...[
    '[iu]',
    '[IU',
    'IU]',
    '[]',
    '[IU][IU]',
    'MMOL',
    'CEL',
    'degC',
    'Torr',
    'cc',
    '\u00b5g',
    'ug\u00b2',
    'k%',
    'kmin',
    'kk',
    'kkg',
    'mda',
  ],
  ...['__proto__', 'constructor', 'toString', 'kconstructor'],
];

describe('a UCUM code', () => {
  for (const [code, factor, unit] of meanings)
    it(`${code} is ${factor} ${unit}`, () => {
      expect(parseUnit(code)?.unit).to.equal(unit);
      expect(factorOf(code)).to.be.closeTo(factor, factor * 1e-14);
    });

  it('may be each symbol of the table, with each prefix when it is metric', () => {
    const metric = table.units.filter(({ metric: takes }) => takes).map(({ code }) => code);
    const codes = [...table.base, ...metric].flatMap((code) => table.prefixes.map((prefix) => prefix.code + code));
    const unknown = [...table.base, ...table.units.map(({ code }) => code), ...codes].filter(
      (code) => !parseUnit(code),
    );
    expect(unknown).to.deep.equal([]);
  });

  it('is never another one with a prefix', () => {
    const metric = [...table.base, ...table.units.filter(({ metric: takes }) => takes).map(({ code }) => code)];
    const atoms = [...table.base, ...table.units.map(({ code }) => code)];
    const codes = metric.flatMap((code) => table.prefixes.map((prefix) => prefix.code + code));
    const all = [...atoms, ...codes];
    expect(all.filter((code, at) => all.indexOf(code) !== at)).to.deep.equal([]);
  });

  it('has another dimension for each arbitrary unit, but for the two ways to write the international one', () => {
    const alone = table.units.filter(({ arbitrary }) => arbitrary).map(({ code }) => parseUnit(code)?.unit);
    expect(alone.length - new Set(alone).size).to.equal(1);
    expect(alone).not.to.include('1');
  });

  for (const text of strangers)
    it(`is not ${JSON.stringify(text)}`, () => {
      expect(parseUnit(text)).to.equal(undefined);
    });

  it('comes back as itself from its canonical text', () => {
    const random = seeded();
    for (let round = 0; round < 2_000; round += 1) {
      const code = randomCode(table, random);
      const unit = parseUnit(code);
      const where = `seed ${random.seed}, round ${round}: ${code}`;
      expect(unit, where).not.to.equal(undefined);
      const again = parseUnit(unit?.unit ?? '');
      expect([again?.unit, again?.factor], where).to.deep.equal([unit?.unit, { over: 1n, under: 1n }]);
    }
  });

  it('is refused without a throw and in time, whatever is sent', () => {
    const random = seeded();
    const hostile = [
      '('.repeat(200),
      `${'(m.'.repeat(49)}m${')'.repeat(49)}`,
      `${'[pi]/'.repeat(39)}[pi]`,
      Array.from({ length: 28 }, () => '[psi]9').join('/'),
      `${'Ym99.'.repeat(39)}m`,
      'Ym999.Ym999',
      '[pi]999',
      `10*${'9'.repeat(150)}`,
      '9'.repeat(200),
      'm1000',
      'm'.repeat(200),
      'm'.repeat(1e6),
      `${'m.'.repeat(1e5)}m`,
      '['.repeat(200),
      '{'.repeat(200),
    ];
    const codes = Array.from({ length: 5_000 }, () => bruised(randomCode(table, random), random));
    const start = performance.now();
    for (const code of [...hostile, ...codes])
      expect(() => parseUnit(code), `seed ${random.seed}: ${code}`).not.to.throw();
    expect(performance.now() - start).to.be.lessThan(3_000);
    const sound = hostile.flatMap((code) => parseUnit(code)?.unit ?? []);
    expect(sound).to.deep.equal(['m50', '1']);
  });

  it('does not use up memory when ever other ones are sent', () => {
    const before = parseUnit('mg/dL');
    for (let count = 0; count < 20_000; count += 1) parseUnit(`mg{${count}}/dL`);
    expect(parseUnit('mg/dL')).to.deep.equal(before);
    expect(parseUnit('mg/dL')).not.to.equal(before);
    expect(parseUnit('mg/dL')).to.equal(parseUnit('mg/dL'));
  });

  it('is unknown, not endless, when a table defines units by each other', () => {
    const looped = openUcum({
      ...{ version: '', base: ['m'], prefixes: [] },
      units: [
        { code: 'a', value: '2', unit: 'b' },
        { code: 'b', value: '2', unit: 'a' },
      ],
    });
    expect(looped.parseUnit('a')).to.equal(undefined);
    expect(looped.parseUnit('m')?.unit).to.equal('m');
  });
});
