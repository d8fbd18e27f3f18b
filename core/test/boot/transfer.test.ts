import { expect } from 'chai';
import { circlesIn } from '../../src/boot/transfer/circles.ts';
import { entriesIn, itemsIn } from '../../src/boot/transfer/items.ts';
import { rankOf } from '../../src/boot/transfer/type-order.ts';

const circles = (links: Readonly<Record<string, readonly string[]>>): string[] =>
  circlesIn(new Map(Object.entries(links)))
    .map((circle) => circle.toSorted().join(''))
    .toSorted();

describe('what waits for each other', () => {
  it('is found as circles, and a chain is none', () => {
    expect(circles({ a: ['b'], b: ['c'], c: [] })).to.deep.equal([]);
    expect(circles({ a: ['b'], b: ['a'], c: ['a'] })).to.deep.equal(['ab']);
    expect(circles({ a: ['b', 'x'], b: ['c'], c: ['a', 'd'], d: ['e'], e: ['d'] })).to.deep.equal(['abc', 'de']);
    expect(circles({ a: ['a'] })).to.deep.equal([]);
  });

  it('may be a chain of any length', () => {
    const long = new Map(Array.from({ length: 50_000 }, (_, n) => [String(n), [String((n + 1) % 50_000)]] as const));
    expect(circlesIn(long)[0]).to.have.length(50_000);
  });
});

describe('the text of a list', () => {
  it('is cut between its items, whatever stands in their strings', () => {
    const items = ['{"a":"],[{\\"","b":[1.00,{"c":[]}]}', '"x,y"', '12345678901234567890.10', '[[1],[2]]', '"\\\\"'];
    expect(itemsIn(`[${items.join(',')}]`)).to.deep.equal(items);
    expect(itemsIn('[]')).to.deep.equal([]);
  });

  it('of a bundle is its entries, and none where it has none', () => {
    expect(entriesIn('{"resourceType":"Bundle","entry":[{"resource":{"v":1.0}},{}]}')).to.deep.equal([
      '{"resource":{"v":1.0}}',
      '{}',
    ]);
    expect(entriesIn('{"resourceType":"Bundle"}')).to.deep.equal([]);
  });
});

describe('the files of an import', () => {
  it('come in the order in which their types refer to each other', () => {
    const files = [
      'notes.ndjson',
      'Observation-00001.json',
      'Encounter.ndjson',
      'Patient.ndjson',
      'Organization.ndjson',
    ];
    expect(files.toSorted((a, b) => rankOf(a) - rankOf(b))).to.deep.equal(files.toReversed());
  });
});
