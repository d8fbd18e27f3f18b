import { expect } from 'chai';
import { r4Codes, r4Types } from '../../../src/platform/structures.ts';
import { resourceTypes } from '../../../src/fhir/resource-types.ts';

describe('the definitions of R4', () => {
  const types = r4Types();
  const codes = r4Codes();
  const named = new Map(types.map((type) => [type.name, type]));
  const sets = new Map(codes.map((set) => [set.name, set]));
  const namesIn = (type: string) => named.get(type)?.elements.map(({ name }) => name);
  const element = (type: string, name: string) => named.get(type)?.elements.find((one) => one.name === name);
  const allowed = (set: string) => Object.values(sets.get(set)?.systems ?? {}).flatMap((list) => list ?? []);

  it('hold every resource type', () => {
    for (const type of resourceTypes) expect(named.get(type)?.kind, type).to.equal('resource');
  });

  it('lead from every element to a type and a code set that are there', () => {
    for (const { name, elements } of types)
      for (const { name: part, types: kinds, codes: set } of elements) {
        expect(kinds, `${name}.${part}`).to.satisfy((all: string[]) => all.every((kind) => named.has(kind)));
        if (set !== undefined) expect(sets.has(set), `${name}.${part}: ${set}`).to.equal(true);
      }
  });

  it('keep the order of the specification, inherited elements first', () => {
    expect(namesIn('Observation')?.slice(0, 10)).to.deep.equal(
      ['id', 'meta', 'implicitRules', 'language', 'text', 'contained', 'extension', 'modifierExtension'].concat(
        'identifier',
        'basedOn',
      ),
    );
  });

  it('hold nothing of a later release or of the publisher of the package', () => {
    expect(named.has('SubscriptionStatus')).to.equal(false);
    expect(namesIn('Meta')).to.deep.equal([
      'id',
      'extension',
      'versionId',
      'lastUpdated',
      'source',
      'profile',
      'security',
      'tag',
    ]);
    expect(namesIn('Binary')?.slice(4)).to.deep.equal(['contentType', 'securityContext', 'data']);
    expect(element('EvidenceVariable.characteristic', 'definition')).to.deep.include({ min: 1, choice: true });
    expect(element('AuditEvent.agent', 'who')?.targets).not.to.include('Bot');
    expect(element('DetectedIssue', 'status')?.codes).to.equal('observation-status');
    expect(element('ResearchStudy', 'studyDesign')).to.equal(undefined);
  });

  it('know a choice, its targets, its cardinality and a backbone that is used again', () => {
    expect(element('Observation', 'value')).to.deep.include({ choice: true, max: 1 });
    expect(element('MedicationRequest', 'medication')?.types).to.deep.equal(['CodeableConcept', 'Reference']);
    expect(element('MedicationRequest', 'medication')?.targets).to.deep.equal(['Medication']);
    expect(element('Observation.component', 'referenceRange')).to.deep.include({
      types: ['Observation.referenceRange'],
      content: 'Observation.referenceRange',
      max: 0,
    });
    expect(element('Provenance', 'target')?.targets, 'any type').to.equal(undefined);
  });

  it('list the types of R4 where a type is named by its code', () => {
    // R4's own value set has the two abstract types as well: SearchParameter.base needs them.
    expect(allowed('resource-types').sort()).to.deep.equal([...resourceTypes, 'DomainResource', 'Resource'].sort());
    expect(allowed('all-types')).to.include.members(['Patient', 'Quantity', 'Any', 'Type']);
    expect(allowed('administrative-gender')).to.deep.equal(['male', 'female', 'other', 'unknown']);
  });

  it('are small', () => {
    expect(JSON.stringify(types).length + JSON.stringify(codes).length).to.be.lessThan(700_000);
  });
});
