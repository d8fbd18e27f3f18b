import { expect } from 'chai';
import { structures, told } from './opened.ts';

const patient = (more: object) => ({ resourceType: 'Patient', ...more });
const observation = (more: object) => ({ resourceType: 'Observation', status: 'final', code: { text: 'x' }, ...more });
const nested = (depth: number): object =>
  depth === 0 ? { url: 'u', valueCode: 'x' } : { url: 'u', extension: [nested(depth - 1)] };
const named = (reference: string, more: object = {}) => patient({ generalPractitioner: [{ reference, ...more }] });
const div = (inside: string) => `<div xmlns="http://www.w3.org/1999/xhtml">${inside}</div>`;

const sound: Record<string, unknown> = {
  'an empty patient': patient({}),
  'a null beside an extension': patient({
    name: [{ given: ['a', null], _given: [null, { extension: [{ url: 'u', valueCode: 'x' }] }] }],
  }),
  'a primitive with an extension only': patient({ _birthDate: { extension: [{ url: 'u', valueCode: 'x' }] } }),
  'a required primitive with an extension only': {
    resourceType: 'Observation',
    code: { text: 'x' },
    _status: {
      extension: [{ url: 'http://hl7.org/fhir/StructureDefinition/data-absent-reason', valueCode: 'unknown' }],
    },
  },
  'a primitive with an id': patient({ birthDate: '1970', _birthDate: { id: 'a' } }),
  'a choice with its extension': observation({ valueString: 'x', _valueString: { id: 'a' } }),
  'an extension of extensions': patient({ extension: [{ url: 'u', extension: [{ url: 'v', valueDecimal: 1.5 }] }] }),
  'a relative reference': named('Practitioner/1'),
  'a reference to a version': named('PractitionerRole/a.b-c/_history/2'),
  'an absolute reference': named('https://example.org/fhir/Organization/1'),
  'an absolute reference that no FHIR server made': named('https://example.org/people/1'),
  'a reference by UUID': named('urn:uuid:0190b7d2-3a51-7c3e-9d11-2f6b8f6f4a10'),
  'a reference by OID': named('urn:oid:1.2.3'),
  'a reference by identifier': patient({ generalPractitioner: [{ type: 'Practitioner', identifier: { value: 'x' } }] }),
  'a reference that says its type': named('Practitioner/1', { type: 'Practitioner' }),
  'a contained resource that is referred to': patient({
    contained: [{ resourceType: 'Practitioner', id: 'p' }],
    generalPractitioner: [{ reference: '#p' }],
  }),
  'a contained resource that refers to its container': patient({
    contained: [{ resourceType: 'Observation', status: 'final', code: { text: 'x' }, subject: { reference: '#' } }],
  }),
  'a contained resource of a resource in a bundle': {
    resourceType: 'Bundle',
    type: 'collection',
    entry: [{ resource: { ...named('#p'), contained: [{ resourceType: 'Practitioner', id: 'p' }] } }],
  },
  'a search inside a transaction': {
    resourceType: 'Bundle',
    type: 'transaction',
    entry: [
      {
        resource: observation({ subject: { reference: 'Patient?identifier=x' } }),
        request: { method: 'POST', url: 'Observation' },
      },
    ],
  },
  'a required concept that only says why it is unknown': {
    resourceType: 'Condition',
    subject: { reference: 'Patient/1' },
    clinicalStatus: { extension: [{ url: 'u', valueCode: 'unknown' }] },
  },
  'a required concept with a coding more': {
    resourceType: 'Condition',
    subject: { reference: 'Patient/1' },
    clinicalStatus: {
      coding: [
        { system: 'urn:mine', code: 'x' },
        { system: 'http://terminology.hl7.org/CodeSystem/condition-clinical', code: 'active' },
      ],
    },
  },
  'a search parameter of an abstract type': {
    resourceType: 'SearchParameter',
    ...{ url: 'u', name: 'n', status: 'draft', description: 'd', code: 'c', base: ['Resource'], type: 'token' },
  },
  parameters: {
    resourceType: 'Parameters',
    parameter: [
      { name: 'a', resource: patient({ active: true }) },
      { name: 'b', part: [{ name: 'c', valueInteger: 1 }] },
    ],
  },
  'extensions as deep as they may be': patient({ extension: [nested(60)] }),
  'a media type with a parameter': patient({ photo: [{ contentType: 'text/plain; charset=UTF-8' }] }),
};

/** What is wrong, and all that is told of it. */
const faulty: Record<string, readonly [unknown, ...string[]]> = {
  'no object': ['x', 'structure: Resource must be a resource of R4'],
  'no type': [{ id: 'x' }, 'structure: Resource must be a resource of R4'],
  'a type of R5': [{ resourceType: 'SubscriptionStatus' }, 'structure: Resource must be a resource of R4'],
  'an abstract type': [{ resourceType: 'DomainResource' }, 'structure: Resource must be a resource of R4'],
  'an unknown element': [patient({ foo: 1 }), 'structure: Patient.foo is not an element of Patient'],
  'an unknown element deep inside': [
    patient({ contact: [{ name: { given: ['a'], nick: 'b' } }] }),
    'structure: Patient.contact[0].name.nick is not an element of HumanName',
  ],
  'an element whose name may be somebody’s': [
    patient({ 'Peter James Chalmers': 1 }),
    'structure: Patient has a member that is no element of Patient',
  ],
  'a member of every object’s prototype': [
    JSON.parse('{"resourceType":"Patient","__proto__":{"active":true},"constructor":{}}'),
    'structure: Patient has a member that is no element of Patient',
    'structure: Patient.constructor is not an element of Patient',
  ],
  'a type that the choice does not have': [
    observation({ valueDecimal: 1 }),
    'structure: Observation.valueDecimal is not an element of Observation: write valueQuantity or valueCodeableConcept',
  ],
  'two types of a choice': [
    observation({ valueString: 'x', valueInteger: 1 }),
    'structure: Observation.value may have one type only: valueString or valueInteger',
  ],
  'two types of a choice, one as an extension': [
    observation({ valueString: 'x', _valueInteger: { extension: [{ url: 'u', valueCode: 'x' }] } }),
    'structure: Observation.value may have one type only: valueString or valueInteger',
  ],
  'a missing element': [
    { resourceType: 'Observation', status: 'final' },
    'required: Observation.code is required by Observation and missing',
  ],
  'a missing choice': [
    { resourceType: 'MedicationRequest', status: 'active', intent: 'order', subject: { reference: 'Patient/1' } },
    'required: MedicationRequest.medication[x] is required by MedicationRequest and missing',
  ],
  'a missing list': [
    { resourceType: 'Provenance', recorded: '2024-01-01T00:00:00Z', agent: [{ who: { display: 'x' } }] },
    'required: Provenance.target is required by Provenance and missing',
  ],
  'one for a list': [patient({ name: { text: 'x' } }), 'structure: Patient.name must be a list, not an object'],
  'a list for one': [patient({ birthDate: ['1970'] }), 'structure: Patient.birthDate must be one date, not a list'],
  'a list for one object': [
    patient({ maritalStatus: [{ text: 'x' }] }),
    'structure: Patient.maritalStatus must be one object (CodeableConcept), not a list',
  ],
  'text for an object': [
    patient({ maritalStatus: 'x' }),
    'structure: Patient.maritalStatus must be one object (CodeableConcept), not a plain value',
  ],
  'an empty list': [patient({ name: [] }), 'structure: Patient.name must not be an empty list'],
  'an empty object': [patient({ name: [{}] }), 'structure: Patient.name[0] must not be empty'],
  'an object with an id only': [patient({ name: [{ id: 'x' }] }), 'structure: Patient.name[0] must not be empty'],
  'an empty string': [patient({ name: [{ family: '' }] }), 'value: Patient.name[0].family must not be empty'],
  null: [patient({ birthDate: null }), 'structure: Patient.birthDate must not be null'],
  'null for an object': [patient({ maritalStatus: null }), 'structure: Patient.maritalStatus must not be null'],
  'null in a list': [
    patient({ name: [{ given: ['a', null] }] }),
    'structure: Patient.name[0].given[1] must not be null unless',
  ],
  'null beside null': [
    patient({ name: [{ given: ['a', null], _given: [{ id: 'x' }, null] }] }),
    'structure: Patient.name[0].given[1] must not be null unless',
  ],
  'an id beside nothing': [patient({ _birthDate: { id: 'a' } }), 'structure: Patient.birthDate has an id but neither'],
  'a code that is not allowed': [
    patient({ gender: 'm' }),
    'code-invalid: Patient.gender must be one of male, female, other, unknown',
  ],
  'a code in a backbone': [
    patient({ link: [{ other: { reference: 'Patient/1' }, type: 'same' }] }),
    'code-invalid: Patient.link[0].type must be one of replaced-by, replaces, refer, seealso',
  ],
  'a currency by its sign': [
    { resourceType: 'Invoice', status: 'issued', totalNet: { value: 1, currency: '₹' } },
    'code-invalid: Invoice.totalNet.currency must be a code of',
  ],
  'a media type that is none': [
    patient({ photo: [{ contentType: 'a jpeg' }] }),
    'code-invalid: Patient.photo[0].contentType must be a code of',
  ],
  'a concept without an allowed coding': [
    {
      resourceType: 'Condition',
      subject: { reference: 'Patient/1' },
      clinicalStatus: { coding: [{ system: 'urn:mine', code: 'active' }], text: 'active' },
    },
    'code-invalid: Condition.clinicalStatus needs a coding of the system ' +
      'http://terminology.hl7.org/CodeSystem/condition-clinical whose code must be one of active',
  ],
  'a reference to a wrong type': [
    named('Medication/1'),
    'structure: Patient.generalPractitioner[0].reference may lead to Organization, Practitioner, PractitionerRole, not to Medication',
  ],
  'an absolute reference to a wrong type': [
    named('https://example.org/fhir/Medication/1'),
    'structure: Patient.generalPractitioner[0].reference may lead to',
  ],
  'a reference to a type that is none': [
    named('Doctor/1'),
    'value: Patient.generalPractitioner[0].reference begins with a type that R4 does not have',
  ],
  'a reference that is none': [named('Dr. Smith'), 'value: Patient.generalPractitioner[0].reference must be Type/id'],
  'a reference without an id': [
    named('Practitioner/'),
    'value: Patient.generalPractitioner[0].reference must be Type/id',
  ],
  'a reference that contradicts its type': [
    named('Practitioner/1', { type: 'Organization' }),
    'invariant: Patient.generalPractitioner[0].type says Organization, and the reference leads to Practitioner',
  ],
  'a search outside a transaction': [
    named('Practitioner?identifier=x'),
    'value: Patient.generalPractitioner[0].reference may be a search only inside a transaction',
  ],
  'a reference to a contained resource that is not there': [
    named('#p'),
    'invariant: Patient.generalPractitioner[0].reference leads to a contained resource that is not there (ref-1)',
  ],
  'a reference to what another resource of the bundle contains': [
    {
      resourceType: 'Bundle',
      type: 'collection',
      entry: [
        { resource: { ...named('#p'), contained: [{ resourceType: 'Practitioner', id: 'p' }] } },
        { resource: named('#p') },
      ],
    },
    'invariant: Bundle.entry[1].resource.generalPractitioner[0].reference leads to a contained resource that is not there',
  ],
  'a contained resource of a wrong type': [
    { ...named('#m'), contained: [{ resourceType: 'Medication', id: 'm' }] },
    'structure: Patient.generalPractitioner[0].reference may lead to',
  ],
  'a contained resource that contains': [
    {
      ...named('#p'),
      contained: [
        { resourceType: 'Practitioner', id: 'p', contained: [{ resourceType: 'Basic', code: { text: 'x' } }] },
      ],
    },
    'invariant: Patient.contained[0].contained[0] is inside a contained resource',
  ],
  'a contained resource with the server’s own meta': [
    { ...named('#p'), contained: [{ resourceType: 'Practitioner', id: 'p', meta: { versionId: '1' } }] },
    'invariant: Patient.contained[0].meta.versionId may not stand in a contained resource (dom-4)',
  ],
  'a contained resource with a security label': [
    { ...named('#p'), contained: [{ resourceType: 'Practitioner', id: 'p', meta: { security: [{ code: 'R' }] } }] },
    'invariant: Patient.contained[0].meta.security may not stand in a contained resource (dom-5)',
  ],
  'a contained resource that nothing leads to': [
    patient({ contained: [{ resourceType: 'Practitioner', id: 'p' }] }),
    'invariant: Patient.contained[0] is contained and nothing leads to it',
  ],
  'two contained resources of one id': [
    { ...named('#p'), contained: ['p', 'p'].map((id) => ({ resourceType: 'Practitioner', id })) },
    'invariant: Patient.contained[1] has the same id as another contained resource',
  ],
  'an extension without its url': [
    patient({ extension: [{ valueCode: 'x' }] }),
    'required: Patient.extension[0].url is required by Extension and missing',
  ],
  'an extension that says nothing': [
    patient({ extension: [{ url: 'u' }] }),
    'invariant: Patient.extension[0] must have either a value[x] or extensions',
  ],
  'an extension that says two things': [
    patient({ extension: [{ url: 'u', valueCode: 'x', extension: [{ url: 'v', valueCode: 'x' }] }] }),
    'invariant: Patient.extension[0] must have either a value[x] or extensions',
  ],
  'an id that is none': [patient({ id: 'a b' }), 'value: Patient.id must be an id'],
  'a resource inside a bundle': [
    { resourceType: 'Bundle', type: 'collection', entry: [{ resource: patient({ gender: 'x' }) }] },
    'code-invalid: Bundle.entry[0].resource.gender must be one of',
  ],
  'no resource inside a bundle': [
    { resourceType: 'Bundle', type: 'collection', entry: [{ resource: { resourceType: 'Nothing' } }] },
    'structure: Bundle.entry[0].resource must be a resource of R4',
  ],
  'a resource inside parameters': [
    { resourceType: 'Parameters', parameter: [{ name: 'a', resource: patient({ active: 'yes' }) }] },
    'value: Parameters.parameter[0].resource.active must be true or false',
  ],
  'a narrative that runs a program': [
    patient({ text: { status: 'generated', div: div('<p onclick="x()">a</p>') } }),
    'invalid: Patient.text.div has an attribute that R4 narrative does not allow',
  ],
};

describe('the structure check', () => {
  for (const [what, resource] of Object.entries(sound))
    it(`passes ${what}`, () => {
      expect(told(resource)).to.deep.equal([]);
    });

  for (const [what, [resource, ...expected]] of Object.entries(faulty))
    it(`refuses ${what}`, () => {
      const lines = told(resource);
      expect(lines, lines.join('\n')).to.have.length(expected.length);
      for (const [place, line] of expected.entries()) expect(lines[place]).to.contain(line);
    });

  it('tells each fault with a FHIRPath to it, in the simple subset that R4 wants', () => {
    const faults = structures.faults(
      observation({ component: [{ code: { text: 'x' }, valueQuantity: { value: 'high', code: '' } }] }),
    );
    expect(faults.map(({ expression }) => expression)).to.deep.equal([
      ['Observation.component[0].value.value'],
      ['Observation.component[0].value.code'],
    ]);
  });

  it('names no value that was given', () => {
    const secret = 'Chalmers';
    const texts = told({
      resourceType: 'Patient',
      gender: secret,
      birthDate: secret,
      active: secret,
      [`${secret} Peter`]: secret,
      name: secret,
      generalPractitioner: [{ reference: secret }],
      text: { status: secret, div: `<${secret}/>` },
    });
    expect(texts).to.have.length.greaterThan(7);
    expect(texts.join('\n')).not.to.contain(secret);
  });

  it('stops counting at fifty faults and says that there are more', () => {
    const faults = structures.faults(patient({ name: Array.from({ length: 1_000 }, () => ({ use: 'x' })) }));
    expect(faults).to.have.length(51);
    expect(faults.at(-1)?.diagnostics).to.contain('more faults');
  });

  it('does not go deeper than 64 objects', () => {
    expect(told(patient({ extension: [nested(100)] })).join()).to.contain('is nested more than 64 deep');
  });

  it('looks at each resource afresh', () => {
    expect(told(patient({ gender: 'x' }))).to.have.length(1);
    expect(told(patient({ gender: 'male' }))).to.have.length(0);
  });
});
