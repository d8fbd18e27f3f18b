import { expect } from 'chai';
import { isId, uuidsInOrder } from '../../src/fhir/ids.ts';
import { resourceTypes, typeCode } from '../../src/fhir/resource-types.ts';

describe('an id', () => {
  it('is a UUID of version 7 that sorts by its time', () => {
    let now = 1_700_000_000_000;
    const ids = uuidsInOrder(
      () => now++,
      (bytes) => new Uint8Array(bytes).fill(255),
    );
    const made = Array.from({ length: 50 }, ids);
    expect(made[0]).to.match(/^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
    expect(made.toSorted()).to.deep.equal(made);
  });

  it('follows the rule of R4', () => {
    for (const good of ['a', 'A-1.b', 'x'.repeat(64)]) expect(isId(good), good).to.equal(true);
    for (const bad of ['', 'a b', 'ä', 'x'.repeat(65), 'a/b', 'a_b', "a'"]) expect(isId(bad), bad).to.equal(false);
  });
});

describe('the resource types', () => {
  it("are R4's 146, each with its place", () => {
    expect(resourceTypes).to.have.length(146);
    expect(typeCode('Account')).to.equal(0);
    expect(typeCode('VisionPrescription')).to.equal(145);
    expect(() => typeCode('SubscriptionStatus')).to.throw(RangeError);
  });
});
