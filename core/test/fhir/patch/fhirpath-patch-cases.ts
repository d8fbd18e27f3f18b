/** What a FHIRPath Patch does to a resource, written down from R4's fhirpatch.html; knows no implementation. */
import type { Members } from '../../../src/fhir/members.ts';

export type Parts = Readonly<Record<string, unknown>>;

export const patient = (elements: object): Members => ({ resourceType: 'Patient', ...elements });
export const observation = (elements: object): Members => ({
  resourceType: 'Observation',
  status: 'final',
  ...elements,
});
export const ids = (...values: string[]): object => ({ identifier: values.map((value) => ({ value })) });

export interface Row {
  readonly says: string;
  readonly before: Members;
  readonly step: Parts;
  readonly after: Members;
}

export const rows: readonly Row[] = [
  {
    says: 'adds an element',
    before: patient({}),
    step: { type: 'add', path: 'Patient', name: 'birthDate', value: { valueDate: '1930-01-01' } },
    after: patient({ birthDate: '1930-01-01' }),
  },
  {
    says: 'adds at the end of a list',
    before: patient(ids('a')),
    step: { type: 'add', path: 'Patient', name: 'identifier', value: { valueIdentifier: { value: 'b' } } },
    after: patient(ids('a', 'b')),
  },
  {
    says: 'adds the first of a list',
    before: patient({}),
    step: { type: 'add', path: 'Patient', name: 'identifier', value: { valueIdentifier: { value: 'a' } } },
    after: patient(ids('a')),
  },
  {
    says: 'adds a choice under the name of its type',
    before: observation({}),
    step: { type: 'add', path: 'Observation', name: 'value', value: { valueQuantity: { value: 1 } } },
    after: observation({ valueQuantity: { value: 1 } }),
  },
  {
    says: 'adds a choice that is named by its type already',
    before: patient({}),
    step: { type: 'add', path: 'Patient', name: 'deceasedBoolean', value: { valueBoolean: true } },
    after: patient({ deceasedBoolean: true }),
  },
  {
    says: 'adds an element of an anonymous type by its parts',
    before: patient({}),
    step: {
      type: 'add',
      path: 'Patient',
      name: 'contact',
      value: {
        part: [
          { name: 'name', valueHumanName: { text: 'a name' } },
          { name: 'gender', valueCode: 'female' },
          { name: 'telecom', valueContactPoint: { value: '1' } },
          { name: 'telecom', part: [{ name: 'value', valueString: '2' }] },
        ],
      },
    },
    after: patient({
      contact: [{ name: { text: 'a name' }, gender: 'female', telecom: [{ value: '1' }, { value: '2' }] }],
    }),
  },
  {
    says: 'adds a choice inside of parts',
    before: observation({}),
    step: {
      type: 'add',
      path: 'Observation',
      name: 'component',
      value: {
        part: [
          { name: 'code', valueCodeableConcept: { text: 'c' } },
          { name: 'value', valueInteger: 3 },
        ],
      },
    },
    after: observation({ component: [{ code: { text: 'c' }, valueInteger: 3 }] }),
  },
  {
    says: 'adds below an element that where() finds',
    before: patient({ name: [{ use: 'usual' }, { use: 'official' }] }),
    step: { type: 'add', path: "Patient.name.where(use = 'official')", name: 'given', value: { valueString: 'G' } },
    after: patient({ name: [{ use: 'usual' }, { use: 'official', given: ['G'] }] }),
  },
  {
    says: 'adds an extension beside a primitive',
    before: patient({ birthDate: '1930' }),
    step: {
      type: 'add',
      path: 'Patient.birthDate',
      name: 'extension',
      value: { part: [{ name: 'url', valueUri: 'u' }] },
    },
    after: patient({ birthDate: '1930', _birthDate: { extension: [{ url: 'u' }] } }),
  },
  {
    says: 'adds an extension beside a primitive in a list',
    before: patient({ name: [{ given: ['a', 'b'] }] }),
    step: {
      type: 'add',
      path: 'Patient.name.given[1]',
      name: 'extension',
      value: { part: [{ name: 'url', valueUri: 'u' }] },
    },
    after: patient({ name: [{ given: ['a', 'b'], _given: [null, { extension: [{ url: 'u' }] }] }] }),
  },
  {
    says: 'adds a contained resource',
    before: patient({}),
    step: { type: 'add', path: 'Patient', name: 'contained', value: { resource: { resourceType: 'Basic', id: 'b' } } },
    after: patient({ contained: [{ resourceType: 'Basic', id: 'b' }] }),
  },
  {
    says: 'inserts at a place',
    before: patient(ids('a', 'c')),
    step: { type: 'insert', path: 'Patient.identifier', index: 1, value: { valueIdentifier: { value: 'b' } } },
    after: patient(ids('a', 'b', 'c')),
  },
  {
    says: 'inserts at the end',
    before: patient(ids('a')),
    step: { type: 'insert', path: 'Patient.identifier', index: 1, value: { valueIdentifier: { value: 'b' } } },
    after: patient(ids('a', 'b')),
  },
  {
    says: 'inserts into a list that is not there yet',
    before: patient({ name: [{ family: 'F' }] }),
    step: { type: 'insert', path: 'Patient.name[0].given', index: 0, value: { valueString: 'G' } },
    after: patient({ name: [{ family: 'F', given: ['G'] }] }),
  },
  {
    says: 'inserts a primitive and keeps what stands beside the others',
    before: patient({ name: [{ given: ['a', 'b'], _given: [null, { id: 'beside-b' }] }] }),
    step: {
      type: 'insert',
      path: 'Patient.name.given',
      index: 0,
      value: { valueString: 'n', _valueString: { id: 'beside-n' } },
    },
    after: patient({ name: [{ given: ['n', 'a', 'b'], _given: [{ id: 'beside-n' }, null, { id: 'beside-b' }] }] }),
  },
  {
    says: 'deletes an element with what stands beside it',
    before: patient({ birthDate: '1930', _birthDate: { id: 'x' }, gender: 'male' }),
    step: { type: 'delete', path: 'Patient.birthDate' },
    after: patient({ gender: 'male' }),
  },
  {
    says: 'deletes from a list',
    before: patient(ids('a', 'b', 'c')),
    step: { type: 'delete', path: "Patient.identifier.where(value = 'b')" },
    after: patient(ids('a', 'c')),
  },
  {
    says: 'leaves no empty list',
    before: patient(ids('a')),
    step: { type: 'delete', path: 'Patient.identifier[0]' },
    after: patient({}),
  },
  {
    says: 'leaves no empty element above it',
    before: patient({ contact: [{ name: { family: 'x' } }], active: true }),
    step: { type: 'delete', path: 'Patient.contact[0].name.family' },
    after: patient({ active: true }),
  },
  {
    says: 'leaves nothing empty beside a value',
    before: patient({ birthDate: '1930', _birthDate: { extension: [{ url: 'http://x.example', valueCode: 'a' }] } }),
    step: { type: 'delete', path: "Patient.birthDate.extension('http://x.example')" },
    after: patient({ birthDate: '1930' }),
  },
  {
    says: 'leaves no primitive that has neither a value nor anything beside it',
    before: patient({ _birthDate: { extension: [{ url: 'http://x.example', valueCode: 'a' }] } }),
    step: { type: 'delete', path: "Patient.birthDate.extension('http://x.example')" },
    after: patient({}),
  },
  {
    says: 'deletes a choice by the name of the element',
    before: observation({ valueString: 'x' }),
    step: { type: 'delete', path: 'Observation.value' },
    after: observation({}),
  },
  {
    says: 'deletes nothing where nothing is',
    before: patient({}),
    step: { type: 'delete', path: 'Patient.photo' },
    after: patient({}),
  },
  {
    says: 'replaces a value',
    before: patient({ birthDate: '1920', _birthDate: { id: 'x' } }),
    step: { type: 'replace', path: 'Patient.birthDate', value: { valueDate: '1930' } },
    after: patient({ birthDate: '1930' }),
  },
  {
    says: 'replaces a code that is sent as a string',
    before: patient({ gender: 'male' }),
    step: { type: 'replace', path: 'Patient.gender', value: { valueString: 'female' } },
    after: patient({ gender: 'female' }),
  },
  {
    says: 'replaces an element of a list',
    before: patient(ids('a', 'b')),
    step: { type: 'replace', path: 'Patient.identifier[1]', value: { valueIdentifier: { value: 'c' } } },
    after: patient(ids('a', 'c')),
  },
  {
    says: 'replaces a choice by another type',
    before: observation({ valueString: 'x', _valueString: { id: 'i' } }),
    step: { type: 'replace', path: 'Observation.value', value: { valueQuantity: { value: 2 } } },
    after: observation({ valueQuantity: { value: 2 } }),
  },
  {
    says: 'replaces deep inside',
    before: patient({ contact: [{ name: { text: 'a' } }] }),
    step: { type: 'replace', path: 'Patient.contact[0].name.text', value: { valueString: 'b' } },
    after: patient({ contact: [{ name: { text: 'b' } }] }),
  },
  {
    says: 'moves up',
    before: patient(ids('1', '2', '3', '4')),
    step: { type: 'move', path: 'Patient.identifier', source: 3, destination: 1 },
    after: patient(ids('1', '4', '2', '3')),
  },
  {
    says: 'moves down',
    before: patient(ids('1', '2', '3', '4')),
    step: { type: 'move', path: 'Patient.identifier', source: 0, destination: 3 },
    after: patient(ids('2', '3', '4', '1')),
  },
  {
    says: 'moves a primitive with what stands beside it',
    before: patient({ name: [{ given: ['a', 'b'], _given: [{ id: 'x' }, null] }] }),
    step: { type: 'move', path: 'Patient.name.given', source: 0, destination: 1 },
    after: patient({ name: [{ given: ['b', 'a'], _given: [null, { id: 'x' }] }] }),
  },
];
