import { expect } from 'chai';
import { startTestServer, type TestCaller, type TestServer } from '@heddle/core/testing';
import { bodyOf, type Resource } from '../../core/src/fhir/body.ts';
import { parseQuery } from '../../core/src/fhir/search/parse/parse.ts';
import { satisfies, type Subject, type World } from '../../core/src/store/search/evaluate.ts';
import { referenceWord } from '../../core/src/store/index/words.ts';
import { seeded } from '../../core/test/seeded.ts';
import { ask, at, listAt, textAt } from './asked.ts';

const random = seeded();
const { pick, whole } = random;
const maybe = <T>(value: T): T | undefined => (whole(3) === 0 ? undefined : value);

const families = ['Müller', 'Muller', 'Smith', "O'Brien", 'van der Berg', 'Ng', 'mü', 'a_b', 'a%b', 'ÅSE'];
const codes = ['1', '2', '8480-6'];
const systems = ['http://loinc.org', 'http://snomed.info/sct', ''];
const dates = [
  '2020',
  '2020-02',
  '2020-02-29',
  '2020-02-29T10:00:00Z',
  '2020-02-29T23:59:59.5-05:00',
  '2021-01-01',
  '1965-06',
];
const numbers = ['5', '5.4', '5.40', '5400', '-3', '0', '100', '0.00001', '1e3'];
const units = ['g', 'mg', 'kg', 'mm[Hg]', '%', 'Cel'];
const ids = Array.from({ length: 12 }, (_, n) => `r${n}`);

const coding = () => {
  const system = pick(systems);
  return {
    ...(system === '' ? {} : { system }),
    code: pick(codes),
    display: pick(['Systolic pressure', 'Glucose', 'weight']),
  };
};
const concept = () => ({ coding: Array.from({ length: 1 + whole(2) }, coding), text: maybe('some Text') });
const quantity = () => ({
  value: Number(pick(numbers)),
  ...(whole(4) === 0 ? { unit: pick(units) } : { system: 'http://unitsofmeasure.org', code: pick(units), unit: 'x' }),
});
const period = () => {
  const [start, end] = [maybe('2020-01-15'), maybe('2020-03-01T00:00:00Z')];
  return start || end ? { start, end } : { start: '2019' };
};

const clean = (value: unknown): Resource => JSON.parse(JSON.stringify(value)) as Resource;

const makers: Readonly<Record<string, (id: string) => Resource>> = {
  Organization: (id) => clean({ resourceType: 'Organization', id, name: pick(families), partOf: undefined }),
  Patient: (id) =>
    clean({
      ...{
        resourceType: 'Patient',
        id,
        gender: maybe(pick(['male', 'female'])),
        birthDate: maybe(pick(['1980-05-17', '1980', '1979-12'])),
      },
      name: maybe([{ family: pick(families), given: [pick(['Anna', 'Ben', 'Ánna Maria'])] }]),
      identifier: maybe([
        {
          system: pick(['http://a', 'http://b']),
          value: pick(['1', '2', 'A|B']),
          type: maybe({ coding: [{ system: 'http://t', code: 'MR' }] }),
        },
      ]),
      managingOrganization: maybe({ reference: `Organization/${pick(ids)}` }),
      meta: { tag: [{ system: 'http://tag', code: pick(['x', 'y']) }], profile: maybe(['http://p/1']) },
      text: maybe({
        status: 'generated',
        div: `<div xmlns="http://www.w3.org/1999/xhtml">Bone <b>metastases</b> ${pick(families).replace('&', '')}</div>`,
      }),
    }),
  Observation: (id) => {
    const value = whole(4);
    return clean({
      ...{ resourceType: 'Observation', id, status: pick(['final', 'amended']), code: concept() },
      subject: maybe({ reference: `Patient/${pick(ids)}` }),
      ...(whole(2) === 0 ? { effectiveDateTime: pick(dates) } : { effectivePeriod: period() }),
      ...(value === 0 ? { valueQuantity: quantity() } : {}),
      ...(value === 1 ? { valueCodeableConcept: concept() } : {}),
      ...(value === 2 ? { valueString: pick(families) } : {}),
      component: maybe(
        Array.from({ length: 1 + whole(2) }, () => ({ code: concept(), valueQuantity: maybe(quantity()) })),
      ),
    });
  },
};
const types = Object.keys(makers);

const tokenValue = () => pick([pick(codes), `${pick(systems)}|${pick(codes)}`, `${pick(systems)}|`, `|${pick(codes)}`]);
const prefix = () => pick(['', 'eq', 'ne', 'gt', 'lt', 'ge', 'le', 'sa', 'eb', 'ap']);
const dateValue = () => `${prefix()}${pick(dates)}`;
const numberText = () => `${prefix()}${pick(numbers)}`;
const quantityText = () =>
  pick([numberText(), `${numberText()}|http://unitsofmeasure.org|${pick(units)}`, `${numberText()}||${pick(units)}`]);
const nameText = () => pick(['mul', 'Mül', 'smi', 'o', 'van der', 'a_', 'a%', 'berg', 'n', 'Ng', 'anna']);
const either = (make: () => string): string => (whole(4) === 0 ? `${make()},${make()}` : make());
const truth = () => pick(['true', 'false']);

type Asked = readonly [name: string, value: string];
const questions: Readonly<Record<string, readonly (() => Asked)[]>> = {
  Organization: [
    () => [pick(['name', 'name:exact', 'name:contains']), either(nameText)],
    () => ['_has:Patient:organization:gender', pick(['male', 'female'])],
    () => ['_has:Patient:organization:_has:Observation:patient:code', tokenValue()],
  ],
  Patient: [
    () => [pick(['family', 'family:exact', 'family:contains', 'name', 'given']), either(nameText)],
    () => ['family:exact', pick(families)],
    () => [pick(['gender', 'gender:not']), pick(['male', 'female', 'male,female'])],
    () => [
      pick(['birthdate', 'death-date']),
      either(() => `${prefix()}${pick(['1980-05-17', '1980', '1979', '2020'])}`),
    ],
    () => ['identifier', either(() => pick(['1', 'http://a|1', 'http://a|', '|2', 'A\\|B', 'http://b|A\\|B']))],
    () => ['identifier:of-type', `http://t|MR|${pick(['1', '2'])}`],
    () => [`${pick(['family', 'birthdate', 'organization', 'identifier', '_tag'])}:missing`, truth()],
    () => ['organization', pick([pick(ids), `Organization/${pick(ids)}`])],
    () => [pick(['organization.name', 'organization:Organization.name']), nameText()],
    () => ['_has:Observation:patient:code', tokenValue()],
    () => ['_has:Observation:subject:date', dateValue()],
    () => ['_id', either(() => pick(ids))],
    () => ['_tag', pick(['x', 'http://tag|y', 'http://tag|'])],
    () => ['_profile', 'http://p/1'],
    () => ['_text', pick(['bone', 'metastases', 'bone and smith', 'smith or ng', 'not bone', '"bone metastases"'])],
    () => ['_content', pick(['anna', 'http', 'generated', 'ben or maria'])],
    () => [
      '_filter',
      pick([
        'family co "mul" or gender eq male',
        'not (gender eq female) and birthdate ge 1980',
        'organization.name sw "S"',
      ]),
    ],
    () => ['_lastUpdated', pick(['gt2020-01-01', 'lt2020-01-01'])],
  ],
  Observation: [
    () => [pick(['code', 'code:not', 'combo-code', 'component-code', 'value-concept']), either(tokenValue)],
    () => [pick(['code:text', 'combo-code:text']), pick(['gluc', 'pressure', 'some text', 'ystolic'])],
    () => ['date', either(dateValue)],
    () => [pick(['value-quantity', 'component-value-quantity', 'combo-value-quantity']), either(quantityText)],
    () => [
      pick(['code-value-quantity', 'component-code-value-quantity', 'combo-code-value-quantity']),
      `${tokenValue()}$${quantityText()}`,
    ],
    () => ['code-value-concept', `${tokenValue()}$${tokenValue()}`],
    () => ['code-value-string', `${pick(codes)}$${nameText()}`],
    () => [pick(['patient', 'subject', 'subject:Patient']), pick(ids)],
    () => [
      pick(['subject.family', 'subject:Patient.name', 'patient.organization.name', 'patient:Patient.gender']),
      pick([nameText(), 'male']),
    ],
    () => ['patient._has:Observation:patient:status', 'amended'],
    () => ['status', pick(['final', 'amended', 'final,amended'])],
    () => [`${pick(['date', 'value-quantity', 'subject', 'component-code', 'value-string'])}:missing`, truth()],
    () => ['value-string', either(nameText)],
    () => [
      '_filter',
      pick(['code eq 1 and date ge 2020', 'value-quantity gt 5 or status eq amended', 'subject.gender eq male']),
    ],
  ],
};

describe('a search in the database and one in memory', () => {
  let server: TestServer;
  let admin: TestCaller;
  const resources = new Map<string, Resource>();
  const rounds = Number(process.env['ROUNDS'] ?? 1_500);

  before(async () => {
    server = await startTestServer();
    admin = await server.as('admin');
    const caller = await server.caller('admin');
    for (const type of types)
      for (const id of ids) {
        const resource = makers[type]?.(id) ?? expect.fail(type);
        resources.set(`${type}/${id}`, resource);
        await server.perform({ verb: 'update', type, id, caller, body: bodyOf(resource) });
      }
  });
  after(() => server.close());

  it('find the same', async () => {
    const { store, publicUrl, now } = server.serving.kernel;
    const subjectOf = (type: string, id: string): Subject | undefined => {
      const resource = resources.get(`${type}/${id}`);
      if (!resource) return undefined;
      const { entries } = store.base.index(type, resource);
      return { type, id, updated: now(), resource, entries, shown: (code) => store.base.shown(type, resource, code) };
    };
    const world: World = {
      now: now(),
      resolve: async (type, id) => subjectOf(type, id),
      referring: async (type, keys, target) =>
        ids.flatMap((id) => {
          const subject = subjectOf(type, id);
          const value = referenceWord(target.type, target.id);
          const refers = subject?.entries.words.some((word) => keys.includes(word.param) && word.value === value);
          return subject && refers ? [subject] : [];
        }),
    };
    let found = 0;
    for (let round = 0; round < rounds; round++) {
      const type = pick(types);
      const asked = Array.from({ length: 1 + whole(3) }, () => pick(questions[type] ?? [])());
      const query = new URLSearchParams(asked.map(([name, value]): [string, string] => [name, value]));
      const answer = await ask(admin, 'GET', `${type}?${query.toString()}&_count=100`);
      expect(answer.status, `${type}?${query.toString()} ${answer.text}`).to.equal(200);
      const inDatabase = listAt(answer.body, 'entry')
        .filter((entry) => at(entry, 'search', 'mode') === 'match')
        .map((entry) => textAt(entry, 'resource', 'id'));
      const parsed = parseQuery(type, query, {
        parametersOf: (each) => store.base.parameters(each).all,
        base: `${publicUrl}/fhir`,
      });
      const conditions = store.base.conditions(parsed.query);
      const inMemory: string[] = [];
      for (const id of ids) {
        const subject = subjectOf(type, id) ?? expect.fail(id);
        const all = await Promise.all(conditions.map((condition) => satisfies(condition, subject, world)));
        if (all.every(Boolean)) inMemory.push(id);
      }
      found += inMemory.length;
      expect(
        inDatabase.toSorted(),
        `seed ${random.seed}: ${type}?${decodeURIComponent(query.toString())}`,
      ).to.deep.equal(inMemory.toSorted());
      expect(new Set(inDatabase).size).to.equal(inDatabase.length);
    }
    expect(found).to.be.above(rounds / 4);
  }).timeout(300_000);
});
