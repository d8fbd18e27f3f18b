/** The searches that are measured, by name; each asks for something else every time. */
import { seededBy } from '../../core/test/seeded.ts';

export interface Search {
  readonly name: string;
  readonly path: (n: number) => string;
}

const { pick, whole } = seededBy(43);

const families = ['nd', 'pat', 'smi', 'ko'];
const loinc = (): string => `http://loinc.org|${pick(['8480-6', '2339-0', '718-7', '4548-4'])}`;

/** Those that other servers were measured by. */
export const searches = (patient: (n: number) => string): readonly Search[] => [
  {
    name: "one patient's Observations, the latest first, 50",
    path: (n) => `Observation?patient=${patient(n)}&_sort=-date&_count=50`,
  },
  {
    name: 'patient and code, 20',
    path: (n) => `Observation?patient=${patient(n)}&code=${loinc()}&_count=20`,
  },
  {
    name: 'code and date, the latest first, 20',
    path: () => `Observation?code=${loinc()}&date=ge${2018 + whole(6)}&_sort=-date&_count=20`,
  },
  { name: 'the beginning of a family name, 20', path: () => `Patient?family=${pick(families)}&_count=20` },
  {
    name: 'identifier',
    path: (n) => `Patient?identifier=http://hospital.example/mrn|MRN-${1 + (n % 100)}`,
  },
  {
    name: 'patient and _include, 20',
    path: (n) => `Observation?patient=${patient(n)}&_include=Observation:subject&_count=20`,
  },
  {
    name: 'subject:Patient.family, 20',
    path: () => `Observation?subject:Patient.family=${pick(families)}&_count=20`,
  },
];

/** Those that a larger store could make slow. */
export const largeSearches: readonly Search[] = [
  { name: '_has, 20', path: () => `Patient?_has:Observation:patient:code=${loinc()}&_count=20` },
  { name: '_sort=-_lastUpdated, 20', path: () => 'Observation?_sort=-_lastUpdated&_count=20' },
  { name: '_sort=-date, 20', path: () => 'Observation?_sort=-date&_count=20' },
  { name: '_sort=date, 20', path: () => 'Observation?_sort=date&_count=20' },
  {
    name: 'two filters and _total=accurate, 20',
    path: () => `Observation?code=${loinc()}&status=final&_total=accurate&_count=20`,
  },
  { name: 'a range of values, 20', path: () => `Observation?value-quantity=gt${whole(100)}&_count=20` },
  { name: 'a whole type, 20', path: () => 'Observation?_count=20' },
];
