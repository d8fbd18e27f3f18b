import { expect } from 'chai';
import { dateRange } from '../../../src/fhir/search/date-range.ts';
import { parseQuery } from '../../../src/fhir/search/parse/parse.ts';
import { splitUnescaped } from '../../../src/fhir/search/parse/text.ts';
import type { Clause } from '../../../src/fhir/search/query.ts';
import { Outcome } from '../../../src/outcome/outcome.ts';
import { table } from '../../r4-index.ts';

const base = 'http://here/fhir';
const parse = (type: string, query: string) =>
  parseQuery(type, new URLSearchParams(query), { parametersOf: (each) => table(each).all, base });
const clauses = (type: string, query: string): readonly Clause[] => parse(type, query).query.clauses;

describe('a date of a search', () => {
  const ranges: Readonly<Record<string, readonly [string, string]>> = {
    '2024': ['2024-01-01T00:00:00.000Z', '2024-12-31T23:59:59.999Z'],
    '2024-02': ['2024-02-01T00:00:00.000Z', '2024-02-29T23:59:59.999Z'],
    '2024-02-29': ['2024-02-29T00:00:00.000Z', '2024-02-29T23:59:59.999Z'],
    '2024-05-01T10:00Z': ['2024-05-01T10:00:00.000Z', '2024-05-01T10:00:59.999Z'],
    '2024-05-01T10:00:05+05:30': ['2024-05-01T04:30:05.000Z', '2024-05-01T04:30:05.999Z'],
    '2024-05-01T10:00:05.1Z': ['2024-05-01T10:00:05.100Z', '2024-05-01T10:00:05.199Z'],
    '2024-05-01T10:00:05.123456Z': ['2024-05-01T10:00:05.123Z', '2024-05-01T10:00:05.123Z'],
    '0044-03-15': ['0044-03-15T00:00:00.000Z', '0044-03-15T23:59:59.999Z'],
  };
  for (const [text, [low, high]] of Object.entries(ranges))
    it(`${text} is from ${low} to ${high}`, () => {
      const range = dateRange(text) ?? expect.fail('no range');
      expect([new Date(range.low).toISOString(), new Date(range.high).toISOString()]).to.deep.equal([low, high]);
    });

  for (const text of [
    '',
    '24',
    '2024-13',
    '2023-02-29',
    '2024-05-01T25:00Z',
    '2024-05-01 10:00',
    'yesterday',
    '2024-5-1',
  ])
    it(`is not '${text}'`, () => {
      expect(dateRange(text)).to.equal(undefined);
    });
});

describe('a query', () => {
  it('parts alternatives and systems at separators that are not escaped', () => {
    expect(splitUnescaped('a\\,b,c\\\\,d', ',')).to.deep.equal(['a\\,b', 'c\\\\', 'd']);
    expect(clauses('Patient', 'identifier=http://x|a\\|b,c,|d,e|')).to.deep.equal([
      {
        kind: 'token',
        code: 'identifier',
        values: [{ system: 'http://x', code: 'a|b' }, { code: 'c' }, { system: '', code: 'd' }, { system: 'e' }],
      },
    ]);
  });

  it('reads references with and without type, of this server and of others', () => {
    expect(clauses('Observation', `subject=Patient/1,2,${base}/Group/3,http://else/Patient/4`)).to.deep.equal([
      {
        kind: 'reference',
        code: 'subject',
        values: [
          { type: 'Patient', id: '1' },
          { id: '2' },
          { type: 'Group', id: '3' },
          { id: 'http://else/Patient/4' },
        ],
      },
    ]);
    expect(clauses('Observation', 'subject:Patient=1')).to.deep.equal([
      { kind: 'reference', code: 'subject', values: [{ type: 'Patient', id: '1' }] },
    ]);
  });

  it('reads prefixes of dates', () => {
    const [clause] = clauses('Patient', 'birthdate=ge1980,lt1970-05');
    expect(clause).to.have.property('kind', 'date');
    if (clause?.kind === 'date') expect(clause.values.map(({ prefix }) => prefix)).to.deep.equal(['ge', 'lt']);
  });

  it('leaves out a parameter without a value, and tells those it does not know', () => {
    const { query, unknown } = parse('Patient', 'name=&horse=1&family=x');
    expect([query.clauses.length, unknown]).to.deep.equal([1, ['horse']]);
  });

  for (const [type, query, place] of [
    ['Patient', 'birthdate=tomorrow', 'birthdate'],
    ['Patient', 'family:sounds-like=x', 'family:sounds-like'],
    ['Patient', 'gender:missing=maybe', 'gender:missing'],
    ['Patient', '_id:exact=1', '_id:exact'],
    ['Observation', 'subject:Patient=Group/1', 'subject:Patient'],
  ] as const)
    it(`refuses ${type}?${query} and names the parameter`, () => {
      try {
        parse(type, query);
        expect.fail('it was taken');
      } catch (thrown) {
        if (!(thrown instanceof Outcome)) throw thrown;
        expect([thrown.status, thrown.issues[0]?.expression]).to.deep.equal([400, [place]]);
      }
    });
});
