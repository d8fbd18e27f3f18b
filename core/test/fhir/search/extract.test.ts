import parameters from '@heddle/fhir-profiles/core/search-parameters.json' with { type: 'json' };
import { expect } from 'chai';
import { compile, itemOf } from '../../../src/fhir/fhirpath/expression.ts';
import { plain, rootItem, type Items, type Typed } from '../../../src/fhir/fhirpath/item.ts';
import { extractorFor } from '../../../src/fhir/search/extract.ts';
import { resourceTypes } from '../../../src/fhir/resource-types.ts';
import type { SearchParameter } from '../../../src/fhir/search-parameter.ts';
import { writtenNumber } from '../../../src/fhir/written-number.ts';
import { r4Types } from '../../../src/platform/structures.ts';
import { seeded } from '../../seeded.ts';
import { r4 } from '../fhirpath/model.ts';
import { randomResources } from './random-resource.ts';

const all = parameters as readonly SearchParameter[];
const called = (type: string, code: string): SearchParameter =>
  all.find((parameter) => parameter.code === code && parameter.base.some((base) => r4.isA(type, base)))!;

const extracted = (resource: { resourceType: string }, parameter: SearchParameter): readonly Typed[] =>
  extractorFor(resource.resourceType, [parameter], r4)({ ...resource })[0]?.values ?? [];

interface Row {
  readonly resource: { readonly resourceType: string; readonly [element: string]: unknown };
  readonly code: string;
  readonly gives: readonly (readonly [type: string, value: unknown])[];
}

const observation = (value: object) => ({ resourceType: 'Observation', status: 'final', ...value });
const mg = { value: 5, code: 'mg' };
const concept = { coding: [{ system: 'http://loinc.org', code: '1-8' }], text: 'one' };

/** What R4 says of its own parameters, by the text of their expressions. */
const rows: readonly Row[] = [
  { resource: observation({ valueQuantity: mg }), code: 'value-quantity', gives: [['Quantity', mg]] },
  { resource: observation({ valueString: 'x' }), code: 'value-quantity', gives: [] },
  { resource: observation({ valueString: 'x' }), code: 'value-string', gives: [['string', 'x']] },
  { resource: observation({ valueCodeableConcept: concept }), code: 'value-string', gives: [['string', 'one']] },
  { resource: observation({ valueDateTime: '2020' }), code: 'value-date', gives: [['dateTime', '2020']] },
  {
    resource: observation({ valueQuantity: mg, component: [{ valueQuantity: { value: 6 } }, { valueString: 'x' }] }),
    code: 'combo-value-quantity',
    gives: [
      ['Quantity', mg],
      ['Quantity', { value: 6 }],
    ],
  },
  {
    resource: observation({ effectivePeriod: { start: '2020' } }),
    code: 'date',
    gives: [['Period', { start: '2020' }]],
  },
  {
    resource: observation({ subject: { reference: 'Patient/1' } }),
    code: 'patient',
    gives: [['Reference', { reference: 'Patient/1' }]],
  },
  { resource: observation({ subject: { reference: 'Group/1' } }), code: 'patient', gives: [] },
  {
    resource: observation({ subject: { reference: 'Group/1' } }),
    code: 'subject',
    gives: [['Reference', { reference: 'Group/1' }]],
  },
  { resource: observation({ code: concept }), code: 'code', gives: [['CodeableConcept', concept]] },
  { resource: { resourceType: 'Patient', deceasedBoolean: false }, code: 'deceased', gives: [['boolean', false]] },
  { resource: { resourceType: 'Patient', deceasedBoolean: true }, code: 'deceased', gives: [['boolean', true]] },
  { resource: { resourceType: 'Patient', deceasedDateTime: '2020' }, code: 'deceased', gives: [['boolean', true]] },
  { resource: { resourceType: 'Patient' }, code: 'deceased', gives: [['boolean', false]] },
  {
    resource: { resourceType: 'Patient', deceasedDateTime: '2020' },
    code: 'death-date',
    gives: [['dateTime', '2020']],
  },
  {
    resource: {
      resourceType: 'Patient',
      telecom: [{ system: 'phone', value: '1' }, { system: 'email', value: 'e' }, { value: '2' }],
    },
    code: 'email',
    gives: [['ContactPoint', { system: 'email', value: 'e' }]],
  },
  {
    resource: {
      resourceType: 'Patient',
      name: [{ given: ['A', null], _given: [null, { id: 'x' }] }, { given: ['B'] }],
    },
    code: 'given',
    gives: [
      ['string', 'A'],
      ['string', 'B'],
    ],
  },
  {
    resource: { resourceType: 'Patient', meta: { tag: [{ code: 't' }] } },
    code: '_tag',
    gives: [['Coding', { code: 't' }]],
  },
  {
    resource: {
      resourceType: 'Bundle',
      type: 'document',
      entry: [
        { resource: { resourceType: 'Composition', id: 'c' } },
        { resource: { resourceType: 'Patient', id: 'p' } },
      ],
    },
    code: 'composition',
    gives: [['Composition', { resourceType: 'Composition', id: 'c' }]],
  },
  {
    resource: { resourceType: 'Condition', onsetAge: { value: 7 } },
    code: 'onset-age',
    gives: [['Age', { value: 7 }]],
  },
  { resource: { resourceType: 'Condition', onsetString: 'young' }, code: 'onset-age', gives: [] },
  {
    resource: {
      resourceType: 'Appointment',
      contained: [{ resourceType: 'Location', id: 'l' }],
      participant: [
        { actor: { reference: '#l' } },
        { actor: { reference: 'Patient/1' } },
        { actor: { type: 'Location' } },
      ],
    },
    code: 'location',
    gives: [
      ['Reference', { reference: '#l' }],
      ['Reference', { type: 'Location' }],
    ],
  },
  {
    resource: {
      resourceType: 'Library',
      relatedArtifact: [
        { type: 'depends-on', resource: 'http://a' },
        { type: 'composed-of', resource: 'http://b' },
      ],
    },
    code: 'depends-on',
    gives: [['canonical', 'http://a']],
  },
];

describe('the values of search parameters', () => {
  for (const { resource, code, gives } of rows)
    it(`${resource.resourceType}?${code} finds ${gives.length === 0 ? 'nothing' : gives.map(([type]) => type).join(' and ')} in ${JSON.stringify(resource)}`, () => {
      const values = extracted(resource, called(resource.resourceType, code));
      expect(values.map(({ type, value }) => [type, value])).to.deep.equal(gives);
    });

  it('are those of all parameters of a type at once, and only of those that have any', () => {
    const patient = { resourceType: 'Patient', id: 'p', birthDate: '2020-01-01', gender: 'female' };
    const found = extractorFor('Patient', all, r4)(patient);
    expect(found.map(({ parameter }) => parameter.code).toSorted()).to.deep.equal([
      '_id',
      'birthdate',
      'deceased',
      'gender',
    ]);
  });

  it('keep the digits of numbers', () => {
    const value = writtenNumber('1.00');
    const [quantity] = extracted(observation({ valueQuantity: { value } }), called('Observation', 'value-quantity'));
    expect(JSON.stringify(quantity?.value)).to.equal('{"value":1.00}');
  });

  it('can be had of every expression that R4 has', () => {
    const expressions = all.flatMap(({ expression }) => expression ?? []);
    expect(expressions).to.have.length(1_372);
    for (const expression of expressions) compile(expression, r4);
    for (const type of resourceTypes) extractorFor(type, all, r4);
  });

  it('are those that the engine alone finds, in whatever resource', () => {
    const random = seeded();
    const resourceOf = randomResources(r4Types(), random);
    const isIn = compile('%one in %many', r4);
    let found = 0;
    for (const type of resourceTypes) {
      const own = all.filter(({ base, type: kind }) => kind !== 'composite' && base.some((name) => r4.isA(type, name)));
      const slow = own.flatMap(({ url, expression }) =>
        expression === undefined ? [] : { url, rule: compile(expression, r4) },
      );
      const fast = extractorFor(type, own, r4);
      for (let round = 0; round < 8; round++) {
        const resource = resourceOf(type);
        const values = new Map(fast(resource).map((each) => [each.parameter.url, each.values]));
        for (const { url, rule } of slow) {
          const where = `seed ${random.seed}: ${url} (${rule.text}) of ${JSON.stringify(resource)}`;
          const many: Items = rule.evaluate(resource).filter(({ value }) => value !== undefined);
          const ours = values.get(url) ?? [];
          const texts = new Set(ours.map(({ value }) => JSON.stringify(value)));
          for (const item of many)
            expect(texts.has(JSON.stringify(plain(item))), `${where}: misses a value`).to.equal(true);
          for (const { type: itsType, value } of ours) {
            const one = [rootItem(itsType, value)];
            const known = isIn.evaluateOn(itemOf(resource), { environment: { one, many } });
            expect(known.map(plain), `${where}: invents a value`).to.deep.equal([true]);
            found++;
          }
        }
      }
    }
    expect(found).to.be.above(5_000);
  }).timeout(20_000);
});
