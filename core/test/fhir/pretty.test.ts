import { expect } from 'chai';
import { pretty } from '../../src/fhir/pretty.ts';
import { seeded } from '../seeded.ts';

describe('JSON for people', () => {
  it('is what JSON.stringify would set out, digits kept', () => {
    expect(pretty('{"a":1.00,"b":[],"c":{},"d":["x, {\\"y\\": [1]}"]}')).to.equal(
      '{\n  "a": 1.00,\n  "b": [],\n  "c": {},\n  "d": [\n    "x, {\\"y\\": [1]}"\n  ]\n}',
    );
  });

  it('of any value is the same value', () => {
    const { seed, whole, pick } = seeded();
    const make = (depth: number): unknown => {
      const kind = whole(depth > 4 ? 4 : 6);
      if (kind === 4) return Array.from({ length: whole(4) }, () => make(depth + 1));
      if (kind === 5)
        return Object.fromEntries(Array.from({ length: whole(4) }, (_, n) => [`k${n}"`, make(depth + 1)]));
      return [pick(['', 'a"b', '\\', '{"x":[', 'é\n']), whole(1_000), true, null][kind];
    };
    for (let n = 0; n < 300; n++) {
      const value = make(0);
      expect(pretty(JSON.stringify(value)), `seed ${seed}`).to.equal(JSON.stringify(value, null, 2));
    }
  });
});
