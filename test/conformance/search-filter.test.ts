/** R4 search_filter.html, line by line: its operators by the kinds of parameters, its order of evaluation and its ways to write a value. */
import { expect } from 'chai';
import { startTestServer, type TestCaller, type TestServer } from '@heddle/core/testing';
import { ask, refusedWith, type Json } from './asked.ts';
import { concept, finds, loinc, observed, putAll, refer, searched, ucum } from './searching.ts';

const animals = 'http://ex/animals';
const person = (id: string, rest: Json): Json => ({ resourceType: 'Patient', id, ...rest });

describe('a _filter', () => {
  let server: TestServer;
  let admin: TestCaller;
  before(async () => {
    server = await startTestServer();
    admin = await server.as('admin');
    await putAll(admin, [
      person('f1', { name: [{ given: ['Peter', 'Jim'] }], gender: 'male', active: true }),
      person('f2', { name: [{ given: ['Anna'], family: 'Aebi' }], gender: 'female', active: false }),
      person('f3', { gender: 'male', active: false, birthDate: '2015' }),
      person('f4', {
        name: [{ given: ['peter'], family: 'zed é' }],
        gender: 'female',
        identifier: [{ system: 'http://ex/mrn', value: 'Abcdef-1' }],
      }),
      {
        ...{ resourceType: 'CodeSystem', id: 'animals', url: animals, status: 'active', content: 'complete' },
        concept: [{ code: 'animal', concept: [{ code: 'dog', concept: [{ code: 'poodle' }] }] }],
      },
      {
        resourceType: 'ValueSet',
        id: 'dogs',
        status: 'active',
        url: 'http://ex/dogs',
        compose: { include: [{ system: animals, concept: [{ code: 'dog' }] }] },
      },
      ...['animal', 'dog', 'poodle'].map((code) => observed(code, { code: concept(code, animals) })),
      observed('lab', {
        code: concept('1234-5'),
        subject: refer('Patient/f1'),
        valueQuantity: { value: 5, system: ucum, code: 'mg', unit: 'mg' },
        effectivePeriod: { start: '2020-01-10', end: '2020-01-20' },
      }),
      observed('other', {
        code: {
          coding: [
            { system: loinc, code: '1234-5' },
            { system: 'http://ex', code: 'x' },
          ],
        },
        subject: refer('Patient/f2'),
      }),
    ]);
  });
  after(() => server.close());

  finds(() => admin, {
    'Patient?_filter=given eq "peter"': 'f1 f4',
    'Patient?_filter=given eq PETER': 'f1 f4',
    'Patient?_filter=given eq "pete"': '',
    // An item that is another one: who has no name has none.
    'Patient?_filter=given ne "peter"': 'f1 f2',
    'Patient?_filter=not (given eq "peter")': 'f2 f3',
    'Patient?_filter=given co "ete"': 'f1 f4',
    'Patient?_filter=given sw "pe"': 'f1 f4',
    'Patient?_filter=given ew "IM"': 'f1',
    'Patient?_filter=family gt "b"': 'f4',
    'Patient?_filter=family lt "b"': 'f2',
    'Patient?_filter=family ge "aebi"': 'f2 f4',
    'Patient?_filter=family le "aebi"': 'f2',
    'Patient?_filter=family eq "zed \\u00e9"': 'f4',
    'Patient?_filter=family eq "é"': '',
    'Patient?_filter=family sw "é"': '',
    'Patient?_filter=given pr true': 'f1 f2 f4',
    'Patient?_filter=given pr false': 'f3',
    'Patient?_filter=gender eq MALE': 'f1 f3',
    'Patient?_filter=gender eq http://hl7.org/fhir/administrative-gender|Male': 'f1 f3',
    'Patient?_filter=gender ne male': 'f2 f4',
    'Patient?_filter=active eq TRUE': 'f1',
    'Patient?_filter=identifier eq abcDEF-1': 'f4',
    'Patient?_filter=identifier eq http://ex/mrn|ABCDEF-1': 'f4',
    'Patient?_filter=identifier eq http://ex/mrn|ABCDEF-2': '',
    'Patient?_filter=identifier ne http://ex/mrn|abcdef-1': '',
    // From left to right, without precedence.
    'Patient?_filter=gender eq male or gender eq female and active eq true': 'f1',
    'Patient?_filter=gender eq male or (gender eq female and active eq true)': 'f1 f3',
    'Patient?_filter=gender eq male and active eq true or gender eq female': 'f1 f2 f4',
    'Patient?_filter=gender eq male or gender eq female and active eq false or given eq peter': 'f1 f2 f3 f4',
    'Patient?_filter=birthdate co 2015-05-05': 'f3',
    'Patient?_filter=birthdate co 2014': '',
    'Patient?_filter=birthdate eq 2015': 'f3',
    'Patient?_filter=birthdate po 2015-05': 'f3',
    'Patient?_filter=_id eq f1 or _id eq f2': 'f1 f2',
    'Patient?_filter=_id ne f1 and gender eq male': 'f3',
    'Observation?_filter=date po 2020-01-15': 'lab',
    'Observation?_filter=date po 2020-01-20': 'lab',
    // Neither contains the other.
    'Observation?_filter=date ge 2020-01-15T00:00:00Z and date po 2020-01': 'lab',
    'Observation?_filter=date co 2020-01-15': 'lab',
    'Observation?_filter=date co 2020-01': '',
    // The value subsumes what is in the set; the value is subsumed by it.
    [`Observation?_filter=code ss ${animals}|dog`]: 'dog poodle',
    [`Observation?_filter=code sb ${animals}|dog`]: 'animal dog',
    'Observation?_filter=code in http://ex/dogs': 'dog',
    'Observation?_filter=code ni http://ex/dogs': 'animal lab other poodle',
    'Observation?_filter=code eq loinc|1234-5': 'lab other',
    'Observation?_filter=code ne loinc|1234-5': 'animal dog other poodle',
    'Observation?_filter=value-quantity gt 4|ucum|mg': 'lab',
    'Observation?_filter=value-quantity gt 4000|ucum|ug': 'lab',
    'Observation?_filter=value-quantity gt "4|ucum|mg"': 'lab',
    'Observation?_filter=value-quantity ne 5': '',
    'Observation?_filter=subject re Patient/f1': 'lab',
    'Observation?_filter=patient ne Patient/f1': 'other',
    'Observation?_filter=subject.given eq PETER': 'lab',
    'Observation?_filter=subject[gender eq male].given eq peter': 'lab',
    'Observation?_filter=subject[gender eq female].given eq peter': '',
    'Observation?_filter=subject[gender eq male or gender eq female and active eq false].given pr true': 'other',
  });

  const refused: Readonly<Record<string, RegExp>> = {
    'given pr banana': /true or false/,
    'given eq "\\x"': /string of JSON/,
    'given eq "\\u0000"': /control character/,
    'given eq " "': /nothing to look for/,
    'given banana "x"': /cannot compare by banana/,
    'given constructor "x"': /cannot compare by constructor/,
    'gender gt male': /cannot compare by gt/,
    '_id gt x': /cannot compare by gt/,
    'given eq': /needs a value/,
    'given eq peter or': /the name of a parameter/,
    '(given eq peter': /needs a \)/,
    'given eq peter gender eq male': /needs and, or, or nothing/,
    'nosuch eq peter': /no search parameter nosuch/,
  };
  for (const [filter, words] of Object.entries(refused))
    it(`'${filter}' is refused and told why`, async () => {
      const answer = await searched(admin, `Patient?_filter=${filter}`);
      refusedWith(answer, 400, 'invalid', words);
      expect(answer.text).to.include('"expression":["_filter"]');
    });

  it('is asked of GraphQL in the same words', async () => {
    const query = { query: '{ PatientList(_filter: "given eq \\"PETER\\"", _sort: "_id") { id } }' };
    const { text } = await ask(admin, 'POST', '$graphql', query, { 'Content-Type': 'application/json' });
    expect(text).to.include('"f1"').and.to.include('"f4"').and.not.to.include('"f2"');
  });
});
