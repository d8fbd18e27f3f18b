import { expect } from 'chai';
import { writtenNumber } from '../../../src/fhir/written-number.ts';
import { seeded } from '../../seeded.ts';
import { structures } from './opened.ts';

const passes = (type: string, value: unknown): boolean => {
  const key = `value${type.charAt(0).toUpperCase()}${type.slice(1)}`;
  return (
    structures.faults({ resourceType: 'Basic', code: { text: 'x' }, extension: [{ url: 'u', [key]: value }] })
      .length === 0
  );
};

interface Table {
  readonly right: readonly unknown[];
  readonly wrong: readonly unknown[];
}

const moment = '2024-05-01T10:00:00';
const tables: Record<string, Table> = {
  boolean: { right: [true, false], wrong: ['true', 0, {}] },
  string: {
    right: ['a', ' ', 'a\tb\r\nc', 'é', '𝒳', '\u00a0', 'x'.repeat(1024 * 1024)],
    wrong: [
      '',
      'a\u0000',
      'a\u000b',
      '\u001f',
      '\ud800',
      'a\udc00b',
      '\ud83d\ude00\ud83d',
      'x'.repeat(1024 * 1024 + 1),
      1,
      ['a'],
    ],
  },
  markdown: { right: ['# a\n'], wrong: ['', '\u0001'] },
  code: { right: ['a', 'a b', 'a-b', 'é'], wrong: ['', ' a', 'a ', 'a  b', 'a\u0000b', 1] },
  uri: { right: ['urn:a', 'a', 'http://a/é#x', 'urn:x:𝒳'], wrong: ['', 'a b', 'a\n', 'a\u00a0b', '\ud800', 1] },
  url: { right: ['https://a'], wrong: ['', 'https://a b'] },
  canonical: { right: ['http://a|1.0', '#a'], wrong: ['', 'a b'] },
  id: { right: ['a', 'A-1.b', 'x'.repeat(64)], wrong: ['', 'a_b', 'é', 'x'.repeat(65), 'a\n'] },
  oid: {
    right: ['urn:oid:1.2.840', 'urn:oid:0.0'],
    wrong: ['1.2.3', 'urn:oid:3.1', 'urn:oid:1.02', 'urn:oid:1', 'urn:oid:1.2.', `urn:oid:1${'.1'.repeat(10_000_000)}`],
  },
  uuid: {
    right: ['urn:uuid:c757873d-ec9a-4326-a141-556f43239520'],
    wrong: ['c757873d-ec9a-4326-a141-556f43239520', 'urn:uuid:C757873D-ec9a-4326-a141-556f43239520', 'urn:uuid:1'],
  },
  base64Binary: {
    right: ['AAAA', 'AA==', 'AAA=', 'AAAA\nAAAA', ' AAAA  AA== ', 'a+/9'],
    wrong: ['', 'A', 'AAA', 'A===', '====', 'AA=A', 'AA*A', 'AAAA=', ' AA AA ', 1],
  },
  date: {
    right: ['2024', '2024-05', '2024-05-01', '2024-02-29', '2000-02-29', '0001', '9999-12-31'],
    wrong: [
      '0000',
      '24',
      '2024-5',
      '2024-13',
      '2024-00',
      '2024-02-30',
      '2023-02-29',
      '1900-02-29',
      '2024-04-31',
    ].concat(
      '2024-05-00',
      '2024-05-01T10:00:00Z',
      '2024/05/01',
      '2024-05-0x',
      '+2024',
      '2024-',
      '2024-05-',
      '20240501',
    ),
  },
  dateTime: {
    right: [
      '2024',
      '2024-05',
      '2024-05-01',
      `${moment}Z`,
      `${moment}+05:30`,
      `${moment}-14:00`,
      `${moment}.123456789Z`,
    ].concat('2016-12-31T23:59:60Z', '2024-05-01T00:00:00-00:00'),
    wrong: [
      moment,
      '2024-05-01T10:00Z',
      '2024-05-01T24:00:00Z',
      '2024-05-01T10:60:00Z',
      '2024-05-01T10:00:61Z',
      `${moment}.Z`,
    ]
      .concat(
        `${moment}+14:01`,
        `${moment}+15:00`,
        `${moment}+0530`,
        `${moment}z`,
        '2024-05-01 10:00:00Z',
        '2024-02-30T10:00:00Z',
      )
      .concat('2024-05T10:00:00Z', `${moment}Z `, `${moment}Zx`, '2024-05-01T'),
  },
  instant: { right: [`${moment}Z`, `${moment}.5+01:00`], wrong: ['2024', '2024-05-01', moment, '2024-05-01T10:00Z'] },
  time: {
    right: ['10:00:00', '23:59:60', '00:00:00.5'],
    wrong: ['24:00:00', '10:00', '10:00:00Z', '1:00:00', '10:00:00.'],
  },
  decimal: {
    right: [0, -1.5, 1e21, writtenNumber('1.00'), writtenNumber('1e-7'), writtenNumber('9'.repeat(30))],
    wrong: ['1', Infinity, NaN, writtenNumber('9'.repeat(1001)), writtenNumber('1e99999')],
  },
  integer: {
    right: [0, -2147483648, 2147483647],
    wrong: [
      1.5,
      2147483648,
      -2147483649,
      '1',
      writtenNumber('2.0'),
      writtenNumber('1e3'),
      writtenNumber('9'.repeat(30)),
    ],
  },
  unsignedInt: { right: [0, 2147483647], wrong: [-1, 2147483648, 0.5, writtenNumber('1.0')] },
  positiveInt: { right: [1, 2147483647], wrong: [0, -1, 2147483648, writtenNumber('1.0')] },
};

const shown = (value: unknown): string => (JSON.stringify(value) ?? String(value)).slice(0, 40);

describe('a primitive', () => {
  for (const [type, { right, wrong }] of Object.entries(tables)) {
    for (const value of right)
      it(`of type ${type} may be ${shown(value)}`, () => {
        expect(passes(type, value)).to.equal(true);
      });
    for (const value of wrong)
      it(`of type ${type} may not be ${shown(value)}`, () => {
        expect(passes(type, value)).to.equal(false);
      });
  }

  it('is judged as the regular expression that R4 prints judges it, unless the calendar or the size forbids', () => {
    const { seed, pick, whole } = seeded();
    const letters = [
      '0',
      '1',
      '2',
      '3',
      '5',
      '9',
      '-',
      ':',
      'T',
      'Z',
      '.',
      '+',
      '60',
      '14:00',
      '00',
      '12',
      '2024',
      'urn:oid:',
      'a',
      ' ',
      'é',
      '=',
    ];
    for (let round = 0; round < 20_000; round++) {
      const type = pick(['string', 'code', 'uri', 'id', 'oid', 'date', 'dateTime', 'instant', 'time', 'base64Binary']);
      const value = Array.from({ length: whole(8) + 1 }, () => pick(letters)).join('');
      const pattern = structures.type(type)?.pattern ?? '';
      const calendar = /^(\d{4}-\d{2}-\d{2})/.exec(value)?.[1];
      const aDay = calendar === undefined || !Number.isNaN(Date.parse(calendar));
      const real =
        !type.startsWith('date') && type !== 'instant'
          ? true
          : aDay && new Date(`${calendar ?? '2024-01-01'}T00:00:00Z`).toISOString().startsWith(calendar ?? '2024');
      // R4's pattern of base64 has = anywhere; RFC 4648, which R4 names, at the end only.
      const filled = type !== 'base64Binary' || (/^[^=]*={0,2}\s*$/.test(value) && /[^=\s]/.test(value));
      const expected = new RegExp(`^(?:${pattern})$`).test(value) && real && filled;
      expect(passes(type, value), `seed ${seed}, round ${round}: ${type} ${value}`).to.equal(expected);
    }
  });
});
