/** What is above and below: parts of places and visits, types of media, codes whose system is not said, and R4's own value sets. */
import { expect } from 'chai';
import { startTestServer, type TestCaller, type TestServer } from '@heddle/core/testing';
import { refusedWith, type Json } from './asked.ts';
import { concept, finds, observed, putAll, refer, searched } from './searching.ts';

const place = (id: string, partOf?: string): Json => ({
  ...{ resourceType: 'Location', id },
  ...(partOf === undefined ? {} : { partOf: refer(`Location/${partOf}`) }),
});
const visit = (id: string, location: string, partOf?: string): Json => ({
  ...{ resourceType: 'Encounter', id, status: 'finished', class: { code: 'AMB' } },
  location: [{ location: refer(`Location/${location}`) }],
  ...(partOf === undefined ? {} : { partOf: refer(`Encounter/${partOf}`) }),
});
const document = (id: string, contentType: string): Json => ({
  ...{ resourceType: 'DocumentReference', id, status: 'current' },
  content: [{ attachment: { contentType, url: 'http://ex/file' } }],
});

const animals = 'http://ex/animals';
const parts = 'http://ex/parts';
const category = 'http://terminology.hl7.org/CodeSystem/observation-category';

describe('a search for what is above or below', () => {
  let server: TestServer;
  let admin: TestCaller;
  before(async () => {
    server = await startTestServer();
    admin = await server.as('admin');
    await putAll(admin, [
      ...[place('h1'), place('h2', 'h1'), place('h3', 'h2'), place('elsewhere')],
      ...[place('c1', 'c2'), place('c2', 'c1')],
      ...[
        visit('v1', 'h1'),
        visit('v2', 'h2', 'v1'),
        visit('v3', 'h3', 'v2'),
        visit('v4', 'elsewhere'),
        visit('v5', 'c1'),
      ],
      { resourceType: 'Organization', id: 'o1' },
      { resourceType: 'Organization', id: 'o2', partOf: refer('Organization/o1') },
      {
        resourceType: 'Patient',
        id: 'of-o2',
        managingOrganization: refer('Organization/o2'),
        maritalStatus: concept('M', 'http://terminology.hl7.org/CodeSystem/v3-MaritalStatus'),
      },
      ...[
        document('xml', 'text/xml'),
        document('utf', 'text/xml; charset=UTF-8'),
        document('tight', 'text/xml;charset=x'),
      ],
      ...[document('plain', 'text/plain'), document('xmlish', 'text/xmlish'), document('png', 'image/png')],
      {
        ...{ resourceType: 'CodeSystem', id: 'animals', url: animals, status: 'active', content: 'complete' },
        concept: [{ code: 'animal', concept: [{ code: 'dog', concept: [{ code: 'poodle' }] }] }],
      },
      {
        ...{ resourceType: 'CodeSystem', id: 'parts', url: parts, status: 'active', content: 'complete' },
        hierarchyMeaning: 'part-of',
        concept: [{ code: 'car', concept: [{ code: 'wheel' }] }],
      },
      ...['animal', 'dog', 'poodle'].map((code) => observed(code, { code: concept(code, animals) })),
      ...['car', 'wheel'].map((code) => observed(code, { code: concept(code, parts) })),
      observed('bare', { code: { coding: [{ code: 'dog' }] } }),
      observed('vital', { category: [concept('vital-signs', category)], code: concept('8867-4') }),
      observed('odd', { category: [concept('odd', category)], code: concept('1') }),
    ]);
  });
  after(() => server.close());

  describe('of a resource', () => {
    finds(() => admin, {
      // R4 search.html#recursive.
      'Encounter?location:below=Location/h1': 'v1 v2 v3',
      'Encounter?location:below=h2': 'v2 v3',
      'Encounter?location:below=h3,elsewhere': 'v3 v4',
      'Encounter?location:above=Location/h3': 'v1 v2 v3',
      'Encounter?location:above=h1': 'v1',
      'Location?partof:below=h1': 'h2 h3',
      'Location?partof:below=h2': 'h3',
      'Location?partof:above=h3': 'h2 h3',
      'Location?partof:above=h1': 'h2',
      'Encounter?part-of:below=Encounter/v1': 'v2 v3',
      'Encounter?location:below=c1': 'v5',
      'Encounter?location:below=nowhere': '',
      'Patient?organization:below=o1': 'of-o2',
      'Patient?organization:above=Organization/o1': '',
      'Location?_has:Encounter:location:part-of:below=v1': 'h2 h3',
      'Encounter?_filter=location.partof pr true': 'v2 v3 v5',
    });

    it('is refused where nothing is a part of another', async () => {
      const answer = await searched(admin, 'Observation?patient:below=p');
      refusedWith(answer, 400, 'invalid', /none is a part of another/);
      expect(answer.text).to.include('patient:below');
    });
  });

  describe('of a type of media', () => {
    finds(() => admin, {
      'DocumentReference?contenttype=text/xml': 'xml',
      'DocumentReference?contenttype:below=text/xml': 'tight utf xml',
      'DocumentReference?contenttype:below=text': 'plain tight utf xml xmlish',
      'DocumentReference?contenttype:below=image': 'png',
      'DocumentReference?contenttype:above=text/xml; charset=UTF-8': 'utf xml',
    });
  });

  describe('of a code', () => {
    finds(() => admin, {
      [`Observation?code:below=${animals}|dog`]: 'dog poodle',
      // Whatever is of that code, and what its systems say is below it.
      'Observation?code:below=dog': 'bare dog poodle',
      'Observation?code:above=poodle': 'animal dog poodle',
      'Observation?code:below=dog,car': 'bare car dog poodle',
      // R4 codesystem.html: a wheel is a part of a car, and no car.
      [`Observation?code:below=${parts}|car`]: 'car',
    });

    it('says which system or code it does not know', async () => {
      refusedWith(
        await searched(admin, 'Observation?code:below=http://ex/nope|dog'),
        400,
        'invalid',
        /http:\/\/ex\/nope/,
      );
      refusedWith(await searched(admin, 'Observation?code:below=unicorn'), 400, 'invalid', /unicorn/);
    });
  });

  describe('of R4’s own value sets', () => {
    finds(() => admin, {
      'Observation?category:in=http://hl7.org/fhir/ValueSet/observation-category': 'vital',
      'Observation?category:not-in=http://hl7.org/fhir/ValueSet/observation-category':
        'animal bare car dog odd poodle wheel',
      'Observation?code:in=http://hl7.org/fhir/ValueSet/observation-vitalsignresult': 'vital',
      'Patient?marital-status:in=http://hl7.org/fhir/ValueSet/marital-status': 'of-o2',
      'Encounter?class:in=http://terminology.hl7.org/ValueSet/v3-ActEncounterCode': '',
    });

    it('which are all there that can be enumerated', async () => {
      for (const set of [
        ...['service-category', 'languages', 'ucum-vitals-common', 'condition-code', 'mimetypes', 'currencies'],
        ...['administrative-gender', 'condition-clinical', 'encounter-type'],
      ]) {
        const answer = await searched(admin, `Observation?code:in=http://hl7.org/fhir/ValueSet/${set}`);
        expect(answer.status, `${set} ${answer.text}`).to.be.oneOf([200, 400]);
        if (answer.status === 400) refusedWith(answer, 400, 'invalid', /which is not here|cannot be searched by/);
      }
      for (const set of ['v2-0203', 'v3-ActEncounterCode', 'v3-MaritalStatus'])
        expect(
          (await searched(admin, `Patient?identifier:in=http://terminology.hl7.org/ValueSet/${set}`)).status,
        ).to.equal(200);
    });
  });
});
