import { expect } from 'chai';
import { parseBody } from '../../../src/fhir/body.ts';
import { parseLossless } from '../../../src/fhir/lossless.ts';
import { resourceTypes } from '../../../src/fhir/resource-types.ts';
import { openXml } from '../../../src/fhir/xml/format.ts';
import { Outcome } from '../../../src/outcome/outcome.ts';
import { seeded } from '../../seeded.ts';
import { maker } from '../structure/made.ts';
import { structures } from '../structure/opened.ts';

const { fromXml, toXml } = openXml(structures);

const declaration = '<?xml version="1.0" encoding="UTF-8"?>';
const inPatient = (inside: string): string => `<Patient xmlns="http://hl7.org/fhir">${inside}</Patient>`;
const patient = (more: object): object => ({ resourceType: 'Patient', ...more });
const div = '<div xmlns="http://www.w3.org/1999/xhtml"><p title="x">a &amp; <b>b</b><br/></p>\n</div>';

/** The same resource in both; the JSON in the order of the specification. */
const pairs: Record<string, readonly [string, string]> = {
  'a resource without elements': ['{"resourceType":"Patient"}', '<Patient xmlns="http://hl7.org/fhir"/>'],
  primitives: [
    '{"resourceType":"Patient","id":"a","active":true,"gender":"male","birthDate":"1970-01","multipleBirthInteger":2}',
    inPatient(
      '<id value="a"/><active value="true"/><gender value="male"/><birthDate value="1970-01"/><multipleBirthInteger value="2"/>',
    ),
  ],
  'lists, objects and ids': [
    '{"resourceType":"Patient","name":[{"id":"n","given":["a","b"]},{"text":"c"}]}',
    inPatient('<name id="n"><given value="a"/><given value="b"/></name><name><text value="c"/></name>'),
  ],
  'the other half of a primitive': [
    '{"resourceType":"Patient","birthDate":"1970","_birthDate":{"id":"b","extension":[{"url":"u","valueString":"x"}]}}',
    inPatient('<birthDate id="b" value="1970"><extension url="u"><valueString value="x"/></extension></birthDate>'),
  ],
  'a primitive without a value': [
    '{"resourceType":"Patient","_birthDate":{"extension":[{"url":"u","valueCode":"x"}]}}',
    inPatient('<birthDate><extension url="u"><valueCode value="x"/></extension></birthDate>'),
  ],
  'halves at their places in a list': [
    '{"resourceType":"Patient","name":[{"given":["a",null,"c"],"_given":[null,{"id":"x","extension":[{"url":"u","valueCode":"x"}]},{"id":"y"}]}]}',
    inPatient(
      '<name><given value="a"/><given id="x"><extension url="u"><valueCode value="x"/></extension></given><given id="y" value="c"/></name>',
    ),
  ],
  'a narrative, word for word': [
    JSON.stringify(patient({ text: { status: 'generated', div } })),
    inPatient(`<text><status value="generated"/>${div}</text>`),
  ],
  'contained resources': [
    '{"resourceType":"Patient","contained":[{"resourceType":"Basic","id":"b","code":{"text":"x"}}]}',
    inPatient('<contained><Basic><id value="b"/><code><text value="x"/></code></Basic></contained>'),
  ],
  'the resources of a bundle': [
    '{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"urn:a","resource":{"resourceType":"Patient","active":false}}]}',
    '<Bundle xmlns="http://hl7.org/fhir"><type value="collection"/><entry><fullUrl value="urn:a"/><resource><Patient><active value="false"/></Patient></resource></entry></Bundle>',
  ],
  'the digits of decimals': [
    '{"resourceType":"Observation","valueQuantity":{"value":1.00}}',
    '<Observation xmlns="http://hl7.org/fhir"><valueQuantity><value value="1.00"/></valueQuantity></Observation>',
  ],
  'exponents and long numbers': [
    '{"resourceType":"Observation","referenceRange":[{"low":{"value":1E-7},"high":{"value":12345678901234567890.5}}]}',
    '<Observation xmlns="http://hl7.org/fhir"><referenceRange><low><value value="1E-7"/></low><high><value value="12345678901234567890.5"/></high></referenceRange></Observation>',
  ],
  'characters that XML writes otherwise': [
    JSON.stringify(patient({ name: [{ text: '<a> & "b" \'c\'\n\td\r😀' }] })),
    inPatient('<name><text value="&#60;a&#62; &#38; &#34;b&#34; \'c\'&#10;&#9;d&#13;😀"/></name>'),
  ],
};

const read: Record<string, readonly [string, string]> = {
  'comments, blanks and instructions': [
    `${declaration}\n<!-- a -->\n<?x y?><Patient xmlns="http://hl7.org/fhir">\n  <!-- a - b -->\n  <active value = 'true' ></active>\n</Patient>\n<!-- z -->`,
    '{"resourceType":"Patient","active":true}',
  ],
  'a prefix for its namespace': [
    '<f:Patient xmlns:f="http://hl7.org/fhir"><f:active value="true"/></f:Patient>',
    '{"resourceType":"Patient","active":true}',
  ],
  'a place of its schema': [
    '<Patient xmlns="http://hl7.org/fhir" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="a b"/>',
    '{"resourceType":"Patient"}',
  ],
  'a byte order mark and the line ends of Windows': [
    '\ufeff<Patient\r\nxmlns="http://hl7.org/fhir"/>\r\n',
    '{"resourceType":"Patient"}',
  ],
  'the characters of XML': [
    inPatient('<name><text value="&amp;&lt;&gt;&quot;&apos;&#65;&#x1F600; a&#10;b\nc"/></name>'),
    JSON.stringify(patient({ name: [{ text: '&<>"\'A😀 a\nb c' }] })),
  ],
  'a narrative with a prefix, written anew': [
    '<Patient xmlns="http://hl7.org/fhir" xmlns:h="http://www.w3.org/1999/xhtml"><text><status value="generated"/><h:div><h:p class="a">b &lt;<![CDATA[<c>]]></h:p></h:div></text></Patient>',
    JSON.stringify(
      patient({
        text: {
          status: 'generated',
          div: '<div xmlns="http://www.w3.org/1999/xhtml"><p class="a">b &#60;&#60;c&#62;</p></div>',
        },
      }),
    ),
  ],
};

const lots = 'x'.repeat(10);
const entities = Array.from({ length: 10 }, (_, n) => `<!ENTITY e${n + 1} "${`&e${n};`.repeat(10)}">`).join('');

/** What is told, and where. */
const refused: Record<string, readonly [string, string, string, string?]> = {
  nothing: ['', 'has no element', 'line 1 column 1'],
  JSON: ['{"resourceType":"Patient"}', 'text outside its tags', 'line 1 column 1'],
  'a document type': ['<!DOCTYPE Patient><Patient xmlns="http://hl7.org/fhir"/>', 'document type', 'line 1 column 1'],
  'an outside entity': [
    `<!DOCTYPE Patient [<!ENTITY x SYSTEM "file:///etc/passwd">]>${inPatient('<name><text value="&x;"/></name>')}`,
    'document type',
    'line 1 column 1',
  ],
  'a billion laughs': [
    `<!DOCTYPE a [<!ENTITY e0 "${lots}">${entities}]><a>&e10;</a>`,
    'document type',
    'line 1 column 1',
  ],
  'an entity that is not XML’s': [inPatient('<name><text value="a&nbsp;b"/></name>'), 'has an &', 'line 1 column 58'],
  'a lone ampersand': [inPatient('\n<name><text value="a & b"/></name>'), 'has an &', 'line 2 column 22'],
  'a character that is none': [inPatient('<id value="&#0;"/>'), 'has an &', 'line 1 column 49'],
  'a character far outside': [inPatient('<id value="&#x110000;"/>'), 'has an &', 'line 1 column 49'],
  'a control character': [inPatient('<id value="\u0001"/>'), 'a character that XML does not have', 'line 1 column 49'],
  'half a surrogate': [inPatient('<id value="\ud800"/>'), 'a character that XML does not have', 'line 1 column 49'],
  'a tag that never closes': ['<Patient xmlns="http://hl7.org/fhir">', 'never closes', 'line 1 column 38'],
  'a tag cut off': ['<Patient xmlns="http://hl7.org/fhir"', 'ends inside a tag', 'line 1 column 37'],
  'tags that cross': [
    inPatient('<name><text value="a"></name></text>'),
    'close in the order',
    'line 1 column 60',
    'Patient.name.text',
  ],
  'two roots': [
    '<Patient xmlns="http://hl7.org/fhir"/><Patient xmlns="http://hl7.org/fhir"/>',
    'behind its last tag',
    'line 1 column 39',
  ],
  'text behind its root': ['<Patient xmlns="http://hl7.org/fhir"/>x', 'text outside', 'line 1 column 39'],
  'an attribute without a value': [inPatient('<id value/>'), 'without a value', 'line 1 column 47'],
  'an attribute without quotation marks': [inPatient('<id value=a/>'), 'quotation marks', 'line 1 column 48'],
  'an attribute twice': [inPatient('<id value="a" value="b"/>'), 'attribute twice', 'line 1 column 52'],
  'attributes that touch': [inPatient('<id id="a"value="b"/>'), 'not well-formed', 'line 1 column 48'],
  'a < in an attribute': [inPatient('<id value="<"/>'), 'write &lt;', 'line 1 column 49'],
  'a prefix that nobody declares': [inPatient('<x:id value="a"/>'), 'no xmlns declares', 'line 1'],
  'a comment that is none': [inPatient('<!-- a -- b -->'), 'a comment', 'line 1 column 38'],
  'a comment that never ends': [inPatient('<!-- a'), 'never ends', 'line 1 column 38'],
  'an instruction that never ends': [inPatient('<?a'), 'never ends', 'line 1 column 38'],
  'an XML declaration in its middle': [inPatient(declaration), 'not its begin', 'line 1 column 38'],
  'another encoding': [
    '<?xml version="1.0" encoding="UTF-16"?><Patient xmlns="http://hl7.org/fhir"/>',
    'UTF-8',
    'line 1 column 1',
  ],
  'very many levels': ['<a>'.repeat(10_000), 'nested more than', 'line 1 column'],
  'very many attributes': [
    `<a ${Array.from({ length: 10_000 }, (_, n) => `a${n}="b"`).join(' ')}/>`,
    'too many attributes',
    'line 1 column',
  ],
  'no namespace': ['<Patient/>', 'in the namespace http://hl7.org/fhir', 'line 1 column 1', 'Patient'],
  'another namespace': [
    '<Patient xmlns="urn:hl7-org:v3"/>',
    'in the namespace http://hl7.org/fhir',
    'line 1 column 1',
    'Patient',
  ],
  'no resource': ['<HumanName xmlns="http://hl7.org/fhir"/>', 'must have a resource of R4', 'line 1 column 1'],
  'an abstract resource': [
    '<DomainResource xmlns="http://hl7.org/fhir"/>',
    'must have a resource of R4',
    'line 1 column 1',
  ],
  'an unknown element': [
    inPatient('\n<foo value="x"/>'),
    'that Patient does not have',
    'line 2 column 1',
    'Patient.foo',
  ],
  'an element of another namespace': [
    inPatient('<active xmlns="urn:x" value="true"/>'),
    'does not have',
    'line 1 column 38',
    'Patient.active',
  ],
  'the prototype': [inPatient('<__proto__ value="x"/>'), 'does not have', 'line 1 column 38'],
  'an unknown element deep inside': [
    inPatient('<contact/><contact><name><nick value="x"/></name></contact>').replace('<contact/>', '<contact id="a"/>'),
    'that HumanName does not have',
    'line 1',
    'Patient.contact[1].name.nick',
  ],
  'an order that is not R4’s': [
    inPatient('<gender value="male"/><active value="true"/>'),
    'must stand before',
    'line 1 column 60',
    'Patient.active',
  ],
  'a list in two parts': [
    inPatient('<name><text value="a"/></name><active value="true"/><name><text value="b"/></name>'),
    'must stand before',
    'line 1 column 68',
    'Patient.active',
  ],
  'one element twice': [
    inPatient('<active value="true"/><active value="true"/>'),
    'more than once',
    'line 1 column 60',
    'Patient.active',
  ],
  'an attribute that FHIR does not have': [
    inPatient('<active value="true" x="y"/>'),
    'an attribute that',
    'line 1 column 59',
    'Patient.active',
  ],
  'an attribute of another namespace': [
    inPatient('<active value="true" xml:lang="de"/>'),
    'an attribute that',
    'line 1 column 59',
    'Patient.active',
  ],
  'an id as an attribute of a resource': [
    '<Patient xmlns="http://hl7.org/fhir" id="a"/>',
    'an attribute that',
    'line 1 column 38',
    'Patient',
  ],
  'a value on an object': [inPatient('<name value="a"/>'), 'an attribute that', 'line 1 column 44', 'Patient.name[0]'],
  'a primitive without a value': [inPatient('<active/>'), 'without a value', 'line 1 column 38', 'Patient.active'],
  'text in an element': [
    inPatient('<active>true</active>'),
    'text inside an element',
    'line 1 column 38',
    'Patient.active',
  ],
  'CDATA in an element': [inPatient('<![CDATA[a]]>'), 'text inside an element', 'line 1 column 1', 'Patient'],
  'no boolean': [inPatient('<active value="yes"/>'), 'true or false', 'line 1 column 46', 'Patient.active'],
  'no number': [
    inPatient('<multipleBirthInteger value="+1"/>'),
    'a number',
    'line 1 column 60',
    'Patient.multipleBirth',
  ],
  'no number of JSON': [
    inPatient('<multipleBirthInteger value="01"/>'),
    'a number',
    'line 1 column 60',
    'Patient.multipleBirth',
  ],
  'two resources contained in one': [
    inPatient('<contained><Basic/><Basic/></contained>'),
    'exactly one resource',
    'line 1 column 38',
    'Patient.contained[0]',
  ],
  'nothing contained': [inPatient('<contained/>'), 'exactly one resource', 'line 1 column 38', 'Patient.contained[0]'],
  'a narrative outside its namespace': [
    inPatient('<text><status value="generated"/><div>a</div></text>'),
    'or a namespace',
    'line 1 column 71',
    'Patient.text.div',
  ],
};

const refusal = (text: string): Outcome => {
  try {
    fromXml(text);
  } catch (thrown) {
    if (thrown instanceof Outcome) return thrown;
    throw thrown;
  }
  throw new Error('it was taken');
};

/** In one order of members, without lists of nulls, which XML does not have. */
const canonical = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null || 'rawJSON' in value) return value;
  if (Array.isArray(value)) return value.map(canonical);
  const isSomething = (one: unknown): boolean => !Array.isArray(one) || one.some((part) => part !== null);
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, one]) => isSomething(one))
      .map(([key, one]) => [key, canonical(one)] as const)
      .sort(([a], [b]) => Number(a > b) - Number(a < b)),
  );
};
const same = (json: string): string => JSON.stringify(canonical(parseLossless(json)));

describe('XML', () => {
  for (const [what, [json, xml]] of Object.entries(pairs)) {
    it(`is written of ${what}`, () => {
      expect(toXml(json)).to.equal(declaration + xml);
    });
    it(`is read with ${what}`, () => {
      expect(fromXml(xml)).to.equal(json);
    });
  }

  for (const [what, [xml, json]] of Object.entries(read))
    it(`is read with ${what}`, () => {
      expect(fromXml(xml)).to.equal(json);
    });

  for (const [what, [xml, says, place, path]] of Object.entries(refused))
    it(`is refused with its place when it has ${what}`, () => {
      const { issues, message, status } = refusal(xml);
      expect(message).to.contain(says).and.contain(place);
      expect(status).to.equal(400);
      if (path !== undefined) expect(issues[0]?.expression).to.deep.equal([path]);
    });

  it('comes in the order of the specification, whatever the order in JSON', () => {
    expect(toXml('{"birthDate":"1970","active":true,"_birthDate":{"id":"b"},"resourceType":"Patient"}')).to.contain(
      '<active value="true"/><birthDate id="b" value="1970"/>',
    );
  });

  it('comes of a resource as well as of its text', () => {
    expect(toXml(patient({ active: true }))).to.equal(toXml('{"resourceType":"Patient","active":true}'));
  });

  it('is refused without a word of what stands in it', () => {
    const secret = 'Chalmers';
    for (const xml of [
      inPatient(`<name><text value="${secret}" value="${secret}"/></name>`),
      inPatient(`<name><text value="${secret} & ${secret}"/></name>`),
      inPatient(`<active value="${secret}"/>`),
      inPatient(secret),
      secret,
    ]) {
      const { issues, message } = refusal(xml);
      expect(`${message}${JSON.stringify(issues)}`).not.to.contain(secret);
    }
  });

  it('brings back every resource as it was', () => {
    const random = seeded();
    const { resource } = maker(random);
    for (let round = 0; round < 6; round++)
      for (const type of resourceTypes) {
        const json = JSON.stringify(resource(type));
        const back = fromXml(toXml(json));
        expect(same(back), `seed ${random.seed}: ${json}`).to.equal(same(json));
        expect(structures.faults(parseBody(back).exact ?? parseBody(back).resource)).to.deep.equal([]);
      }
  });

  it('that was broken by chance is read or refused, and nothing else happens', () => {
    const random = seeded();
    const { resource } = maker(random);
    const pieces = [
      '<',
      '>',
      '/',
      '"',
      '&',
      ';',
      '=',
      ' ',
      '<!--',
      ']]>',
      '<![CDATA[',
      '<?',
      '?>',
      'xmlns',
      'a',
      ':',
      '</',
    ];
    for (let round = 0; round < 3_000; round++) {
      const xml = toXml(resource(random.pick(resourceTypes)));
      const at = random.whole(xml.length);
      const broken = xml.slice(0, at) + random.pick(pieces) + xml.slice(at + random.whole(3));
      try {
        JSON.parse(fromXml(broken));
      } catch (thrown) {
        expect(thrown, `seed ${random.seed}, round ${round}: ${broken}`).to.be.instanceOf(Outcome);
      }
    }
  });

  it('is read in time that grows with its length', () => {
    const start = performance.now();
    const long = inPatient(`<name>${'<given value="a &amp; b"/>'.repeat(50_000)}</name>`);
    expect(fromXml(long).length).to.be.greaterThan(100_000);
    expect(performance.now() - start).to.be.lessThan(2_000);
  });
});
