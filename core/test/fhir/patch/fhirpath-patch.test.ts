import { expect } from 'chai';
import type { Members } from '../../../src/fhir/members.ts';
import { applyFhirPathPatch } from '../../../src/fhir/patch/fhirpath-patch.ts';
import { writtenNumber } from '../../../src/fhir/written-number.ts';
import { Outcome } from '../../../src/outcome/outcome.ts';
import { seeded } from '../../seeded.ts';
import { r4 } from '../fhirpath/model.ts';
import { ids, observation, patient, rows, type Parts } from './fhirpath-patch-cases.ts';

/** `value` is the part's content: `{ valueString: 'x' }` or `{ part: [...] }`. */
const operation = ({ value, ...rest }: Parts): object => ({
  name: 'operation',
  part: [
    ...Object.entries(rest).map(([name, given]) => ({
      name,
      ...(name === 'type' ? { valueCode: given } : {}),
      ...(name === 'path' || name === 'name' ? { valueString: given } : {}),
      ...(typeof given === 'number' ? { valueInteger: given } : {}),
    })),
    ...(value === undefined ? [] : [{ name: 'value', ...(value as object) }]),
  ],
});

const patchOf = (...steps: readonly Parts[]): object => ({
  resourceType: 'Parameters',
  parameter: steps.map(operation),
});

const patched = (resource: Members, ...steps: readonly Parts[]): Members =>
  applyFhirPathPatch(patchOf(...steps), resource, r4);

const refusal = (patch: unknown, resource: Members): Outcome => {
  try {
    applyFhirPathPatch(patch, resource, r4);
  } catch (thrown) {
    if (thrown instanceof Outcome) return thrown;
    throw thrown;
  }
  expect.fail('the patch was taken');
};

interface Refused {
  readonly says: string;
  readonly before?: Members;
  readonly step: Parts;
  readonly status: 400 | 422 | 503;
  readonly words: RegExp;
}

const full = patient({
  active: true,
  gender: 'male',
  ...ids('secret', 'b'),
  name: [{ given: ['x'] }, { given: ['y'] }],
});
const text = { valueString: 'v' };

const refusals: readonly Refused[] = [
  { says: 'an unknown type', step: { type: 'change', path: 'Patient' }, status: 400, words: /add, insert, delete/ },
  { says: 'no path', step: { type: 'delete' }, status: 400, words: /needs a path/ },
  {
    says: 'add without a name',
    step: { type: 'add', path: 'Patient', value: text },
    status: 400,
    words: /name is missing/,
  },
  {
    says: 'add without a value',
    step: { type: 'add', path: 'Patient', name: 'gender' },
    status: 400,
    words: /value is missing/,
  },
  {
    says: 'insert without an index',
    step: { type: 'insert', path: 'Patient.identifier', value: text },
    status: 400,
    words: /index is missing/,
  },
  {
    says: 'a negative index',
    step: { type: 'insert', path: 'Patient.identifier', index: -1, value: text },
    status: 400,
    words: /index/,
  },
  {
    says: 'move without a source',
    step: { type: 'move', path: 'Patient.identifier', destination: 1 },
    status: 400,
    words: /source/,
  },
  {
    says: 'an unknown part',
    step: { type: 'delete', path: 'Patient.active', nonsense: 1 },
    status: 400,
    words: /parts are named/,
  },
  {
    says: 'a path that is no FHIRPath',
    step: { type: 'delete', path: 'Patient.name.where(' },
    status: 400,
    words: /operation 0 at Patient\.name\.where\(: FHIRPath, column/,
  },
  {
    says: 'a path that leads to several',
    step: { type: 'delete', path: 'Patient.identifier' },
    status: 422,
    words: /leads to 2 elements/,
  },
  {
    says: 'add at a path that leads nowhere',
    step: { type: 'add', path: 'Patient.contact', name: 'gender', value: text },
    status: 422,
    words: /no element/,
  },
  {
    says: 'add over what is there',
    step: { type: 'add', path: 'Patient', name: 'gender', value: { valueCode: 'female' } },
    status: 422,
    words: /there already/,
  },
  {
    says: 'add of a second choice',
    before: patient({ deceasedBoolean: true }),
    step: { type: 'add', path: 'Patient', name: 'deceasedDateTime', value: { valueDateTime: '2020' } },
    status: 422,
    words: /there already/,
  },
  {
    says: 'an element that the type has not',
    step: { type: 'add', path: 'Patient', name: 'colour', value: text },
    status: 422,
    words: /Patient has no element colour/,
  },
  {
    says: 'an element named as objects name theirs',
    step: { type: 'add', path: 'Patient', name: '__proto__', value: text },
    status: 422,
    words: /no element/,
  },
  {
    says: 'a value of another type',
    step: { type: 'add', path: 'Patient', name: 'birthDate', value: { valueBoolean: true } },
    status: 422,
    words: /birthDate is date, and not boolean/,
  },
  {
    says: 'a complex value of another type',
    step: { type: 'replace', path: 'Patient.identifier[0]', value: { valuePeriod: {} } },
    status: 422,
    words: /not Period/,
  },
  {
    says: 'a choice of a type it has not',
    step: { type: 'add', path: 'Patient', name: 'deceased', value: { valueString: 'yes' } },
    status: 422,
    words: /boolean or dateTime/,
  },
  {
    says: 'a choice without its type',
    step: { type: 'add', path: 'Patient', name: 'deceased', value: { part: [] } },
    status: 422,
    words: /send value\[x\]/,
  },
  {
    says: 'an element without parts',
    step: { type: 'add', path: 'Patient', name: 'contact', value: { part: [] } },
    status: 422,
    words: /cannot be empty/,
  },
  {
    says: 'an unknown nested part',
    step: { type: 'add', path: 'Patient', name: 'contact', value: { part: [{ name: 'x', valueString: 'y' }] } },
    status: 422,
    words: /Patient\.contact has no element x/,
  },
  {
    says: 'a nested part twice',
    step: {
      type: 'add',
      path: 'Patient',
      name: 'contact',
      value: {
        part: [
          { name: 'gender', valueCode: 'male' },
          { name: 'gender', valueCode: 'male' },
        ],
      },
    },
    status: 422,
    words: /twice/,
  },
  {
    says: 'insert behind the end',
    step: { type: 'insert', path: 'Patient.identifier', index: 3, value: { valueIdentifier: {} } },
    status: 422,
    words: /which has 2/,
  },
  {
    says: 'insert into what is no list',
    step: { type: 'insert', path: 'Patient.gender', index: 0, value: text },
    status: 422,
    words: /lead to a list/,
  },
  {
    says: 'insert into several lists',
    step: { type: 'insert', path: 'Patient.name.given', index: 0, value: text },
    status: 422,
    words: /several lists/,
  },
  {
    says: 'insert into no list',
    step: { type: 'insert', path: 'Patient.colour', index: 0, value: text },
    status: 422,
    words: /lead to a list/,
  },
  {
    says: 'replace of what is not there',
    step: { type: 'replace', path: 'Patient.birthDate', value: { valueDate: '2020' } },
    status: 422,
    words: /no element/,
  },
  {
    says: 'replace of the resource',
    step: { type: 'replace', path: 'Patient', value: text },
    status: 422,
    words: /inside of the resource/,
  },
  {
    says: 'delete of the resource',
    step: { type: 'delete', path: 'Patient' },
    status: 422,
    words: /inside of the resource/,
  },
  {
    says: 'delete of what the path computed',
    step: { type: 'delete', path: "'a' & 'b'" },
    status: 422,
    words: /inside of the resource/,
  },
  {
    says: 'move from behind the end',
    step: { type: 'move', path: 'Patient.identifier', source: 2, destination: 0 },
    status: 422,
    words: /places of the list, which has 2/,
  },
  {
    says: 'move to behind the end',
    step: { type: 'move', path: 'Patient.identifier', source: 0, destination: 2 },
    status: 422,
    words: /which has 2/,
  },
  {
    says: 'a path that runs away',
    step: { type: 'delete', path: '1.repeat($this + 1)' },
    status: 503,
    words: /operation 0 .*too many steps/,
  },
];

describe('a FHIRPath Patch', () => {
  for (const { says, before, step, after } of rows)
    it(says, () => {
      const untouched = structuredClone(before);
      expect(patched(before, step)).to.deep.equal(after);
      expect(before).to.deep.equal(untouched);
    });

  for (const { says, before = full, step, status, words } of refusals)
    it(`refuses ${says}`, () => {
      const { status: given, message } = refusal(patchOf(step), before);
      expect(given, message).to.equal(status);
      expect(message).to.match(words).and.not.contain('secret');
    });

  for (const [says, patch] of [
    ['another resource', { resourceType: 'Patient' }],
    ['no operation', { resourceType: 'Parameters' }],
    ['a parameter of another name', { resourceType: 'Parameters', parameter: [{ name: 'op', part: [] }] }],
  ] as const)
    it(`refuses ${says} as a patch`, () => {
      expect(refusal(patch, full).status).to.equal(400);
    });

  it('runs its operations one after the other, each on what the one before made', () => {
    const result = patched(
      patient({}),
      { type: 'add', path: 'Patient', name: 'name', value: { valueHumanName: { family: 'F' } } },
      { type: 'add', path: 'Patient.name[0]', name: 'given', value: { valueString: 'G' } },
      { type: 'replace', path: 'Patient.name.family', value: { valueString: 'H' } },
    );
    expect(result).to.deep.equal(patient({ name: [{ family: 'H', given: ['G'] }] }));
  });

  it('names the operation that is refused', () => {
    const steps = [
      { type: 'delete', path: 'Patient.photo' },
      { type: 'delete', path: 'Patient.name' },
    ];
    expect(refusal(patchOf(...steps), full).message).to.match(/^operation 1 at Patient\.name: /);
  });

  it('does not share its values with the resource', () => {
    const name = { family: 'F' };
    patched(
      patient({}),
      { type: 'add', path: 'Patient', name: 'name', value: { valueHumanName: name } },
      { type: 'add', path: 'Patient.name', name: 'given', value: { valueString: 'G' } },
    );
    expect(name).to.deep.equal({ family: 'F' });
  });

  it('keeps the digits of numbers, in the resource and in the patch', () => {
    const before = observation({ component: [{ valueQuantity: { value: writtenNumber('1.00') } }] });
    const value = { valueQuantity: { value: writtenNumber('2.50') } };
    const after = patched(before, { type: 'add', path: 'Observation', name: 'value', value });
    expect(JSON.stringify(after)).to.contain('"value":1.00').and.contain('"valueQuantity":{"value":2.50}');
  });

  it('moves as a list of another make would, wherever from and to', () => {
    const { seed, whole } = seeded();
    for (let round = 0; round < 200; round++) {
      const values = Array.from({ length: 1 + whole(6) }, (_, place) => String(place));
      const [source, destination] = [whole(values.length), whole(values.length)];
      const expected = values.filter((_, place) => place !== source);
      expected.splice(destination, 0, String(source));
      const moved = patched(patient(ids(...values)), { type: 'move', path: 'Patient.identifier', source, destination });
      expect(moved, `seed ${seed}, round ${round}`).to.deep.equal(patient(ids(...expected)));
    }
  });
});
