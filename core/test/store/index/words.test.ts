import { expect } from 'chai';
import { resourceTypes } from '../../../src/fhir/resource-types.ts';
import { fold } from '../../../src/fhir/search/fold.ts';
import {
  besideKey,
  canonicalKey,
  identifierKey,
  linkKey,
  parameterKey,
} from '../../../src/store/index/parameter-key.ts';
import { heldIdKey, holdingKey } from '../../../src/store/index/held.ts';
import { partKey } from '../../../src/store/index/parameter-table.ts';
import { after, anySystem, referenceWord, stringWord, tokenWord } from '../../../src/store/index/words.ts';
import { r4SearchParameters } from '../../../src/platform/search-parameters.ts';
import { table } from '../../r4-index.ts';

const parameters = r4SearchParameters();

describe('a key of a parameter', () => {
  it('is one for each parameter of each type of R4, and fits a number of the database', () => {
    const keys = resourceTypes.flatMap((type) => [
      ...[linkKey(type), canonicalKey(type), holdingKey(type), heldIdKey(type)],
      ...parameters
        .filter(({ base }) => [type, 'Resource', 'DomainResource'].some((each) => base.includes(each)))
        .flatMap(({ code }) => [
          parameterKey(type, code),
          identifierKey(type, code),
          besideKey(parameterKey(type, code)),
        ]),
      ...table(type).elements.flatMap(({ path, parts }) => parts.map((part) => partKey(type, path, part))),
    ]);
    expect(keys.length).to.be.greaterThan(2_500);
    expect(new Set(keys).size).to.equal(keys.length);
    expect(keys.every((key) => key >= 0 && key < 2 ** 31)).to.equal(true);
  });
});

describe('the parameters of a type', () => {
  it('store nothing for what is a view of another', () => {
    const { lookup, stored } = table('Observation');
    const codes = stored.map(({ code }) => code);
    expect(codes).to.include.members(['subject', 'code', 'component-code', 'date', 'status']);
    expect(codes).not.to.include.members(['patient', 'combo-code']);
    expect(lookup.get('patient')).to.deep.equal({
      keys: [parameterKey('Observation', 'subject')],
      besides: [identifierKey('Observation', 'subject')],
      order: 'dated',
      onlyType: 'Patient',
    });
    expect(table('Observation').dated).to.equal('date');
    expect(table('Patient').dated).to.equal(undefined);
  });

  it('find something for every token, reference, string and date parameter of R4', () => {
    const kinds = new Set(['token', 'reference', 'string', 'date']);
    const lost = resourceTypes.flatMap((type) => {
      const { all, lookup } = table(type);
      return [...all.values()]
        .filter(
          ({ type: kind, code, expression }) => kinds.has(kind) && expression !== undefined && !code.startsWith('_'),
        )
        .filter(({ code }) => (lookup.get(code)?.keys.length ?? 0) === 0)
        .map(({ code }) => `${type}.${code}`);
    });
    expect(lost).to.deep.equal([]);
  });
});

describe('a word', () => {
  it('of a code leads all words of that code, whatever the system', () => {
    const words = [tokenWord('http://a', '1'), tokenWord('', '1'), tokenWord('http://b', '1')];
    for (const word of words) expect(word >= anySystem('1') && word < after(anySystem('1'))).to.equal(true);
    for (const other of [tokenWord('http://a', '10'), tokenWord('http://a', '0'), tokenWord('', '1 ')])
      expect(other >= anySystem('1') && other < after(anySystem('1')), other).to.equal(false);
  });

  it('of a string folds case, accents and blanks, and keeps the string beside it', () => {
    expect(fold('  MÜLLER   van der Straße ')).to.equal('muller van der strasse');
    expect(fold('Łukasz Đorđević Søren')).to.equal('lukasz dordevic soren');
    expect(fold('İstanbul')).to.equal('istanbul');
    expect(stringWord('Müller')).to.equal('muller\u0001Müller');
  });

  it('holds no character that parts words, whatever it was made of', () => {
    for (const word of [tokenWord('a\u001fb', 'c\u0001d'), stringWord('a\u001f\u0000b'), referenceWord('Patient', '1')])
      expect(word.replace('\u0001', '')).not.to.match(/\p{Cc}/u);
  });

  it('is short enough for an index, and two long ones stay apart', () => {
    const [a, b] = [`${'x'.repeat(5_000)}a`, `${'x'.repeat(5_000)}b`];
    expect(Buffer.byteLength(tokenWord('', '€'.repeat(5_000)))).to.be.lessThan(2_600);
    expect(tokenWord('', a)).not.to.equal(tokenWord('', b));
  });
});
