import { expect } from 'chai';
import { startTestServer, type TestCaller, type TestServer } from '@heddle/core/testing';
import { ask, refusedWith, type Json } from './asked.ts';
import { concept, finds, foundBy, idsIn, observed, putAll, refer, searched } from './searching.ts';

const elsewhere = 'http://elsewhere.example/fhir';
const urn = 'urn:uuid:c757873d-ec9a-4326-a141-556f43239520';

const about = (id: string, subject: Json, rest: Json = {}): Json => observed(id, { subject, ...rest });
const questionnaire = (id: string, version: string): Json => ({
  ...{ resourceType: 'Questionnaire', id, status: 'active', url: 'http://q.example/q', version },
});
const response = (id: string, questionnaireUrl: string): Json => ({
  ...{ resourceType: 'QuestionnaireResponse', id, status: 'completed', questionnaire: questionnaireUrl },
});

const resources: readonly Json[] = [
  { resourceType: 'Organization', id: 'whole', name: 'Whole' },
  { resourceType: 'Organization', id: 'part', name: 'Part', partOf: refer('Organization/whole') },
  { resourceType: 'Practitioner', id: '23', name: [{ family: 'Shared' }] },
  {
    ...{ resourceType: 'Patient', id: '23', name: [{ family: 'Shared' }], gender: 'female' },
    ...{ managingOrganization: refer('Organization/part'), generalPractitioner: [refer('Practitioner/23')] },
    link: [{ other: refer('Patient/24'), type: 'seealso' }],
  },
  {
    resourceType: 'Patient',
    id: '24',
    name: [{ family: 'Second' }],
    managingOrganization: refer('Organization/whole'),
  },
  { resourceType: 'Group', id: '23', type: 'person', actual: true },
  about('of-patient', refer('Patient/23'), { performer: [refer('Practitioner/23'), refer('Organization/whole')] }),
  about('of-version', refer('Patient/23/_history/1')),
  about('of-second', refer('Patient/24'), { status: 'amended', code: concept('y') }),
  about('of-group', refer('Group/23')),
  about('of-elsewhere', refer(`${elsewhere}/Patient/23`)),
  about('of-group-elsewhere', refer(`${elsewhere}/Group/23`)),
  about('of-name', { type: 'Patient', identifier: { system: 'http://h.example', value: '77' } }),
  about('of-both', { ...refer('Patient/23'), identifier: { system: 'http://h.example', value: '78' } }),
  about('of-words', { display: 'The one in bed 3' }),
  about('of-own', refer('#own'), { contained: [{ resourceType: 'Patient', id: 'own' }] }),
  observed('of-nobody', {}),
  questionnaire('q1', '1'),
  questionnaire('q2', '2'),
  response('r1', 'http://q.example/q|1'),
  response('r2', 'http://q.example/q|2'),
  response('r', 'http://q.example/q'),
  response('other', 'http://q.example/q/more'),
];

const ofPatient = 'of-both of-patient of-version';

describe('a search by reference', () => {
  let server: TestServer;
  let admin: TestCaller;
  before(async () => {
    server = await startTestServer();
    admin = await server.as('admin');
    await putAll(admin, resources);
    // In a bundle it would have to name an entry.
    expect((await ask(admin, 'PUT', 'Observation/of-urn', about('of-urn', refer(urn)))).status).to.equal(201);
  });
  after(() => server.close());

  finds(() => admin, {
    'Observation?subject=Patient/23': ofPatient,
    // An id alone is any of that id, of whatever type.
    'Observation?subject=23': `${ofPatient} of-group`.split(' ').toSorted().join(' '),
    'Observation?subject:Patient=23': ofPatient,
    'Observation?subject:Group=23': 'of-group',
    'Observation?subject:Patient=Patient/23': ofPatient,
    'Observation?subject=Patient/23,Patient/24': 'of-both of-patient of-second of-version',
    'Observation?patient=23': ofPatient,
    'Observation?patient=Patient/23': ofPatient,
    'Observation?patient=Group/23': '',
    'Observation?patient=Patient/2': '',
    [`Observation?subject=${elsewhere}/Patient/23`]: 'of-elsewhere',
    [`Observation?patient=${elsewhere}/Patient/23`]: 'of-elsewhere',
    [`Observation?patient=${elsewhere}/Group/23`]: '',
    [`Observation?subject=${urn}`]: 'of-urn',
    'Observation?subject:identifier=http://h.example|77': 'of-name',
    'Observation?subject:identifier=77,78': 'of-both of-name',
    'Observation?patient:identifier=http://h.example|78': 'of-both',
    'Observation?subject:missing=true': 'of-nobody',
    'Observation?patient:identifier=77': 'of-name',
    // R4: what a reference without an address is to, its type says.
    'Observation?patient:missing=false': 'of-both of-elsewhere of-name of-own of-patient of-second of-version',
    'Observation?performer=Practitioner/23&performer=Organization/whole': 'of-patient',
    'QuestionnaireResponse?questionnaire=http://q.example/q': 'r r1 r2',
    'QuestionnaireResponse?questionnaire=http://q.example/q|2': 'r2',
    'QuestionnaireResponse?questionnaire=http://q.example/q|3': '',
  });

  it('by this server’s own address finds what refers by type and id', async () => {
    const { publicUrl } = server.serving.kernel;
    expect((await foundBy(admin, `Observation?subject=${publicUrl}/fhir/Patient/23`)).toSorted().join(' ')).to.equal(
      ofPatient,
    );
    expect(await foundBy(admin, `Observation?patient=${publicUrl}/fhir/Group/23`)).to.deep.equal([]);
  });

  it('refuses types that are none and modifiers that references do not have', async () => {
    refusedWith(await searched(admin, 'Observation?subject:exact=23'), 400, 'invalid', /no modifier/);
    refusedWith(await searched(admin, 'Observation?subject:Horse=23'), 400, 'invalid', /no modifier/);
  });

  describe('and by what is behind it', () => {
    finds(() => admin, {
      'Observation?subject:Patient.family=shared': ofPatient,
      // Without a type, whatever of the types has the parameter.
      'Observation?subject.family=shared': ofPatient,
      'Observation?patient.family:exact=Shared': ofPatient,
      'Observation?patient.family:exact=shared': '',
      'Observation?subject:Patient.gender:missing=true': 'of-own of-second',
      'Observation?subject:Patient.gender:not=female': 'of-own of-second',
      'Observation?performer:Practitioner.family=shared': 'of-patient',
      'Observation?patient.general-practitioner:Practitioner.family=shared': ofPatient,
      'Observation?patient.organization.partof.name=whole': ofPatient,
      'Observation?patient.organization=Organization/whole': 'of-second',
      'Observation?subject:Patient._id=24': 'of-second',
      'Observation?patient.link.family=second': ofPatient,
      'Observation?patient.family=shared,second&status=amended': 'of-second',
      // Each chain is for itself: both are satisfied, perhaps by different performers.
      'Observation?performer:Practitioner.family=shared&performer:Organization.name=whole': 'of-patient',
      'Patient?_has:Observation:patient:status=amended': '24',
      'Patient?_has:Observation:subject:code=x': '23',
      'Patient?_has:Observation:patient:code=x,y': '23 24',
      'Patient?_has:Observation:patient:code:not=x': '24',
      'Group?_has:Observation:subject:code=x': '23',
      'Practitioner?_has:Patient:general-practitioner:_has:Observation:patient:code=x': '23',
      'Organization?_has:Patient:organization:_has:Observation:patient:status=amended': 'whole',
      'Observation?patient._has:Patient:link:gender=female': 'of-second',
      'Organization?_has:Organization:partof:name=part': 'whole',
    });
  });

  const brings = (table: Readonly<Record<string, string>>): void => {
    for (const [written, wanted] of Object.entries(table))
      it(`${written} brings ${wanted === '' ? 'nothing else' : wanted}`, async () => {
        const { body, text, status } = await searched(admin, written);
        expect(status, text).to.equal(200);
        expect(idsIn(body, 'include').toSorted().join(' ')).to.equal(wanted);
      });
  };

  describe('with what belongs to it', () => {
    brings({
      'Observation?_id=of-patient&_include=Observation:subject': '23',
      'Observation?_id=of-patient,of-group&_include=Observation:subject:Group': '23',
      'Observation?_id=of-patient,of-second&_include=Observation:subject:Patient': '23 24',
      // The view of patients leads to no group.
      'Observation?_id=of-group&_include=Observation:patient': '',
      'Observation?_id=of-patient&_include=Observation:performer': '23 whole',
      'Observation?_id=of-patient&_include=Observation:performer:Organization': 'whole',
      'Observation?_id=of-patient&_include=*': '23 23 whole',
      'Observation?_id=of-patient&_include=Observation:*': '23 23 whole',
      'Observation?_id=of-elsewhere,of-urn,of-name,of-own&_include=Observation:subject': '',
      'Observation?_id=of-version&_include=Observation:subject': '23',
      // Without :iterate, only from the matches.
      'Observation?_id=of-patient&_include=Observation:patient&_include=Patient:organization': '23',
      'Observation?_id=of-patient&_include=Observation:patient&_include:iterate=Patient:organization': '23 part',
      'Observation?_id=of-patient&_include=Observation:patient&_include:iterate=Patient:organization&_include:iterate=Organization:partof':
        '23 part whole',
      'Patient?_id=24&_revinclude=Observation:patient': 'of-second',
      'Group?_id=23&_revinclude=Observation:subject': 'of-group',
      'Group?_id=23&_revinclude=Observation:patient': '',
      'Patient?_id=23&_revinclude=Observation:subject:Group': '',
      'Organization?_id=part&_revinclude=Patient:organization&_revinclude:iterate=Observation:patient': `23 ${ofPatient}`,
      'Patient?_id=24&_revinclude=*': '23 of-second',
      'QuestionnaireResponse?_id=r2&_include=QuestionnaireResponse:questionnaire': 'q2',
      'QuestionnaireResponse?_id=r&_include=QuestionnaireResponse:questionnaire': 'q1 q2',
      // What matched is not included once more.
      'Patient?_include=Patient:link': '',
    });

    it('says of each whether it matched or came with it, once', async () => {
      const { body } = await ask(admin, 'GET', 'Patient?_include=Patient:link&_include=Patient:organization');
      expect(idsIn(body).toSorted()).to.deep.equal(['23', '24']);
      expect(idsIn(body, 'include').toSorted()).to.deep.equal(['part', 'whole']);
    });
  });
});
