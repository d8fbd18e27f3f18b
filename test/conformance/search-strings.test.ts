import { expect } from 'chai';
import { startTestServer, type TestCaller, type TestServer } from '@heddle/core/testing';
import { refusedWith, type Json } from './asked.ts';
import { finds, foundBy, putAll, searched } from './searching.ts';

const named = (id: string, name: Json): Json => ({ resourceType: 'Patient', id, name: [name] });
const living = (id: string, address: Json): Json => ({ resourceType: 'Patient', id, address: [address] });
const valueSet = (id: string, url: string): Json => ({ resourceType: 'ValueSet', id, status: 'active', url });

/** Longer than an index entry. */
const long = `${'It was the best of times. '.repeat(40)}In the middle stands Manette. ${'It was the worst of times. '.repeat(40)}The end`;

const resources: readonly Json[] = [
  named('eve', { given: ['Eve'], family: 'Carreño Quiñones', prefix: ['Dr.'], suffix: ['MD'] }),
  named('evelyn', { given: ['Mary', 'EVELYN'], family: 'Muller' }),
  named('severine', { given: ['Severine'], family: 'Müller', text: 'Severine M.' }),
  named('text', { text: 'Nevermore the Raven' }),
  named('signs', { family: 'a%b_c\\d', given: ['x,y|z$w'] }),
  named('spaces', { family: 'van  der Berg' }),
  named('street', { family: 'Weiß' }),
  named('use', { use: 'old' }),
  named('long', { text: long }),
  {
    resourceType: 'Patient',
    id: 'two',
    name: [
      { family: 'First', given: ['Zoe'] },
      { family: 'Second', given: ['Yan'] },
    ],
  },
  named('greek', { family: 'ΟΔΥΣΣΕΥΣ', given: ['Παπασταθης'] }),
  named('hangul', { family: '각하' }),
  ...[named('rama', { family: 'राम' }), named('rima', { family: 'रीमा' }), named('thai', { family: 'สมปูรณ์' })],
  ...[named('arab', { family: 'مُحَمَّد' }), named('hebrew', { given: ['שָׁלוֹם'] })],
  ...[named('irish', { family: "O'Brien" }), named('double', { family: 'Müller-Schmidt' })],
  named('tabbed', { family: 'a\tb' }),
  living('town', {
    line: ['3300 Washtenaw Avenue', 'Suite 227'],
    city: 'Ann Arbor',
    state: 'MI',
    postalCode: '48104',
    country: 'USA',
  }),
  living('village', { text: 'Hofweg 1, Ännäs', district: 'Washten' }),
  valueSet('short', 'http://acme.org/fhir/ValueSet/123'),
  valueSet('long', 'http://acme.org/fhir/ValueSet/123/_history/5'),
  valueSet('beside', 'http://acme.org/fhir/ValueSet/1234'),
  valueSet('root', 'http://acme.org/fhir'),
  valueSet('case', 'http://acme.org/FHIR/ValueSet/123'),
  valueSet('oid', 'urn:oid:1.2.3.4.5'),
  valueSet('sign', 'http://acme.org/fhir/a%2C_b'),
];

describe('a search by string', () => {
  let server: TestServer;
  let admin: TestCaller;
  before(async () => {
    server = await startTestServer();
    admin = await server.as('admin');
    await putAll(admin, resources);
  });
  after(() => server.close());

  finds(() => admin, {
    // R4 search.html#string, its own examples.
    'Patient?given=eve': 'eve evelyn',
    'Patient?given:contains=eve': 'eve evelyn severine',
    'Patient?given:exact=Eve': 'eve',
    'Patient?given:exact=eve': '',
    'Patient?given:exact=EVELYN': 'evelyn',
    'Patient?family=muller': 'double evelyn severine',
    'Patient?family=MÜLLER': 'double evelyn severine',
    'Patient?family:exact=Müller': 'severine',
    'Patient?family:exact=Muller': 'evelyn',
    'Patient?family=carreno': 'eve',
    'Patient?family=quinones': 'eve',
    'Patient?name=quinones': 'eve',
    'Patient?family=berg': 'spaces',
    'Patient?family=der berg': 'spaces',
    'Patient?family:exact=Quiñones': '',
    'Patient?family=uinones': '',
    'Patient?family:contains=QUINONES': 'eve',
    'Patient?family=weiss': 'street',
    'Patient?family:contains=eiß': 'street',
    'Patient?family=van der': 'spaces',
    'Patient?family:contains=der  berg': 'spaces',
    'Patient?family=first,second': 'two',
    'Patient?family=first&family=second': 'two',
    'Patient?family=first&family=muller': '',
    // Each parameter is for itself: no two must be of one name.
    'Patient?family=first&given=yan': 'two',
    'Patient?name=eve': 'eve evelyn',
    'Patient?name=severine m': 'severine',
    'Patient?name=dr.': 'eve',
    'Patient?name=md': 'eve',
    'Patient?name=nevermore': 'text',
    'Patient?name:contains=raven': 'text',
    'Patient?name:exact=Nevermore the Raven': 'text',
    'Patient?family:missing=true': 'hebrew long text town use village',
    'Patient?name:missing=true': 'town village',
    'Patient?address=3300': 'town',
    'Patient?address=suite': 'town',
    'Patient?address=ann': 'town',
    'Patient?address=hofweg': 'village',
    'Patient?address=washten': 'village',
    'Patient?address:contains=washten': 'town village',
    'Patient?address:contains=annas': 'village',
    'Patient?address=48104': 'town',
    'Patient?address=usa': 'town',
    'Patient?address-city=ann arbor': 'town',
    'Patient?address-city:exact=Ann': '',
    'Patient?address-postalcode=481': 'town',
    'Patient?address-state=MI&address-country=us': 'town',
  });

  describe('with characters that mean something elsewhere', () => {
    finds(() => admin, {
      'Patient?family=a%': 'signs',
      'Patient?family=a_b': '',
      'Patient?family=a%b_c': 'signs',
      'Patient?family:contains=_c\\\\d': 'signs',
      'Patient?family:contains=%': 'signs',
      'Patient?family:contains=a%%b': '',
      'Patient?family:exact=a%b_c\\\\d': 'signs',
      'Patient?given=x\\,y': 'signs',
      'Patient?given=x\\,y\\|z\\$w': 'signs',
      'Patient?given:exact=x\\,y\\|z\\$w': 'signs',
      'Patient?given=x\\,y|z$w': 'signs',
      // A comma that is not escaped parts two values.
      'Patient?given=q,y|z': '',
      'Patient?given=q,x': 'signs',
    });
  });

  describe('of scripts and signs', () => {
    finds(() => admin, {
      'Patient?family=ΟΔΥΣ': 'greek',
      'Patient?family=οδυσσευς': 'greek',
      'Patient?family:contains=ΣΣ': 'greek',
      'Patient?given=παπασ': 'greek',
      'Patient?given=παπασταθ': 'greek',
      // A syllable is a letter: it does not begin another one.
      'Patient?family=각': 'hangul',
      'Patient?family=가': '',
      // Signs of vowels are no accents.
      'Patient?family=राम': 'rama',
      'Patient?family=रीमा': 'rima',
      'Patient?family:contains=ปู': 'thai',
      'Patient?family:contains=ปี': '',
      'Patient?family=محمد': 'arab',
      'Patient?given=שלום': 'hebrew',
      'Patient?family=obrien': 'irish',
      "Patient?family=O'Brien": 'irish',
      'Patient?family=o’brien': 'irish',
      'Patient?family=muller schmidt': 'double',
      'Patient?family=Müller-Schmidt': 'double',
      'Patient?family=schmidt': 'double',
      'Patient?family:exact=Muller Schmidt': '',
      'Patient?family:exact=a b': '',
      'Patient?family:exact=a\tb': 'tabbed',
      'Patient?family=a b': 'tabbed',
    });
  });

  describe('that is long', () => {
    finds(() => admin, {
      'Patient?name=it was the best': 'long',
      'Patient?name:contains=stands manette': 'long',
      'Patient?name:contains=worst': 'long',
      'Patient?name:contains=times. the end': 'long',
      'Patient?name:contains=best of ends': '',
      'Patient?name=stands': '',
      'Patient?_filter=name ew "the end"': 'long',
      'Patient?_filter=name ew "manette."': '',
    });

    it('is not found by what tells it from others in the index', async () => {
      for (const sign of '0123456789zxqjkvy_')
        if (!long.includes(sign)) expect(await foundBy(admin, `Patient?name:contains=${sign}`)).not.to.include('long');
    });

    it('is found by all of itself, and not by what only begins like it', async () => {
      expect(await foundBy(admin, `Patient?name:exact=${long}`)).to.deep.equal(['long']);
      expect(await foundBy(admin, `Patient?name:exact=${long}.`)).to.deep.equal([]);
      expect(await foundBy(admin, `Patient?name=${long.slice(0, 400)}`)).to.deep.equal(['long']);
      expect(await foundBy(admin, `Patient?name:contains=${long.slice(900, 1_099)}`)).to.deep.equal(['long']);
    });

    it('is refused where more is asked for than the index can tell', async () => {
      for (const modifier of ['', ':text', ':contains']) {
        const asked = `Patient?name${modifier}=${'x'.repeat(modifier === '' ? 401 : 201)}`;
        refusedWith(await searched(admin, asked), 400, 'invalid', modifier === '' ? /at most 400/ : /at most 200/);
      }
      const below = `ValueSet?url:below=http://acme.org/${'x'.repeat(400)}`;
      refusedWith(await searched(admin, below), 400, 'invalid', /at most 400/);
    });
  });

  describe('of addresses of the web', () => {
    finds(() => admin, {
      'ValueSet?url=http://acme.org/fhir/ValueSet/123': 'short',
      'ValueSet?url=http://acme.org/fhir/ValueSet/12': '',
      'ValueSet?url=http://acme.org/FHIR/ValueSet/123': 'case',
      'ValueSet?url=HTTP://acme.org/fhir/ValueSet/123': '',
      'ValueSet?url=http://acme.org/fhir/ValueSet/123/': '',
      'ValueSet?url=urn:oid:1.2.3.4.5': 'oid',
      'ValueSet?url=urn:oid:1.2.3.4.5,http://acme.org/fhir': 'oid root',
      'ValueSet?url=http://acme.org/fhir/a%2C_b': 'sign',
      'ValueSet?url:below=http://acme.org/fhir/': 'beside long short sign',
      'ValueSet?url:below=http://acme.org/fhir': 'beside long root short sign',
      'ValueSet?url:below=http://acme.org/fhir/ValueSet/123': 'long short',
      'ValueSet?url:below=http://acme.org/fhir/a%': '',
      'ValueSet?url:above=http://acme.org/fhir/ValueSet/123/_history/5': 'long root short',
      'ValueSet?url:above=http://acme.org/fhir/ValueSet/123': 'root short',
      'ValueSet?url:missing=true': '',
    });
  });

  it('refuses modifiers that strings and addresses do not have', async () => {
    refusedWith(await searched(admin, 'Patient?family:not=x'), 400, 'invalid', /no modifier/);
    refusedWith(await searched(admin, 'ValueSet?url:contains=x'), 400, 'invalid', /no modifier/);
  });
});
