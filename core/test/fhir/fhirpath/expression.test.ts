import { evalFhirPath } from '@medplum/core';
import { expect } from 'chai';
import { parseDecimal } from '../../../src/fhir/decimal.ts';
import { compile, itemOf, type Evaluation } from '../../../src/fhir/fhirpath/expression.ts';
import { plain, textOf, type Items } from '../../../src/fhir/fhirpath/item.ts';
import { writtenNumber } from '../../../src/fhir/written-number.ts';
import { Outcome } from '../../../src/outcome/outcome.ts';
import { seeded } from '../../seeded.ts';
import { pathGroups, patient } from './cases.ts';
import { r4 } from './model.ts';
import { valueGroups } from './value-cases.ts';

const now = Date.UTC(2024, 1, 29, 12, 30);

const evaluated = (expression: string, resource: unknown = patient, evaluation: Evaluation = {}): Items =>
  compile(expression, r4).evaluate(resource, { now, ...evaluation });

const values = (expression: string, resource?: unknown, evaluation?: Evaluation): unknown[] =>
  evaluated(expression, resource, evaluation).map(plain);

const refusal = (expression: string, resource?: unknown, evaluation?: Evaluation): Outcome => {
  try {
    evaluated(expression, resource, evaluation);
  } catch (thrown) {
    if (thrown instanceof Outcome) return thrown;
    throw thrown;
  }
  expect.fail(`${expression} was not refused`);
};

const quantity = (value: unknown) => ({
  resourceType: 'Observation',
  status: 'final',
  valueQuantity: { value, system: 'http://unitsofmeasure.org', code: 'mg' },
});

describe('FHIRPath', () => {
  for (const { about, cases } of [...pathGroups, ...valueGroups])
    describe(about, () => {
      for (const [expression, answer] of cases)
        it(`${expression} ${answer === 'fault' ? 'is refused' : `is ${JSON.stringify(answer)}`}`, () => {
          if (answer === 'fault') refusal(expression);
          else expect(values(expression)).to.deep.equal(answer);
        });
    });

  it('names the column of bad syntax and says what to do', () => {
    const { status, message } = refusal("name.where(use = 'official'");
    expect(status).to.equal(400);
    expect(message).to.match(/column 28: the expression ends here: a \) is wanted/);
  });

  it('names the column of what goes wrong on a resource, and no value', () => {
    const { status, message } = refusal('gender + name.given');
    expect(status).to.equal(422);
    expect(message)
      .to.match(/column 8: /)
      .and.not.contain('Peter');
  });

  it('keeps the types of elements', () => {
    expect(evaluated('name.first().given | birthDate | deceased').map(({ type }) => type)).to.deep.equal([
      'string',
      'string',
      'date',
      'boolean',
    ]);
  });

  it('tells where an element stands', () => {
    const [item] = evaluated('name[1].given');
    expect([item?.key, item?.place]).to.deep.equal(['given', 0]);
    expect(item?.holder).to.equal(patient.name[1]);
  });

  it('reads numbers kept as text with all their digits', () => {
    const observation = quantity(writtenNumber('12345678901234567890.10'));
    expect(evaluated('value.value.toString()', observation).map(textOf)).to.deep.equal(['12345678901234567890.10']);
    expect(values("value = 12345678901234567890.1 'mg'", observation)).to.deep.equal([true]);
    expect(values("value < 12345678901234567890.11 'mg'", observation)).to.deep.equal([true]);
  });

  it('knows no value for a quantity with a comparator or in units that are not UCUM', () => {
    const above = { resourceType: 'Observation', valueQuantity: { value: 5, comparator: '>', code: 'mg' } };
    const local = { resourceType: 'Observation', valueQuantity: { value: 5, system: 'http://x.org', code: 'mg' } };
    for (const observation of [above, local]) expect(values("value > 4 'mg'", observation)).to.deep.equal([]);
  });

  it('converts units with what its caller lends', () => {
    const convert: Evaluation['convert'] = (value, from, to) =>
      from === 'g' && to === 'mg' ? parseDecimal(`${Number(value.digits) * 1_000}`) : undefined;
    expect(values("4 'g' = 4000 'mg'", patient, { convert })).to.deep.equal([true]);
    expect(values("4 'g' > 3999 'mg'", patient, { convert })).to.deep.equal([true]);
    expect(values("4 'g' + 1 'mg' = 4001 'mg'", patient, { convert })).to.deep.equal([true]);
  });

  it('reads what its caller calls by name', () => {
    const environment = { limit: 2, word: 'Jim', deep: true, more: evaluated('name.family') };
    expect(values('name.given.count() > %limit and %deep', patient, { environment })).to.deep.equal([true]);
    expect(values('name.where(given = %word).use', patient, { environment })).to.deep.equal(['usual']);
    expect(values('%more', patient, { environment })).to.deep.equal(['Chalmers', 'Windsor']);
  });

  it('follows references with what its caller lends', () => {
    const resolve = (reference: string): unknown =>
      reference === 'Organization/1' ? { resourceType: 'Organization', name: 'Acme' } : undefined;
    expect(values('managingOrganization.resolve().name', patient, { resolve })).to.deep.equal(['Acme']);
  });

  it('asks its caller about codes and profiles', () => {
    const lent: Evaluation = {
      memberOf: ({ value }, valueSet) => value === 'male' && valueSet === 'v',
      conformsTo: ({ type }, profile) => (profile === 'p' ? type === 'Patient' : undefined),
    };
    expect(values("gender.memberOf('v')", patient, lent)).to.deep.equal([true]);
    expect(values("conformsTo('p')", patient, lent)).to.deep.equal([true]);
    expect(values("conformsTo('q')", patient, lent)).to.deep.equal([]);
  });

  it('traces to its caller only', () => {
    const told: unknown[] = [];
    const trace: Evaluation['trace'] = (name, traced) => told.push([name, traced.map(plain)]);
    values("name.trace('use', use).trace('all').count()", patient, { trace });
    expect(told.slice(0, 2)).to.deep.equal([
      ['use', ['official']],
      ['use', ['usual']],
    ]);
    expect(told).to.have.length(4);
  });

  it('evaluates on an element, whose resource it still knows', () => {
    const name = evaluated('name[1]')[0]!;
    const resource = itemOf(patient);
    const expression = compile("given & ' ' & %resource.id", r4);
    expect(expression.evaluateOn(name, { resource }).map(plain)).to.deep.equal(['Jim p']);
  });

  it('answers a rule with true, false or nothing', () => {
    const holds = (rule: string) => compile(rule, r4).holds(patient);
    expect(['active', 'active.not()', 'photo.url', 'name.first()'].map(holds)).to.deep.equal([
      true,
      false,
      undefined,
      true,
    ]);
  });

  it('needs a time for now() and says so', () => {
    expect(() => compile('now()', r4).evaluate(patient)).to.throw(Outcome, /pass `now`/);
  });

  it('takes nothing for an element that objects inherit', () => {
    for (const path of ['constructor', 'toString', 'name.constructor', '`__proto__`'])
      expect(compile(path).evaluate(patient), path).to.deep.equal([]);
  });

  it('evaluates the longest chains that it takes', () => {
    expect(values(`1${' + 1'.repeat(1_400)}`)).to.deep.equal([1_401]);
    expect(values(`Patient${'.first()'.repeat(1_400)}.id`)).to.deep.equal(['p']);
    expect(values(`${'('.repeat(140)}1${')'.repeat(140)}`)).to.deep.equal([1]);
  });

  it('walks JSON without definitions', () => {
    const expression = compile("name.where(use = 'usual').given.first() is string");
    expect(expression.evaluate(patient).map(plain)).to.deep.equal([true]);
    expect(compile('Patient.children().count() > 5').evaluate(patient).map(plain)).to.deep.equal([true]);
  });

  describe('stops what would run away', () => {
    const long = {
      resourceType: 'Patient',
      name: [{ given: Array.from({ length: 5_000 }, (_, place) => `n${place}`) }],
    };

    it('when items are compared with each other', () => {
      const { status, message } = refusal('name.given.select($this & %context.name.given.join($this))', long);
      expect(status).to.equal(503);
      expect(message).to.match(/too many steps/);
    });

    it('when a caller allows few steps', () => {
      expect(refusal('name.given.where($this.length() > 2)', long, { steps: 100 }).status).to.equal(503);
      expect(values('name.given.first()', long, { steps: 10_000 })).to.deep.equal(['n0']);
    });

    it('when strings are joined by long strings', () => {
      const wide = { ...long, id: 'x'.repeat(1_000_000) };
      expect(refusal('name.given.join(%resource.id)', wide).status).to.equal(503);
      expect(refusal("name.given.join(',').replaceMatches('(.)', '$1$1' & %resource.id)", wide).status).to.equal(503);
      expect(refusal("id.replaceMatches('(.+)', %resource.id.replace('x', '$1'))", wide).status).to.equal(503);
      expect(refusal("id.replace('x', id)", wide).status).to.equal(503);
    });

    it('when long strings are compared again and again', () => {
      const wide = { ...long, id: 'x'.repeat(1_000_000), language: 'x'.repeat(1_000_000) };
      expect(refusal('name.given.where(%resource.id = %resource.language)', wide).status).to.equal(503);
    });

    it('when a string doubles', () => {
      const doubling = `name.given.aggregate($total & $total, 'xx')`;
      expect(refusal(doubling, long).status).to.equal(503);
    });

    it('when repeat() never ends', () => {
      expect(refusal('1.repeat($this + 1)').status).to.equal(503);
    });

    it('when an expression nests or grows without end', () => {
      expect(refusal('('.repeat(1_000) + '1' + ')'.repeat(1_000)).message).to.match(/nests too deeply/);
      expect(refusal(`1${' + 1'.repeat(4_000)}`).message).to.match(/at most 1500 operators/);
      expect(refusal(`id${' '.repeat(20_000)}`).message).to.match(/at most 20000 characters/);
    });
  });

  it('agrees with a peer on plain paths and filters, whatever the patient', () => {
    const { seed, pick, whole } = seeded();
    const some = <T>(make: () => T): T[] => Array.from({ length: whole(4) }, make);
    const expressions = [
      'Patient.name.given',
      'name.family',
      "name.where(use = 'official').given",
      "telecom.where(system = 'phone' and use = 'home').value",
      'name.exists()',
      'name.given.count()',
      'name.given.distinct()',
      'name.select(given.first() | family)',
      "telecom.exists(system = 'email')",
      'name[0].given',
      'name.skip(1).family',
      'name.last().given.first()',
      "gender = 'male' and name.empty()",
      'name.given | name.family',
      "name.given.where($this.startsWith('a'))",
      "iif(active, 'yes', 'no')",
    ].map((text) => ({ text, ours: compile(text, r4) }));
    for (let round = 0; round < 200; round++) {
      const resource = {
        resourceType: 'Patient',
        active: pick([true, false]),
        gender: pick(['male', 'female']),
        name: some(() => ({
          use: pick(['official', 'usual']),
          family: pick(['a', 'b']),
          given: some(() => pick(['a', 'ab', 'c'])),
        })),
        telecom: some(() => ({
          system: pick(['phone', 'email']),
          use: pick(['home', 'work']),
          value: pick(['1', '2']),
        })),
      };
      for (const { text, ours } of expressions)
        expect(
          ours.evaluate(resource).map(plain),
          `seed ${seed}: ${text} on ${JSON.stringify(resource)}`,
        ).to.deep.equal(evalFhirPath(text, resource));
    }
  });
});
