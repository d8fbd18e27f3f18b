import { expect } from 'chai';
import { applyJsonPatch } from '../../../src/fhir/patch/json-patch.ts';
import { writtenNumber } from '../../../src/fhir/written-number.ts';
import { Outcome } from '../../../src/outcome/outcome.ts';
import { seeded } from '../../seeded.ts';

const parsed = (text: string): unknown => JSON.parse(text);

const refusedPatch = (patch: unknown, tree: unknown): Outcome => {
  try {
    applyJsonPatch(patch, tree);
  } catch (thrown) {
    if (thrown instanceof Outcome) return thrown;
    throw thrown;
  }
  expect.fail('the patch was taken');
};

interface Applied {
  readonly says: string;
  readonly tree: unknown;
  readonly patch: readonly unknown[];
  readonly gives: unknown;
}

const applied: readonly Applied[] = [
  { says: 'adds a member', tree: { a: 1 }, patch: [{ op: 'add', path: '/b', value: 2 }], gives: { a: 1, b: 2 } },
  { says: 'adds over a member', tree: { a: 1 }, patch: [{ op: 'add', path: '/a', value: [2] }], gives: { a: [2] } },
  { says: 'adds null', tree: {}, patch: [{ op: 'add', path: '/a', value: null }], gives: { a: null } },
  { says: 'inserts into a list', tree: [1, 3], patch: [{ op: 'add', path: '/1', value: 2 }], gives: [1, 2, 3] },
  { says: 'inserts at the length', tree: [1], patch: [{ op: 'add', path: '/1', value: 2 }], gives: [1, 2] },
  { says: 'appends with -', tree: { a: [1] }, patch: [{ op: 'add', path: '/a/-', value: 2 }], gives: { a: [1, 2] } },
  { says: 'has members named by digits', tree: {}, patch: [{ op: 'add', path: '/01', value: 1 }], gives: { '01': 1 } },
  { says: 'removes a member', tree: { a: 1, b: 2 }, patch: [{ op: 'remove', path: '/a' }], gives: { b: 2 } },
  { says: 'removes an item', tree: [1, 2, 3], patch: [{ op: 'remove', path: '/1' }], gives: [1, 3] },
  { says: 'replaces an item', tree: [1, 2], patch: [{ op: 'replace', path: '/0', value: 9 }], gives: [9, 2] },
  { says: 'replaces the root', tree: { a: 1 }, patch: [{ op: 'replace', path: '', value: { b: 2 } }], gives: { b: 2 } },
  { says: 'adds over the root', tree: { a: 1 }, patch: [{ op: 'add', path: '', value: { b: 2 } }], gives: { b: 2 } },
  {
    says: 'moves within a list by the places after removal',
    tree: ['a', 'b', 'c'],
    patch: [{ op: 'move', from: '/0', path: '/2' }],
    gives: ['b', 'c', 'a'],
  },
  {
    says: 'moves a member elsewhere',
    tree: { a: { x: 1 }, b: {} },
    patch: [{ op: 'move', from: '/a/x', path: '/b/y' }],
    gives: { a: {}, b: { y: 1 } },
  },
  { says: 'moves onto itself', tree: { a: 1 }, patch: [{ op: 'move', from: '/a', path: '/a' }], gives: { a: 1 } },
  {
    says: 'copies so that the copy changes alone',
    tree: { a: { x: 1 } },
    patch: [
      { op: 'copy', from: '/a', path: '/b' },
      { op: 'replace', path: '/b/x', value: 2 },
    ],
    gives: { a: { x: 1 }, b: { x: 2 } },
  },
  {
    says: 'reads ~0 and ~1',
    tree: { 'a/b': 1, 'm~n': 2, '~1': 3 },
    patch: [
      { op: 'remove', path: '/a~1b' },
      { op: 'remove', path: '/m~0n' },
      { op: 'replace', path: '/~01', value: 4 },
    ],
    gives: { '~1': 4 },
  },
  { says: 'knows the empty name', tree: { '': 1 }, patch: [{ op: 'replace', path: '/', value: 2 }], gives: { '': 2 } },
  {
    says: 'passes a test whatever the order of members',
    tree: { a: { x: [1, { y: null }], z: 'é' } },
    patch: [{ op: 'test', path: '/a', value: { z: 'é', x: [1, { y: null }] } }],
    gives: { a: { x: [1, { y: null }], z: 'é' } },
  },
  { says: 'does nothing when empty', tree: { a: 1 }, patch: [], gives: { a: 1 } },
];

interface Refused {
  readonly says: string;
  readonly tree?: unknown;
  readonly patch: unknown;
  readonly status: 400 | 422;
  readonly words: RegExp;
}

const base = { name: ['a', 'b'], text: 'secret' };

const refusals: readonly Refused[] = [
  { says: 'a patch that is no list', patch: { op: 'add' }, status: 400, words: /list of operations/ },
  { says: 'an operation that is no object', patch: [null], status: 400, words: /operation 0: must be an object/ },
  { says: 'an unknown operation', patch: [{ op: 'merge', path: '' }], status: 400, words: /"op" must be/ },
  { says: 'an inherited operation', patch: [{ op: 'toString', path: '' }], status: 400, words: /"op" must be/ },
  { says: 'a missing path', patch: [{ op: 'remove' }], status: 400, words: /needs "path"/ },
  { says: 'a missing from', patch: [{ op: 'copy', path: '/a' }], status: 400, words: /needs "from"/ },
  { says: 'a missing value', patch: [{ op: 'add', path: '/a' }], status: 400, words: /add needs "value"/ },
  { says: 'a path without /', patch: [{ op: 'remove', path: 'a' }], status: 400, words: /begin with \// },
  { says: 'a path with ~2', patch: [{ op: 'remove', path: '/~2' }], status: 400, words: /~0/ },
  {
    says: 'a move into itself',
    patch: [{ op: 'move', from: '/name', path: '/name/0' }],
    status: 400,
    words: /into itself/,
  },
  { says: 'removing what is not there', patch: [{ op: 'remove', path: '/gone' }], status: 422, words: /no such/ },
  {
    says: 'replacing what is not there',
    patch: [{ op: 'replace', path: '/x', value: 1 }],
    status: 422,
    words: /no such/,
  },
  {
    says: 'adding below what is not there',
    patch: [{ op: 'add', path: '/x/y', value: 1 }],
    status: 422,
    words: /no such/,
  },
  { says: 'adding below a string', patch: [{ op: 'add', path: '/text/y', value: 1 }], status: 422, words: /neither/ },
  { says: 'a leading zero', patch: [{ op: 'remove', path: '/name/01' }], status: 422, words: /leading zeros/ },
  { says: 'a negative index', patch: [{ op: 'remove', path: '/name/-1' }], status: 422, words: /leading zeros/ },
  { says: 'an index behind the end', patch: [{ op: 'add', path: '/name/3', value: 1 }], status: 422, words: /shorter/ },
  { says: 'removing at the length', patch: [{ op: 'remove', path: '/name/2' }], status: 422, words: /shorter/ },
  { says: 'removing -', patch: [{ op: 'remove', path: '/name/-' }], status: 422, words: /behind the last/ },
  {
    says: 'the length of a list as a name',
    patch: [{ op: 'remove', path: '/name/length' }],
    status: 422,
    words: /digits/,
  },
  { says: 'removing the root', patch: [{ op: 'remove', path: '' }], status: 422, words: /use DELETE/ },
  { says: 'a failed test', patch: [{ op: 'test', path: '/text', value: 'x' }], status: 422, words: /test failed/ },
  {
    says: 'a test of 1 against "1"',
    tree: { a: 1 },
    patch: [{ op: 'test', path: '/a', value: '1' }],
    status: 422,
    words: /test/,
  },
  {
    says: '__proto__ where there is none',
    patch: [{ op: 'remove', path: '/__proto__' }],
    status: 422,
    words: /no such/,
  },
  {
    says: 'a way through constructor',
    patch: [{ op: 'add', path: '/constructor/prototype/x', value: 1 }],
    status: 422,
    words: /no such/,
  },
];

describe('a JSON Patch', () => {
  for (const { says, tree, patch, gives } of applied)
    it(says, () => {
      const before = structuredClone(tree);
      expect(applyJsonPatch(patch, tree)).to.deep.equal(gives);
      expect(tree).to.deep.equal(before);
    });

  for (const { says, tree = base, patch, status, words } of refusals)
    it(`refuses ${says}`, () => {
      const { status: given, message } = refusedPatch(patch, tree);
      expect(given, message).to.equal(status);
      expect(message).to.match(words).and.not.contain('secret');
    });

  it('names the operation and its path', () => {
    const patch = [
      { op: 'add', path: '/ok', value: 1 },
      { op: 'remove', path: '/name/7' },
    ];
    expect(refusedPatch(patch, base).message).to.match(/^operation 1 at \/name\/7: /);
  });

  it('leaves the tree alone when a later operation is refused', () => {
    const tree = { a: [1] };
    refusedPatch(
      [
        { op: 'add', path: '/a/-', value: 2 },
        { op: 'remove', path: '/b' },
      ],
      tree,
    );
    expect(tree).to.deep.equal({ a: [1] });
  });

  it('keeps __proto__ as a member and touches no prototype', () => {
    const patched = applyJsonPatch(parsed('[{"op":"add","path":"/__proto__","value":{"x":1}}]'), {});
    expect(JSON.stringify(patched)).to.equal('{"__proto__":{"x":1}}');
    expect(JSON.stringify(applyJsonPatch([], parsed('{"__proto__":{"a":1}}')))).to.equal('{"__proto__":{"a":1}}');
    expect('x' in {}).to.equal(false);
  });

  it('does not share the values of the patch with the resource', () => {
    const value = { x: 1 };
    const patched = applyJsonPatch(
      [
        { op: 'add', path: '/a', value },
        { op: 'replace', path: '/a/x', value: 2 },
      ],
      {},
    );
    expect(patched).to.deep.equal({ a: { x: 2 } });
    expect(value).to.deep.equal({ x: 1 });
  });

  it('keeps the digits of numbers and compares them by value', () => {
    const tree = { value: writtenNumber('1.00'), far: writtenNumber('1e400') };
    const patch = [
      { op: 'test', path: '/value', value: 1 },
      { op: 'test', path: '/far', value: writtenNumber('10e399') },
      { op: 'copy', from: '/value', path: '/again' },
    ];
    expect(JSON.stringify(applyJsonPatch(patch, tree))).to.equal('{"value":1.00,"far":1e400,"again":1.00}');
    expect(refusedPatch([{ op: 'test', path: '/value', value: 1.001 }], tree).status).to.equal(422);
  });

  it('refuses copies that would double it for ever', () => {
    const double = Array.from({ length: 100 }, (_, place) => ({ op: 'copy', from: '', path: `/a${place}` }));
    expect(refusedPatch(double, { x: 'y'.repeat(1_000) }).message).to.match(/too large or too deep/);
  });

  it('refuses values that nest without end', () => {
    const deep = Array.from({ length: 300 }, (_, place) => ({ op: 'add', path: '/a'.repeat(place + 1), value: {} }));
    expect(refusedPatch(deep, {}).message).to.match(/operation 256 .*too deep/);
  });

  it('refuses more operations than the limit', () => {
    const many = Array.from({ length: 10_001 }, () => ({ op: 'test', path: '', value: {} }));
    expect(refusedPatch(many, {}).message).to.match(/more than 10000 operations/);
  });

  it('undoes what it did, whatever the tree', () => {
    const { seed, whole, pick } = seeded();
    const tree = (depth: number): unknown => {
      const kind = whole(depth > 2 ? 2 : 4);
      if (kind === 0) return whole(5);
      if (kind === 1) return pick(['', 'a', '~', '/']);
      if (kind === 2) return Array.from({ length: whole(3) }, () => tree(depth + 1));
      return Object.fromEntries(Array.from({ length: whole(3) }, () => [pick(['a', '~', '/', '0']), tree(depth + 1)]));
    };
    for (let round = 0; round < 500; round++) {
      const before = { a: tree(0), list: [tree(0), tree(0)] };
      const patch = [
        { op: 'copy', from: '/a', path: '/list/1' },
        { op: 'move', from: '/list/1', path: '/kept' },
        { op: 'test', path: '/kept', value: before.a },
        { op: 'remove', path: '/kept' },
        { op: 'test', path: '', value: before },
      ];
      expect(applyJsonPatch(patch, before), `seed ${seed}, round ${round}`).to.deep.equal(before);
    }
  });
});
