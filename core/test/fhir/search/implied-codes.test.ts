import { expect } from 'chai';
import { openImpliedCodes } from '../../../src/fhir/search/implied-codes.ts';
import { resourceTypes } from '../../../src/fhir/resource-types.ts';
import { r4Codes } from '../../../src/platform/structures.ts';
import { model, table } from '../../r4-index.ts';

describe('the systems of codes that name none', () => {
  const impliedCodes = openImpliedCodes(model, r4Codes());
  const of = (type: string, code: string): string[] => {
    const parameter = table(type).all.get(code) ?? expect.fail(code);
    return impliedCodes(type, parameter).flatMap(({ systems }) => Object.keys(systems));
  };

  it('are those of the required binding of each element that a parameter finds', () => {
    expect(of('Patient', 'gender')).to.deep.equal(['http://hl7.org/fhir/administrative-gender']);
    expect(of('Task', 'intent')).to.have.members([
      'http://hl7.org/fhir/task-intent',
      'http://hl7.org/fhir/request-intent',
    ]);
    expect(of('DocumentReference', 'contenttype')).to.deep.equal(['urn:ietf:bcp:13']);
  });

  it('are none where elements say their systems, or where no binding is required', () => {
    expect(of('Observation', 'code')).to.deep.equal([]);
    expect(of('MessageHeader', 'event')).to.deep.equal([]);
    expect(of('Patient', 'deceased')).to.deep.equal([]);
    expect(of('CodeSystem', 'code')).to.deep.equal([]);
  });

  it('are known of the status of every type of R4 that has one as a code', () => {
    const types = resourceTypes.filter((type) => model.member(type, 'status')?.codes !== undefined);
    const unknown = types.filter((type) => table(type).all.has('status') && of(type, 'status').length === 0);
    expect(types).to.have.length.above(80);
    expect(unknown).to.deep.equal([]);
  });
});
