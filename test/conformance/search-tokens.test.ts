import { startTestServer, type TestCaller, type TestServer } from '@heddle/core/testing';
import { refusedWith, type Json } from './asked.ts';
import { concept, finds, observed, putAll, refer, searched } from './searching.ts';

const gender = 'http://hl7.org/fhir/administrative-gender';
const [a, b] = ['http://a.example/codes', 'http://b.example/codes'];

const patient = (id: string, rest: Json): Json => ({ resourceType: 'Patient', id, ...rest });
const codeOf = (...coding: Json[]): Json => ({ code: { coding } });

const resources: readonly Json[] = [
  patient('man', {
    ...{ gender: 'male', active: true, deceasedBoolean: false },
    telecom: [
      { system: 'phone', value: '+49 30 1', use: 'home' },
      { system: 'email', value: 'man@x.example' },
    ],
    identifier: [
      { system: 'http://h.example/mrn', value: '446053', type: concept('MR', 'http://t.example') },
      { system: 'http://state.example', value: '12345' },
    ],
    communication: [{ language: concept('de', 'urn:ietf:bcp:47') }],
    meta: { tag: [{ system: a, code: 'vip' }], security: [{ system: b, code: 'R' }] },
  }),
  patient('woman', {
    ...{ gender: 'female', active: false, deceasedDateTime: '2020' },
    telecom: [{ system: 'phone', value: 'man@x.example' }],
    identifier: [{ value: '446053' }, { system: 'http://h.example/mrn', value: 'A|B,C$D\\E' }],
  }),
  patient('other', {
    gender: 'other',
    identifier: [{ system: 'http://h.example/mrn', type: concept('MR', 'http://t.example') }],
  }),
  patient('unsaid', {}),
  observed('of-a', codeOf({ system: a, code: '1', display: 'Glucose in blood' })),
  observed('of-b', codeOf({ system: b, code: '1', display: 'Blood' })),
  observed('of-none', codeOf({ code: '1' })),
  observed('of-both', codeOf({ system: a, code: '2' }, { system: b, code: '1' })),
  observed('only-system', codeOf({ system: a })),
  observed('only-text', { code: { text: 'Glucose by strip' } }),
  observed('capital', codeOf({ system: a, code: 'X', display: 'hyperglucosemia' })),
  observed('small', codeOf({ system: a, code: 'x' })),
  observed('encounter-of-b', {
    ...codeOf({ system: a, code: '1' }),
    status: 'amended',
    subject: refer('Patient/woman'),
  }),
  {
    ...{ resourceType: 'DocumentReference', id: 'letter', status: 'current' },
    content: [{ attachment: { contentType: 'text/plain', data: 'YQ==' } }],
  },
  { ...{ resourceType: 'Task', id: 'task', status: 'requested', intent: 'order' } },
  { ...{ resourceType: 'Task', id: 'unknown-task', status: 'draft', intent: 'unknown' } },
  { ...{ resourceType: 'Encounter', id: 'visit', status: 'finished', class: { system: a, code: 'AMB' } } },
];

describe('a search by token', () => {
  let server: TestServer;
  let admin: TestCaller;
  before(async () => {
    server = await startTestServer();
    admin = await server.as('admin');
    await putAll(admin, resources);
  });
  after(() => server.close());

  describe('of a CodeableConcept or a Coding', () => {
    finds(() => admin, {
      'Observation?code=1': 'encounter-of-b of-a of-b of-both of-none',
      [`Observation?code=${a}|1`]: 'encounter-of-b of-a',
      [`Observation?code=${b}|1`]: 'of-b of-both',
      'Observation?code=|1': 'of-none',
      [`Observation?code=${a}|`]: 'capital encounter-of-b of-a of-both only-system small',
      [`Observation?code=${a}|1,${a}|2`]: 'encounter-of-b of-a of-both',
      [`Observation?code=${a}|2&code=${b}|1`]: 'of-both',
      [`Observation?code:not=${a}|1`]: 'capital of-b of-both of-none only-system only-text small',
      // R4 search.html#modifiers: also those that have no code at all; of several values, none may be there.
      'Observation?code:not=1,2': 'capital only-system only-text small',
      // R4: case-sensitive where the code system is, or where nobody knows.
      [`Observation?code=${a}|X`]: 'capital',
      [`Observation?code=${a}|x`]: 'small',
      'Observation?code:text=glucose': 'of-a only-text',
      'Observation?code:text=GLUCOSE IN': 'of-a',
      'Observation?code:text=blood': 'of-a of-b',
      'Observation?code:text=strip,blood': 'of-a of-b only-text',
      'Observation?code=1,X,nothing': 'capital encounter-of-b of-a of-b of-both of-none',
      'Encounter?class=AMB': 'visit',
      [`Encounter?class=${a}|AMB`]: 'visit',
      [`Encounter?class=${b}|AMB`]: '',
      [`Patient?_tag=${a}|vip`]: 'man',
      [`Patient?_security=${b}|`]: 'man',
      'Patient?language=urn:ietf:bcp:47|de': 'man',
    });
  });

  describe('of a code, whose system its binding implies', () => {
    finds(() => admin, {
      'Patient?gender=male': 'man',
      [`Patient?gender=${gender}|male`]: 'man',
      [`Patient?gender=${gender}|male,${gender}|other`]: 'man other',
      [`Patient?gender=${gender}|`]: 'man other woman',
      [`Patient?gender:not=${gender}|male`]: 'other unsaid woman',
      [`Patient?gender=${a}|male`]: '',
      [`Patient?gender=${gender}|x`]: '',
      'Patient?gender=constructor|male': '',
      'Patient?gender:missing=true': 'unsaid',
      'Patient?gender:missing=false': 'man other woman',
      'Observation?status=http://hl7.org/fhir/observation-status|amended': 'encounter-of-b',
      [`Observation?subject:Patient.gender=${gender}|female`]: 'encounter-of-b',
      [`Patient?_filter=gender eq "${gender}|female"`]: 'woman',
      'Patient?_has:Observation:subject:status=http://hl7.org/fhir/observation-status|amended': 'woman',
      // A binding of two systems tells by the code.
      'Task?intent=http://hl7.org/fhir/request-intent|order': 'task',
      'Task?intent=http://hl7.org/fhir/task-intent|order': '',
      'Task?intent=http://hl7.org/fhir/task-intent|': 'unknown-task',
      'DocumentReference?contenttype=urn:ietf:bcp:13|text/plain': 'letter',
      'DocumentReference?contenttype=urn:ietf:bcp:13|': 'letter',
      'DocumentReference?contenttype=urn:ietf:bcp:13|text/html': '',
    });
  });

  describe('of a boolean, a ContactPoint or an Identifier', () => {
    finds(() => admin, {
      'Patient?active=true': 'man',
      'Patient?active=false': 'woman',
      'Patient?active:not=true': 'other unsaid woman',
      // R4 Patient.deceased: "deceased.exists() and deceased != false".
      'Patient?deceased=true': 'woman',
      'Patient?telecom=man@x.example': 'man woman',
      'Patient?email=man@x.example': 'man',
      'Patient?phone=man@x.example': 'woman',
      'Patient?phone=+49 30 1': 'man',
      'Patient?identifier=446053': 'man woman',
      'Patient?identifier=http://h.example/mrn|446053': 'man',
      'Patient?identifier=|446053': 'woman',
      'Patient?identifier=http://h.example/mrn|': 'man other woman',
      'Patient?identifier=http://h.example/mrn|A\\|B\\,C\\$D\\\\E': 'woman',
      'Patient?identifier=A\\|B\\,C\\$D\\\\E': 'woman',
      'Patient?identifier:of-type=http://t.example|MR|446053': 'man',
      'Patient?identifier:of-type=http://t.example|MR|12345': '',
      'Patient?identifier:of-type=http://t.example|SS|446053': '',
    });
  });

  describe('of ids', () => {
    finds(() => admin, {
      'Patient?_id=man,other': 'man other',
      'Patient?_id:not=man,other': 'unsaid woman',
      'Patient?_id=Man': '',
    });
  });

  describe('that is missing', () => {
    finds(() => admin, {
      'Patient?identifier:missing=true': 'unsaid',
      // A concept that is only text has no code, and is a value all the same.
      'Observation?code:missing=true': '',
      'Patient?telecom:missing=false': 'man woman',
      'Patient?active:missing=true': 'other unsaid',
      'Patient?_id:missing=true': '',
      'Patient?_lastUpdated:missing=false&gender=male': 'man',
    });
  });

  it('refuses a modifier that tokens do not have', async () => {
    for (const modifier of ['exact', 'contains', 'Patient'])
      refusedWith(await searched(admin, `Patient?gender:${modifier}=male`), 400, 'invalid', /no modifier/);
    refusedWith(await searched(admin, 'Patient?identifier:of-type=MR|1'), 400, 'invalid', /system\|code\|value/);
  });
});
