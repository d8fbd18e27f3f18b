import { expect } from 'chai';
import { startTestServer, type TestCaller, type TestServer } from '@heddle/core/testing';
import { ask, listAt, type Json } from '../conformance/asked.ts';

const marker = 'Zebulon-of-the-other-house';
const there = 'there-in-the-other';
const nowhere = 'nowhere-to-be-seen';

const to = (reference: string): Json => ({ reference });

/** Every way to name something: by its id, its identifier, what it refers to, what refers to it. */
const questions: readonly (readonly [method: string, path: string, body?: Json, headers?: Record<string, string>])[] = [
  ['GET', 'Patient/ID'],
  ['HEAD', 'Patient/ID'],
  ['GET', 'Patient/ID/_history'],
  ['GET', 'Patient/ID/_history/1'],
  ['DELETE', 'Patient/ID'],
  [
    'PATCH',
    'Patient/ID',
    [{ op: 'test', path: '/gender', value: 'male' }] as never,
    { 'Content-Type': 'application/json-patch+json' },
  ],
  ['GET', 'Patient/ID/Observation'],
  ['GET', 'Patient/ID/*'],
  ['GET', 'Patient?_id=ID'],
  ['GET', 'Patient?identifier=urn:mrn|ID'],
  ['GET', 'Patient?_list=ID'],
  ['GET', 'Patient?_has:Observation:patient:_id=ID'],
  ['GET', 'Observation?subject=Patient/ID&_include=Observation:subject&_total=accurate'],
  ['GET', 'Observation?subject:Patient.identifier=urn:mrn|ID'],
  ['GET', 'Observation?code:in=ValueSet/ID'],
  ['GET', 'SearchParameter/ID/$status'],
  ['GET', '?_type=Patient,Observation&_id=ID'],
  ['GET', 'Binary/ID'],
  [
    'POST',
    'Observation',
    { resourceType: 'Observation', status: 'final', code: { text: 'x' }, subject: to('Patient/ID') },
  ],
  [
    'POST',
    'Patient',
    { resourceType: 'Patient' },
    { 'If-None-Exist': 'identifier=urn:mrn|ID&_id=ID', Prefer: 'return=OperationOutcome' },
  ],
  ['DELETE', 'Patient?identifier=urn:mrn|ID'],
  ['POST', '', { resourceType: 'Bundle', type: 'batch', entry: [{ request: { method: 'GET', url: 'Patient/ID' } }] }],
  ['POST', '$graphql', { query: '{ Patient(id: "ID") { name { family } } }' }],
  [
    'POST',
    'Patient/ID/$break-the-glass',
    { resourceType: 'Parameters', parameter: [{ name: 'reason', valueString: 'an emergency at night' }] },
  ],
];

describe('one tenant of another', () => {
  let server: TestServer;
  let here: TestCaller;
  before(async () => {
    server = await startTestServer();
    here = await server.as('admin');
    const other = await server.as('otherhospital-admin');
    const put = async (resource: Json): Promise<void> => {
      const { status, text } = await ask(other, 'PUT', `${String(resource['resourceType'])}/${there}`, {
        id: there,
        ...resource,
      });
      expect(status, text).to.equal(201);
    };
    await put({
      resourceType: 'Patient',
      gender: 'male',
      name: [{ family: marker }],
      identifier: [{ system: 'urn:mrn', value: there }],
    });
    await put({
      resourceType: 'Observation',
      status: 'final',
      code: { text: marker },
      subject: to(`Patient/${there}`),
    });
    await put({ resourceType: 'List', status: 'current', mode: 'working', entry: [{ item: to(`Patient/${there}`) }] });
    await put({
      resourceType: 'ValueSet',
      status: 'active',
      compose: { include: [{ system: 'urn:s', concept: [{ code: marker }] }] },
    });
    await put({ resourceType: 'Binary', contentType: 'text/plain', data: Buffer.from(marker).toString('base64') });
    await put({
      ...{ resourceType: 'SearchParameter', url: 'urn:other', name: 'other', status: 'active', description: marker },
      ...{ code: 'other', base: ['Patient'], type: 'string', expression: 'Patient.name.family' },
    });
  });
  after(() => server.close());

  const told = async (id: string, [method, path, body, headers]: (typeof questions)[number]): Promise<string> => {
    const named = (text: string): string => text.replaceAll('ID', id);
    const sent = body === undefined ? undefined : named(JSON.stringify(body));
    const shown = Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name, named(value)]));
    const answer = await ask(here, method, named(path), sent, shown);
    // Who asks may make what does not exist here: under an id of the server's own.
    const made = /[0-9a-f]{8}-[\w-]{27}/g;
    const kept = [...answer.headers].filter(([name]) => !['date', 'x-request-id', 'last-modified'].includes(name));
    return JSON.stringify([answer.status, kept, answer.text])
      .replaceAll(id, 'ID')
      .replace(made, 'UUID')
      .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'NOW')
      .replace(/\["content-length","\d+"\]/, '');
  };

  for (const question of questions)
    it(`learns nothing by ${question[0]} ${question[1]}`, async () => {
      const [of, none] = [await told(there, question), await told(nowhere, question)];
      expect(of).to.equal(none);
      expect(of).to.not.contain(marker);
    });

  it('may have the same ids, and each keeps its own', async () => {
    const other = await server.as('otherhospital-admin');
    const mine = { resourceType: 'Patient', id: there, name: [{ family: 'Mine' }] };
    expect((await ask(here, 'PUT', `Patient/${there}`, mine)).status).to.equal(201);
    expect((await ask(other, 'GET', `Patient/${there}`)).text).to.contain(marker);
    expect((await ask(here, 'GET', `Patient/${there}`)).text).to.contain('Mine');
    expect(listAt((await ask(here, 'GET', 'Patient?family=Mine,Zebulon')).body, 'entry')).to.have.length(1);
    await ask(here, 'DELETE', `Patient/${there}`);
  });

  it('is answered in the same time for an id that is there and one that is not', async () => {
    const times = new Map<string, number[]>([
      [`${there}-2`, []],
      [nowhere, []],
    ]);
    const other = await server.as('otherhospital-admin');
    await ask(other, 'PUT', `Patient/${there}-2`, { resourceType: 'Patient', id: `${there}-2` });
    for (let pair = 0; pair < 1_000; pair++)
      for (const [id, taken] of pair % 2 === 0 ? times : [...times].toReversed()) {
        const from = performance.now();
        await ask(here, 'GET', `Patient/${id}`);
        taken.push(performance.now() - from);
      }
    const [of = 0, none = 0] = [...times.values()].map((taken) => taken.toSorted((a, b) => a - b)[500] ?? 0);
    console.log(
      `      medians of 1,000 pairs: ${of.toFixed(3)} ms of another tenant's, ${none.toFixed(3)} ms of nobody's`,
    );
    expect(Math.abs(of - none)).to.be.below(0.25 * Math.max(of, none));
  }).timeout(60_000);
});
