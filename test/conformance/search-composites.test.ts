import { startTestServer, type TestCaller, type TestServer } from '@heddle/core/testing';
import { refusedWith, type Json } from './asked.ts';
import { concept, finds, loinc, observed, putAll, refer, searched, ucum } from './searching.ts';

const mass = (value: number, code: string): Json => ({ valueQuantity: { value, system: ucum, code, unit: code } });
const part = (code: string, value: Json): Json => ({ code: concept(code), ...value });
const document = (id: string, rest: Json = {}): Json => ({
  ...{ resourceType: 'DocumentReference', id, status: 'current', ...rest },
  content: [{ attachment: { contentType: 'text/plain', data: 'YQ==' } }],
});
const relation = 'http://hl7.org/fhir/document-relationship-type';
const group = (id: string, ...characteristic: Json[]): Json => ({
  ...{ resourceType: 'Group', id, type: 'person', actual: true },
  characteristic: characteristic.map((each) => ({ exclude: false, ...each })),
});

const composites: readonly Json[] = [
  observed('grams', { code: concept('m'), ...mass(5.4, 'g') }),
  observed('milligrams', { code: concept('m'), ...mass(5.4, 'mg') }),
  observed('other-grams', { code: concept('o'), ...mass(5.4, 'g') }),
  observed('colour', { code: concept('c'), valueCodeableConcept: concept('red') }),
  observed('sentence', { code: concept('c'), valueString: 'Red and more' }),
  observed('moment', { code: concept('t'), valueDateTime: '2020-02-29T10:00:00Z' }),
  observed('span', { code: concept('t'), valuePeriod: { start: '2020-03-01', end: '2020-03-31' } }),
  observed('crossed', {
    code: concept('bp'),
    component: [part('systolic', mass(90, 'mm[Hg]')), part('diastolic', mass(140, 'mm[Hg]'))],
  }),
  observed('usual', {
    code: concept('bp'),
    component: [
      part('systolic', mass(140, 'mm[Hg]')),
      part('diastolic', mass(90, 'mm[Hg]')),
      part('posture', { valueCodeableConcept: concept('sitting') }),
    ],
  }),
  // What the whole says of itself and a part says of another must not meet.
  observed('apart', { code: concept('systolic'), component: [part('other', mass(140, 'mm[Hg]'))] }),
  document('first'),
  document('second'),
  document('replacing', {
    relatesTo: [
      { code: 'replaces', target: refer('DocumentReference/first') },
      { code: 'appends', target: refer('DocumentReference/second') },
    ],
  }),
  group('smokers', { code: concept('smoker'), valueBoolean: true }, { code: concept('diabetic'), valueBoolean: false }),
  group('blood', { code: concept('blood'), valueCodeableConcept: concept('A') }),
];

describe('a search by composite', () => {
  let server: TestServer;
  let admin: TestCaller;
  before(async () => {
    server = await startTestServer();
    admin = await server.as('admin');
    await putAll(admin, composites);
  });
  after(() => server.close());

  finds(() => admin, {
    [`Observation?code-value-quantity=m$5.4|${ucum}|g`]: 'grams',
    'Observation?code-value-quantity=m$5.4': 'grams milligrams',
    [`Observation?code-value-quantity=${loinc}|m$gt1|${ucum}|g,o$5.4`]: 'grams other-grams',
    'Observation?code-value-quantity=systolic$140': '',
    'Observation?code-value-concept=c$red': 'colour',
    [`Observation?code-value-concept=c$${loinc}|red`]: 'colour',
    'Observation?code-value-concept=m$red': '',
    'Observation?code-value-string=c$red': 'sentence',
    'Observation?code-value-string=c$more': '',
    'Observation?code-value-date=t$2020-02-29': 'moment',
    'Observation?code-value-date=t$gt2020-03': '',
    'Observation?code-value-date=t$ge2020-02': 'moment span',
    'Observation?component-code-value-quantity=systolic$gt100': 'usual',
    'Observation?component-code-value-quantity=systolic$lt100': 'crossed',
    [`Observation?component-code-value-quantity=${loinc}|diastolic$140|${ucum}|mm[Hg]`]: 'crossed',
    'Observation?component-code-value-quantity=systolic$gt100,diastolic$gt100': 'crossed usual',
    'Observation?component-code-value-quantity=systolic$gt100&component-code-value-quantity=diastolic$lt100': 'usual',
    'Observation?component-code-value-concept=posture$sitting': 'usual',
    'Observation?component-code-value-concept=systolic$sitting': '',
    'Observation?combo-code-value-quantity=systolic$140': 'usual',
    [`Observation?combo-code-value-quantity=m$5.4|${ucum}|g,systolic$90`]: 'crossed grams',
    'Observation?combo-code-value-concept=c$red,posture$sitting': 'colour usual',
    'DocumentReference?relationship=DocumentReference/first$replaces': 'replacing',
    [`DocumentReference?relationship=DocumentReference/first$${relation}|replaces`]: 'replacing',
    'DocumentReference?relationship=DocumentReference/first$appends': '',
    'DocumentReference?relationship=second$appends': 'replacing',
    'Group?characteristic-value=smoker$true': 'smokers',
    'Group?characteristic-value=smoker$false': '',
    'Group?characteristic-value=diabetic$false': 'smokers',
    'Group?characteristic-value=blood$A': 'blood',
  });

  it('cannot be missing: that its parts are is asked of them', async () => {
    const asked = await searched(admin, 'Observation?code-value-quantity:missing=true');
    refusedWith(asked, 400, 'invalid', /no modifier/);
  });

  it('refuses a value with too few or too many parts', async () => {
    for (const value of ['m', 'm$', '$5', 'm$5$6'])
      refusedWith(await searched(admin, `Observation?code-value-quantity=${value}`), 400, 'invalid', /2 parts/);
  });
});
