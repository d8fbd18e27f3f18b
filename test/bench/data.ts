/** Seeded patient records in bundles of 100, mean 1.5 kB a resource: what a hospital's import looks like, the same bytes each time. */
import { seededBy, type Seeded } from '../../core/test/seeded.ts';

type Resource = { readonly resourceType: string } & Record<string, unknown>;

export interface Entry {
  readonly fullUrl: string;
  readonly resource: Resource;
  readonly request: { readonly method: 'POST'; readonly url: string };
}

const families = ['Ndlovu', 'Patel', 'Okafor', 'Müller', 'García', 'Nguyễn', 'Smith', 'Kowalski', 'Haddad', 'Rossi'];
const givens = ['Amara', 'Ravi', 'Chidi', 'Lena', 'José', 'Linh', 'Mary', 'Jan', 'Samir', 'Giulia', 'Thandi', 'Noor'];
const cities = ['Lagos', 'Pune', 'Kochi', 'Durban', 'Madrid', 'Hanoi', 'Leeds', 'Kraków'];

const codes = [
  ['8480-6', 'Systolic blood pressure', 'mm[Hg]', 100, 60],
  ['8462-4', 'Diastolic blood pressure', 'mm[Hg]', 60, 40],
  ['8867-4', 'Heart rate', '/min', 55, 60],
  ['29463-7', 'Body weight', 'kg', 45, 60],
  ['8302-2', 'Body height', 'cm', 150, 50],
  ['2339-0', 'Glucose [Mass/volume] in Blood', 'mg/dL', 70, 130],
  ['718-7', 'Hemoglobin [Mass/volume] in Blood', 'g/dL', 9, 8],
  ['2093-3', 'Cholesterol [Mass/volume] in Serum or Plasma', 'mg/dL', 120, 160],
  ['2160-0', 'Creatinine [Mass/volume] in Serum or Plasma', 'mg/dL', 0, 2],
  ['6690-2', 'Leukocytes [#/volume] in Blood by Automated count', '10*3/uL', 3, 12],
  ['4548-4', 'Hemoglobin A1c/Hemoglobin.total in Blood', '%', 4, 8],
  ['2823-3', 'Potassium [Moles/volume] in Serum or Plasma', 'mmol/L', 3, 3],
] as const;

const conditions = [
  ['38341003', 'Hypertensive disorder'],
  ['44054006', 'Diabetes mellitus type 2'],
  ['195967001', 'Asthma'],
  ['233604007', 'Pneumonia'],
] as const;

const urn = (seeded: Seeded): string => {
  const hex = (length: number): string => Array.from({ length }, () => seeded.whole(16).toString(16)).join('');
  return `urn:uuid:${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(12)}`;
};

const two = (number: number): string => String(number).padStart(2, '0');
const day = (seeded: Seeded): string =>
  `${2016 + seeded.whole(10)}-${two(1 + seeded.whole(12))}-${two(1 + seeded.whole(28))}`;
const time = (seeded: Seeded, date: string): string =>
  `${date}T${two(seeded.whole(24))}:${two(seeded.whole(60))}:${two(seeded.whole(60))}+05:30`;

const narrative = (words: string): Record<string, unknown> => ({
  status: 'generated',
  div: `<div xmlns="http://www.w3.org/1999/xhtml"><p>${words}</p></div>`,
});

const patient = (seeded: Seeded, number: number): Resource => {
  const [family, given] = [seeded.pick(families), seeded.pick(givens)];
  return {
    resourceType: 'Patient',
    text: narrative(`${given} ${family}, registered at the front desk`),
    identifier: [
      {
        use: 'usual',
        type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'MR' }] },
        system: 'http://hospital.example/mrn',
        value: `MRN-${number}`,
      },
      { system: 'http://hospital.example/national-id', value: `N${1_000_000 + number}` },
    ],
    active: true,
    name: [{ use: 'official', family, given: [given, seeded.pick(givens)] }],
    telecom: [
      { system: 'phone', value: `+91 98${seeded.whole(90_000_000) + 10_000_000}`, use: 'mobile' },
      { system: 'email', value: `p${number}@example.org` },
    ],
    gender: seeded.pick(['male', 'female']),
    birthDate: `${1935 + seeded.whole(85)}-${two(1 + seeded.whole(12))}-${two(1 + seeded.whole(28))}`,
    address: [
      {
        use: 'home',
        line: [`${seeded.whole(200)} Temple Road`],
        city: seeded.pick(cities),
        postalCode: String(100_000 + seeded.whole(800_000)),
        country: 'IN',
      },
    ],
    maritalStatus: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-MaritalStatus', code: 'M' }] },
    communication: [{ language: { coding: [{ system: 'urn:ietf:bcp:47', code: 'en' }] }, preferred: true }],
  };
};

const encounter = (seeded: Seeded, subject: string): Resource => {
  const start = time(seeded, day(seeded));
  return {
    resourceType: 'Encounter',
    text: narrative('Outpatient visit, seen by the physician on duty'),
    identifier: [{ system: 'http://hospital.example/visit', value: `V${seeded.whole(1e9)}` }],
    status: 'finished',
    class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'AMB', display: 'ambulatory' },
    type: [{ coding: [{ system: 'http://snomed.info/sct', code: '185349003', display: 'Encounter for check up' }] }],
    subject: { reference: subject },
    period: { start, end: start.replace(/T\d\d/, 'T23') },
    reasonCode: [{ text: 'Check-up' }],
  };
};

const condition = (seeded: Seeded, subject: string, visit: string): Resource => {
  const [code, display] = seeded.pick(conditions);
  return {
    resourceType: 'Condition',
    text: narrative(`Problem list: ${display}`),
    clinicalStatus: {
      coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-clinical', code: 'active' }],
    },
    verificationStatus: {
      coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-ver-status', code: 'confirmed' }],
    },
    category: [
      { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-category', code: 'problem-list-item' }] },
    ],
    code: { coding: [{ system: 'http://snomed.info/sct', code, display }], text: display },
    subject: { reference: subject },
    encounter: { reference: visit },
    onsetDateTime: day(seeded),
    recordedDate: time(seeded, day(seeded)),
  };
};

const request = (seeded: Seeded, subject: string, visit: string): Resource => ({
  resourceType: 'MedicationRequest',
  text: narrative('Amlodipine 5 mg, one tablet a day in the morning'),
  status: 'active',
  intent: 'order',
  medicationCodeableConcept: {
    coding: [
      { system: 'http://www.nlm.nih.gov/research/umls/rxnorm', code: '197361', display: 'Amlodipine 5 MG Oral Tablet' },
    ],
  },
  subject: { reference: subject },
  encounter: { reference: visit },
  authoredOn: time(seeded, day(seeded)),
  dosageInstruction: [{ text: 'One tablet a day', timing: { repeat: { frequency: 1, period: 1, periodUnit: 'd' } } }],
});

/** About 1.5 kB, as laboratory systems send them. */
export const observation = (seeded: Seeded, subject: string, visit?: string): Resource => {
  const [code, display, unit, low, width] = seeded.pick(codes);
  const value = low + seeded.whole(width * 10) / 10;
  const moment = time(seeded, day(seeded));
  return {
    resourceType: 'Observation',
    text: narrative(`${display}: ${value} ${unit}, taken at the bedside and confirmed by the laboratory`),
    identifier: [{ system: 'http://hospital.example/result', value: `R${seeded.whole(1e9)}` }],
    status: 'final',
    category: [
      {
        coding: [
          {
            system: 'http://terminology.hl7.org/CodeSystem/observation-category',
            code: seeded.pick(['vital-signs', 'laboratory']),
          },
        ],
      },
    ],
    code: { coding: [{ system: 'http://loinc.org', code, display }], text: display },
    subject: { reference: subject },
    ...(visit === undefined ? {} : { encounter: { reference: visit } }),
    effectiveDateTime: moment,
    issued: moment,
    valueQuantity: { value, unit, system: 'http://unitsofmeasure.org', code: unit },
    interpretation: [
      {
        coding: [
          {
            system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation',
            code: 'N',
            display: 'Normal',
          },
        ],
      },
    ],
    referenceRange: [
      {
        low: { value: low, unit, system: 'http://unitsofmeasure.org', code: unit },
        high: { value: low + width, unit, system: 'http://unitsofmeasure.org', code: unit },
      },
    ],
    note: [
      { text: 'The patient was resting for five minutes before the measurement was taken, as the protocol asks.' },
    ],
  };
};

/** One patient with all that belongs to the record: resources that refer to each other, mostly results. */
export const patientBundle = (
  seed: number,
  size = 100,
): { readonly text: string; readonly entries: readonly Entry[] } => {
  const seeded = seededBy(seed);
  const entries: Entry[] = [];
  const add = (resource: Resource): string => {
    const fullUrl = urn(seeded);
    entries.push({ fullUrl, resource, request: { method: 'POST', url: resource.resourceType } });
    return fullUrl;
  };
  const subject = add(patient(seeded, seed));
  const visits = Array.from({ length: 7 }, () => add(encounter(seeded, subject)));
  for (let n = 0; n < 6; n++) add(condition(seeded, subject, seeded.pick(visits)));
  for (let n = 0; n < 6; n++) add(request(seeded, subject, seeded.pick(visits)));
  while (entries.length < size) add(observation(seeded, subject, seeded.pick(visits)));
  return { entries, text: JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry: entries }) };
};
