import { expect } from 'chai';
import type { SearchParameter } from '../../../src/fhir/search-parameter.ts';
import { stepsOf, type PathStep } from '../../../src/fhir/search/steps.ts';
import { armsOf } from '../../../src/fhir/search/steps.ts';
import { parse } from '../../../src/fhir/fhirpath/parser.ts';
import { resourceTypes } from '../../../src/fhir/resource-types.ts';
import { r4SearchParameters } from '../../../src/platform/search-parameters.ts';
import { model, table } from '../../r4-index.ts';

/** The types that a parameter of a kind can be found in: R4 search.html, kind by kind. */
const typesOf: Readonly<Partial<Record<SearchParameter['type'], readonly string[]>>> = {
  token: ['code', 'Coding', 'CodeableConcept', 'Identifier', 'ContactPoint', 'boolean', 'string', 'uri'],
  quantity: ['Quantity', 'Range', 'Money', 'SampledData'],
  reference: ['Reference', 'canonical', 'uri'],
  number: ['integer', 'decimal', 'positiveInt', 'unsignedInt', 'Range'],
  string: ['string', 'markdown', 'HumanName', 'Address', 'CodeableConcept'],
  date: ['date', 'dateTime', 'instant', 'Period', 'Timing'],
};

const following = (types: readonly string[], step: PathStep): string[] => {
  if (step.kind === 'ofType') return types.filter((type) => model.isA(type, step.type));
  if (step.kind !== 'member') return [...types];
  return types.flatMap((type) => (model.member(type, step.name)?.keys ?? []).map((key) => key.type));
};

const composites = resourceTypes.flatMap((type) =>
  [...table(type).all.values()].filter(({ component }) => component).map((parameter) => ({ type, parameter })),
);

describe("R4's composites", () => {
  it('have parts whose elements are of the kinds that their definitions say', () => {
    const kinds = new Map(r4SearchParameters().map(({ url, type }) => [url, type]));
    expect(composites).to.have.length.above(70);
    for (const { type, parameter } of composites)
      for (const part of parameter.component ?? []) {
        const kind = kinds.get(part.definition) ?? expect.fail(part.definition);
        const wholes = (parameter.expression ?? '').split('|').filter((arm) => arm.trim().split('.')[0] === type);
        const found = wholes.flatMap((whole) => {
          const within = (stepsOf(model, parse(whole.trim())) ?? []).reduce<string[]>(following, [type]);
          return armsOf(parse(part.expression)).flatMap((arm) => {
            const isRoot = part.expression.startsWith('%resource.');
            const path = isRoot ? parse(part.expression.replace('%resource', type)) : arm;
            return (stepsOf(model, path) ?? []).reduce<string[]>(following, isRoot ? [type] : within);
          });
        });
        const name = `${type} ${parameter.code}: ${part.definition} at ${part.expression} is ${found.join()}`;
        expect(
          found.some((each) => typesOf[kind]?.includes(each)),
          name,
        ).to.equal(true);
      }
  });

  it('are all found by parameters of the resource or in its elements', () => {
    for (const { type, parameter } of composites) {
      const { composite } = table(type).lookup.get(parameter.code) ?? {};
      expect(composite?.rooted ?? composite?.elements[0], `${type} ${parameter.code}`).to.have.length.above(1);
    }
  });
});
