/** Numbers are found by all the digits they were written with, by whichever door they came, and comparators are ranges that are open at their end. */
import { expect } from 'chai';
import { startTestServer, type TestCaller, type TestServer } from '@heddle/core/testing';
import { ask, type Json } from './asked.ts';
import { finds, foundBy, observed, putAll, refer, ucum } from './searching.ts';

const about = (id: string, number: string): string =>
  `{"resourceType":"RiskAssessment","id":"${id}","status":"final","subject":{"reference":"Patient/p"},"prediction":[{"probabilityDecimal":${number}}]}`;

const many = '12345678901234567890.5';
const fine = '0.1234567890123456789';

describe('the digits of numbers', () => {
  let server: TestServer;
  let admin: TestCaller;
  before(async () => {
    server = await startTestServer();
    admin = await server.as('admin');
    await putAll(admin, [{ resourceType: 'Patient', id: 'p' }]);
  });
  after(() => server.close());

  const json = { 'Content-Type': 'application/fhir+json' };
  const send = async (method: string, path: string, body: string, type = json): Promise<void> => {
    const { status, text } = await ask(admin, method, path, body, type);
    expect(status, text).to.be.oneOf([200, 201]);
  };
  const findsOnly = async (id: string, number: string): Promise<void> => {
    for (const asked of [number, `ge${number}`])
      expect(await foundBy(admin, `RiskAssessment?probability=${asked}&_id=${id}`)).to.deep.equal([id]);
    for (const asked of [`ne${number}`, `gt${number}`, `lt${number}`])
      expect(await foundBy(admin, `RiskAssessment?probability=${asked}&_id=${id}`), asked).to.deep.equal([]);
  };

  it('of JSON', async () => {
    await send('PUT', 'RiskAssessment/json', about('json', many));
    await findsOnly('json', many);
    await send('PUT', 'RiskAssessment/json', about('json', fine));
    await findsOnly('json', fine);
    expect(await foundBy(admin, `RiskAssessment?probability=${many}`)).to.deep.equal([]);
  });

  it('of XML', async () => {
    const xml = `<RiskAssessment xmlns="http://hl7.org/fhir"><id value="xml"/><status value="final"/><subject><reference value="Patient/p"/></subject><prediction><probabilityDecimal value="${many}"/></prediction></RiskAssessment>`;
    await send('PUT', 'RiskAssessment/xml', xml, { 'Content-Type': 'application/fhir+xml' });
    await findsOnly('xml', many);
  });

  for (const type of ['batch', 'transaction'])
    it(`of a ${type}`, async () => {
      const request = `{"method":"PUT","url":"RiskAssessment/${type}"}`;
      const bundle = `{"resourceType":"Bundle","type":"${type}","entry":[{"resource":${about(type, many)},"request":${request}}]}`;
      await send('POST', '', bundle);
      await findsOnly(type, many);
    });

  it('of a patch', async () => {
    await send('PUT', 'RiskAssessment/patch', about('patch', '1'));
    const patch = `[{"op":"replace","path":"/prediction/0/probabilityDecimal","value":${many}}]`;
    await send('PATCH', 'RiskAssessment/patch', patch, { 'Content-Type': 'application/json-patch+json' });
    await findsOnly('patch', many);
  });

  it('of a quantity, as it is written and in UCUM', async () => {
    const value = '1.00000000000000000001';
    const body = `{"resourceType":"Observation","id":"q","status":"final","code":{"text":"x"},"valueQuantity":{"value":${value},"system":"${ucum}","code":"g"}}`;
    await send('PUT', 'Observation/q', body);
    for (const unit of ['', `|${ucum}|g`, `|${ucum}|kg`]) {
      const asked = unit.endsWith('kg') ? '0.001' : '1';
      expect(await foundBy(admin, `Observation?value-quantity=gt${asked}${unit}`), unit).to.deep.equal(['q']);
      expect(await foundBy(admin, `Observation?value-quantity=le${asked}${unit}`), unit).to.deep.equal([]);
    }
  });

  it('of a place, written as nobody would', async () => {
    await send(
      'PUT',
      'Location/here',
      '{"resourceType":"Location","id":"here","position":{"latitude":1.0,"longitude":2.00}}',
    );
    expect(await foundBy(admin, 'Location?near=1|2|1|km')).to.deep.equal(['here']);
  });
});

const compared = (id: string, comparator: string, value = 5.4): Json =>
  observed(id, { subject: refer('Patient/p'), valueQuantity: { value, comparator, system: ucum, code: 'g' } });

describe('quantities of which one end is known', () => {
  let server: TestServer;
  let admin: TestCaller;
  before(async () => {
    server = await startTestServer();
    admin = await server.as('admin');
    const signs = { less: '<', most: '<=', least: '>=', more: '>' };
    await putAll(admin, [
      { resourceType: 'Patient', id: 'p' },
      ...Object.entries(signs).map(([id, sign]) => compared(id, sign)),
      compared('none-negative', '<', 0),
    ]);
  });
  after(() => server.close());

  finds(() => admin, {
    'Observation?value-quantity=ge5.4': 'least more most',
    'Observation?value-quantity=gt5.4': 'least more',
    'Observation?value-quantity=le5.4': 'least less most none-negative',
    'Observation?value-quantity=lt5.4': 'less most none-negative',
    'Observation?value-quantity=sa5.4': 'more',
    'Observation?value-quantity=eb5.4': 'less none-negative',
    'Observation?value-quantity=5.4': '',
    'Observation?value-quantity=ne5.4': 'least less more most none-negative',
    'Observation?value-quantity=ge0': 'least less more most',
    [`Observation?value-quantity=ge5400|${ucum}|mg`]: 'least more most',
    [`Observation?value-quantity=le5400|${ucum}|mg`]: 'least less most none-negative',
    [`Observation?value-quantity=sa5400|${ucum}|mg`]: 'more',
    [`Observation?value-quantity=eb0.0054|${ucum}|kg`]: 'less none-negative',
  });
});

describe('tokens that are strings underneath', () => {
  let server: TestServer;
  let admin: TestCaller;
  before(async () => {
    server = await startTestServer();
    admin = await server.as('admin');
    await putAll(admin, [
      { resourceType: 'ValueSet', id: 'set', status: 'active', url: 'http://ex/set', version: 'RC-A' },
      {
        resourceType: 'Medication',
        id: 'lot',
        batch: { lotNumber: 'LotABC' },
        code: { coding: [{ system: 'http://ex', code: 'Ab' }] },
      },
      { resourceType: 'Patient', id: 'mail', telecom: [{ system: 'email', value: 'A@b.org' }] },
    ]);
  });
  after(() => server.close());

  finds(() => admin, {
    'ValueSet?version=rc-a': 'set',
    'ValueSet?version=RC-A': 'set',
    'ValueSet?version=|Rc-a': 'set',
    'ValueSet?version:not=rc-a': '',
    'Medication?lot-number=lotabc': 'lot',
    'Medication?lot-number=LOTABC,x': 'lot',
    'Patient?email=a@b.org': 'mail',
    'Patient?telecom=A@B.ORG': 'mail',
    // Codes are what their system says they are.
    'Medication?code=ab': '',
    'Medication?code=Ab': 'lot',
  });
});
