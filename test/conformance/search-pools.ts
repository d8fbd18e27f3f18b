/** What the property test of search picks from, for resources and for searches alike. */
import type { Seeded } from '../../core/test/seeded.ts';

export const ids = Array.from({ length: 12 }, (_, n) => `r${n}`);

/** 480 letters. */
export const long = 'Once upon a time '.repeat(28) + 'done';

export const families = [
  'Müller',
  'Muller',
  'Smith',
  "O'Brien",
  'van der Berg',
  'Ng',
  'mü',
  'a_b',
  'a%b',
  'ÅSE',
  'Carreño Quiñones',
  'Muller-Schmidt',
  // Sigma at the end and within, vowels of Devanagari, syllables of Hangul.
  ...['ΟΔΥΣΣΕΥΣ', 'Παπασταθης', 'राम', 'रीमा', '각하', '가나'],
  'x,y',
  'p|q$r',
  // Composed, decomposed, compatible and astral letters.
  'N\u0067\u0301',
  'ﬁne',
  '𝒜stra',
  '  spaced   out ',
  // Longer than an index entry, and the same for as long as one.
  `${long} ends well`,
  `${long} ends badly`,
];
export const givens = ['Anna', 'Ben', 'Ánna Maria', 'anna'];
export const cities = ['Ann Arbor', 'Ängelholm', 'Oslo'];
export const codes = ['1', '2', '8480-6', 'A|B'];
export const systems = ['http://loinc.org', 'http://snomed.info/sct', ''];
export const dates = [
  ...['2020', '2020-02', '2020-02-29', '2021-01-01', '1965-06', '1970-01-01', '0001', '9999-12-31'],
  ...[
    '2020-02-29T10:00:00Z',
    '2020-02-29T23:59:59.5-05:00',
    '2020-02-29T10:00:00.250+02:00',
    '2020-03-01T04:59:59Z',
    '1969-12-31T23:59:59.999Z',
  ],
];
export const askedDates = [
  ...dates,
  '2020-02-29T10:00',
  '2020-02-29T12:00+02:00',
  '2020-02-29T08:00:00.250Z',
  '2019',
  '2020-03-01',
];
export const instants = ['2020-02-29T10:00:00Z', '2020-02-29T10:00:00.250Z', '2020-12-31T23:59:59-05:00'];
export const numbers = [
  '5',
  '5.4',
  '5.40',
  '5400',
  '-3',
  '0',
  '100',
  '0.00001',
  '1e3',
  '37',
  '310.15',
  '0.0054',
  '-5.4',
  '5.35',
  '0.1',
  '1e-7',
  '123456789012345680000',
];
export const units = ['g', 'mg', 'kg', 'mm[Hg]', '%', 'Cel', 'K'];
export const urls = [
  'http://v.example/a',
  'http://v.example/a/b',
  'http://v.example/A',
  'http://v.example/a/b/c',
  'urn:oid:1.2.3',
];
export const elsewhere = 'http://elsewhere.example/fhir/Patient/r1';
export const ucum = 'http://unitsofmeasure.org';

export const openChoices = ({ pick, whole }: Seeded) => ({
  ...{ pick, whole },
  maybe: <T>(value: T): T | undefined => (whole(3) === 0 ? undefined : value),
  rarely: <T>(value: T): T | undefined => (whole(6) === 0 ? value : undefined),
  some: <T>(make: () => T, most = 2): T[] => Array.from({ length: 1 + whole(most) }, make),
});
