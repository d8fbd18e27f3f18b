import { expect } from 'chai';
import { parseBody } from '../../src/fhir/body.ts';
import { jsonFault } from '../../src/fhir/json-scan.ts';
import { Outcome } from '../../src/outcome/outcome.ts';
import { seeded } from '../seeded.ts';

const refusal = (text: string): Outcome => {
  try {
    parseBody(text);
  } catch (thrown) {
    if (thrown instanceof Outcome) return thrown;
  }
  throw new Error(`it was taken: ${text.slice(0, 100)}`);
};

const inPatient = (members: string): string => `{"resourceType":"Patient",${members}}`;

/** What is told, where, and at which element. */
const refused: Record<string, readonly [string, string, string, string?]> = {
  nothing: ['', 'ends too early', 'line 1 column 1'],
  blanks: [' \n ', 'ends too early', 'line 2 column 2'],
  'a body cut off': ['{"resourceType":"Patient"', 'ends too early', 'line 1 column 26'],
  'a string cut off': ['{"resourceType":"Pat', 'ends inside a string', 'line 1 column 21'],
  'two values': ['{"resourceType":"Patient"} {}', 'goes on after its end', 'line 1 column 28'],
  'single quotation marks': ["{'resourceType':'Patient'}", 'double quotation marks', 'line 1 column 2'],
  'a value in single quotation marks': ['{"resourceType":\'Patient\'}', 'single quotation mark', 'line 1 column 17'],
  'a name without quotation marks': ['{resourceType:"Patient"}', 'no name', 'line 1 column 2'],
  'a comma before the end': [inPatient('"active":true,'), 'no name', 'line 1 column 41'],
  'a comma before the end of a list': [inPatient('"name":[{"family":"a"},]'), 'nothing behind it', 'line 1 column 50'],
  'two commas': [inPatient('"a":[1,,2]'), 'no JSON value', 'line 1 column 34'],
  'no comma': [inPatient('"a":[1 2]'), 'lacks a comma', 'line 1 column 34'],
  'no colon': [inPatient('"a" 1'), 'without a colon', 'line 1 column 31'],
  'a wrong bracket': [inPatient('"a":[1}'), 'lacks a comma', 'line 1 column 33'],
  'a number with a zero before it': [inPatient('"a":01'), 'lacks a comma', 'line 1 column 32'],
  'a number without its end': [inPatient('"a":1.'), 'lacks a comma', 'line 1 column 32'],
  'no number': [inPatient('"a":NaN'), 'no JSON value', 'line 1 column 31'],
  'a comment': [inPatient('/* a */"a":1'), 'no name', 'line 1 column 27'],
  'a line feed in a string': [inPatient('"a":"b\nc"'), 'control character', 'line 1 column 33'],
  'an escape that is none': [inPatient('"a":"\\x"'), 'no escape', 'line 1 column 32'],
  'an escape cut off': [inPatient('"a":"\\u12"'), 'no escape', 'line 1 column 32'],
  'a byte order mark': ['\ufeff{"resourceType":"Patient"}', 'byte order mark', 'line 1 column 1'],
  'U+0000': [inPatient('"name":[{\n"family":"a\\u0000"}]'), 'U+0000', 'line 2 column 12', 'Patient.name[0].family'],
  'half a surrogate': ['{"resourceType":"Patient","a":"\ud800"}', 'half of a character', 'column 32', 'Patient.a'],
  'half a surrogate, escaped': [inPatient('"a":"\\ud83dx"'), 'half of a character', 'column 32', 'Patient.a'],
  'the other half, escaped': [inPatient('"a":["b","\\uDE00"]'), 'half of a character', 'column 37', 'Patient.a[1]'],
  'half a surrogate and another escape': [
    inPatient('"a":"\\ud83d\\n"'),
    'half of a character',
    'column 32',
    'Patient.a',
  ],
  'a member twice': [
    inPatient('"active":true,\n "active":true'),
    'same member twice',
    'line 2 column 2',
    'Patient.active',
  ],
  'a member twice, escaped': [inPatient('"a":1,"\\u0061":2'), 'same member twice', 'column 33', 'Patient.a'],
  'a member twice, deep inside': [
    inPatient('"contact":[{},{"name":{"given":["a"],"given":["b"]}}]'),
    'same member twice',
    'line 1 column 64',
    'Patient.contact[1].name.given',
  ],
  'a member twice, beside a string with a colon': [
    inPatient('"a":"\\":","a":1'),
    'same member twice',
    'line 1 column 37',
    'Patient.a',
  ],
  'a type twice': ['{"resourceType":"Patient","resourceType":"Device"}', 'same member twice', 'line 1 column 27'],
  'a prototype twice': [inPatient('"__proto__":{},"__proto__":{}'), 'same member twice', 'line 1 column 42'],
  'very many levels': [
    inPatient(`"a":${'['.repeat(100_000)}${']'.repeat(100_000)}`),
    'nested more than',
    'line 1 column',
  ],
  'very many levels without an end': [`{"a":${'{"a":'.repeat(100_000)}`, 'nested more than', 'line 1 column'],
};

describe('a body in doubtful JSON', () => {
  for (const [what, [text, says, place, path]] of Object.entries(refused))
    it(`is refused with its place when it has ${what}`, () => {
      const { issues, message, status } = refusal(text);
      expect(message).to.contain(says).and.contain(place);
      expect(status).to.equal(400);
      if (path !== undefined) expect(issues[0]?.expression).to.deep.equal([path]);
    });

  const taken: Record<string, string> = {
    'a whole character of two halves': inPatient('"a":"\\ud83d\\ude00 \ud83d\ude00"'),
    'the letters of an escape': inPatient('"a":"\\\\u0000 \\\\ud800"'),
    'names of other objects again': inPatient('"a":{"b":1},"c":{"b":1}'),
    'a string with colons': inPatient('"a":"\\":\\":{,"'),
    'blanks before colons': '{ "resourceType" : "Patient" , "a" : [ ] , "b" : { } }',
    'many levels': inPatient(`"a":${'['.repeat(100)}${']'.repeat(100)}`),
  };
  for (const [what, text] of Object.entries(taken))
    it(`is taken when it only has ${what}`, () => {
      expect(parseBody(text).resource).to.deep.equal(JSON.parse(text));
    });

  it('is told without a word of what stands in it', () => {
    const secret = 'Chalmers';
    for (const text of [
      inPatient(`"name":"${secret}" "${secret}"`),
      inPatient(`"name":"${secret}\\x"`),
      inPatient(`"${secret} Peter":1,"${secret} Peter":2`),
      inPatient(`"a":{"${secret} Peter":"\\u0000"}`),
      secret,
    ]) {
      const { issues, message } = refusal(text);
      expect(`${message}${JSON.stringify(issues)}`).not.to.contain(secret);
    }
  });

  it('loses every blank between tokens, wherever it stands', () => {
    expect(parseBody('{ "resourceType" :"Patient" , "a":[ 1 ,2 ] }').text).to.equal(
      '{"resourceType":"Patient","a":[1,2]}',
    );
  });

  it('is found faulty by the scan when JSON.parse refuses it, and only then', () => {
    const { seed, pick, whole } = seeded();
    const pieces = [
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '"a"',
      '"b"',
      '\\',
      '0',
      '1',
      '-',
      '.',
      'e',
      '+',
      'true',
      'null',
      ' ',
      '\n',
      '\\u0041',
      'x',
    ];
    const seeds = ['{"a":1,"b":[true,{"c":"x\\n"}]}', '[1.5e-3,"\\u00e9",null]', '{"a":{"a":[]},"b":"y"}', '"z"'];
    const parses = (text: string): boolean => {
      try {
        JSON.parse(text);
        return true;
      } catch {
        return false;
      }
    };
    for (let round = 0; round < 20_000; round++) {
      let text = pick(seeds);
      for (let change = whole(3); change >= 0; change--) {
        const at = whole(text.length + 1);
        text = text.slice(0, at) + pick([...pieces, '']) + text.slice(at + whole(2));
      }
      const fault = jsonFault(text);
      const isJson = fault === undefined || /twice|U\+0000|half of/.test(fault.says);
      // One of those may come before what JSON.parse would stumble over.
      if (fault === undefined || !isJson)
        expect(isJson, `seed ${seed}, round ${round}: ${text}`).to.equal(parses(text));
    }
  });
});
