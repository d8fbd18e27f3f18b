import { expect } from 'chai';
import { buildRegistry, contribution, defineKind } from '../../src/registry/registry.ts';

const colour = defineKind<string>('colour');

describe('the registry', () => {
  it('hands out what was contributed, by kind and name', () => {
    const { registry } = buildRegistry([{ owner: 'a', contributions: [contribution(colour, 'red', '#f00')] }]);
    expect(registry.find(colour, 'red')).to.deep.equal({ name: 'red', owner: 'a', value: '#f00' });
    expect(registry.all(colour)).to.have.length(1);
    expect(registry.all(defineKind('sound'))).to.deep.equal([]);
  });

  it('names both owners of a duplicate', () => {
    const red = contribution(colour, 'red', '#f00');
    const { faults } = buildRegistry([
      { owner: 'a', contributions: [red] },
      { owner: 'b', contributions: [red] },
    ]);
    expect(faults).to.deep.equal(["colour 'red' is contributed by 'a' and by 'b': rename or remove one"]);
  });

  it('cannot be changed after it was built', () => {
    const { registry } = buildRegistry([{ owner: 'a', contributions: [contribution(colour, 'red', '#f00')] }]);
    expect(() => (registry.all(colour) as unknown[]).push('x')).to.throw(TypeError);
  });
});
