import { expect } from 'chai';
import { startTestServer, type TestCaller, type TestServer } from '@heddle/core/testing';
import { bodyOf, type Resource } from '../../core/src/fhir/body.ts';
import { parseQuery } from '../../core/src/fhir/search/parse/parse.ts';
import { satisfiesAll, type Subject, type World } from '../../core/src/store/search/evaluate.ts';
import { subjectIn } from '../../core/src/store/search/subject.ts';
import { seeded } from '../../core/test/seeded.ts';
import { ask, at, listAt, textAt } from './asked.ts';

const random = seeded();
const { pick, whole } = random;
const maybe = <T>(value: T): T | undefined => (whole(3) === 0 ? undefined : value);

const ids = Array.from({ length: 10 }, (_, n) => `r${n}`);
/** What may be contained, by ids that tell the type. */
const places: Readonly<Record<string, readonly string[]>> = {
  Organization: ['a', 'b'],
  Patient: ['c', 'd'],
  Observation: ['e', 'f'],
};
const inner = Object.values(places).flat();
const names = ['North', 'South', 'Nørth', 'West 1'];
const dates = ['1969', '1969-12-31', '1980-05-17', '2020', '2020-02'];
const codes = ['x', 'y', 'z'];

/** To what stands beside it, to the server's, or to nothing. */
const link = (type: string) =>
  maybe({ reference: pick([`#${pick(places[type] ?? [])}`, `#${pick(places[type] ?? [])}`, `${type}/${pick(ids)}`]) });
const concept = () => ({
  coding: [{ system: pick(['http://a', 'http://b']), code: pick(codes), display: pick(names) }],
});

const organization = () => ({ resourceType: 'Organization', name: maybe(pick(names)), partOf: link('Organization') });
const patient = () => ({
  ...{ resourceType: 'Patient', gender: maybe(pick(['male', 'female'])), birthDate: maybe(pick(dates)) },
  ...{ name: maybe([{ family: pick(names) }]), managingOrganization: link('Organization') },
});
const observation = () => ({
  ...{ resourceType: 'Observation', status: pick(['final', 'amended']), code: concept(), subject: link('Patient') },
  ...{ effectiveDateTime: maybe(pick(dates)), hasMember: [link('Observation')].filter(Boolean) },
  component: maybe(
    Array.from({ length: 1 + whole(2) }, () => ({ code: concept(), valueQuantity: { value: whole(3) } })),
  ),
});

const made: Readonly<Record<string, () => object>> = {
  Organization: organization,
  Patient: patient,
  Observation: observation,
};
const types = Object.keys(made);

/** R4's dom-3: what is contained must be led to. */
const container = (type: string, id: string): Resource => {
  const held = Object.entries(places).flatMap(([of, taken]) => taken.map((each) => ({ ...made[of]?.(), id: each })));
  const contained = held.filter(() => whole(3) > 0);
  const used = new Set(contained.map((each) => `#${each.id}`));
  const extension = [...used].map((reference) => ({ url: 'http://a', valueReference: { reference } }));
  const text = JSON.stringify({ ...made[type]?.(), id, contained, extension });
  // What leads to nothing is refused.
  const sound = text.replace(/"reference":"(#\w)"/g, (all, to: string) => (used.has(to) ? all : '"display":"gone"'));
  return JSON.parse(sound.replace(/,"(?:hasMember|contained|extension)":\[\]/g, '')) as Resource;
};

const date = () => `${pick(['', 'ne', 'gt', 'lt', 'ge', 'le', 'sa', 'eb'])}${pick(dates)}`;
const token = () => pick([pick(codes), `http://a|${pick(codes)}`, 'http://b|']);
const truth = () => pick(['true', 'false']);

type Asked = readonly [name: string, value: string];
const questions: Readonly<Record<string, readonly (() => Asked)[]>> = {
  Organization: [
    () => [pick(['name', 'name:exact', 'name:contains']), pick(names)],
    () => ['partof', pick([pick(ids), `Organization/${pick(ids)}`])],
    () => ['partof.name', pick(names)],
    () => ['partof:missing', truth()],
    () => ['_id', `${pick(inner)},${pick(inner)},${pick(ids)}`],
    () => ['_has:Patient:organization:gender', pick(['male', 'female'])],
    () => ['_has:Organization:partof:name:missing', truth()],
  ],
  Patient: [
    () => [pick(['gender', 'gender:not']), 'male'],
    () => ['birthdate', date()],
    () => [`${pick(['birthdate', 'family', 'organization'])}:missing`, truth()],
    () => ['organization.name', pick(names)],
    () => ['organization.partof.name', pick(names)],
    () => ['_has:Observation:patient:code', token()],
    () => ['_has:Observation:subject:date', date()],
    () => ['_content', pick(['male', 'south', 'not west'])],
    () => [
      '_filter',
      pick(['gender eq male or family sw "n"', 'not (birthdate ge 1980)', 'organization.name eq "North"']),
    ],
  ],
  Observation: [
    () => [pick(['code', 'code:not', 'combo-code']), token()],
    () => ['date', `${date()},${date()}`],
    () => ['component-code-value-quantity', `${token()}$${pick(['1', 'gt0', 'lt2'])}`],
    () => [pick(['subject.family', 'patient.family', 'subject:Patient.family']), pick(names)],
    () => ['subject.birthdate', date()],
    () => ['patient.organization.name', pick(names)],
    () => ['patient.organization.partof.name', pick(names)],
    () => ['has-member.code', token()],
    () => ['patient:missing', truth()],
    () => ['code:text', 'nor'],
    () => ['status', pick(['final', 'amended'])],
  ],
};

describe('what is contained', () => {
  let server: TestServer;
  let admin: TestCaller;
  const resources = new Map<string, Resource>();
  const rounds = Number(process.env['ROUNDS'] ?? 600);

  before(async () => {
    server = await startTestServer({
      environment: { HEDDLE__FHIR__REFERENCES__MUST_EXIST: 'false' },
    });
    admin = await server.as('admin');
    const caller = await server.caller('admin');
    for (const type of types)
      for (const id of ids) {
        const resource = container(type, id);
        resources.set(`${type}/${id}`, resource);
        await server.perform({ verb: 'update', type, id, caller, body: bodyOf(resource) });
      }
  });
  after(() => server.close());

  it('is found by the database as it is decided in memory', async () => {
    const { store, publicUrl, now } = server.serving.kernel;
    const subjects = [...resources].map(([name, resource]): Subject => {
      const [type = '', id = ''] = name.split('/');
      return subjectIn(store.base, { type, id, updated: now() }, resource);
    });
    const world: World = {
      now: now(),
      resolve: async (type, id) => subjects.find((each) => each.type === type && each.id === id),
      named: async () => [],
      referring: async (type, keys, words) =>
        subjects.filter(
          (each) =>
            each.type === type &&
            each.entries.words.some(({ param, value }) => keys.includes(param) && words.includes(value)),
        ),
    };
    let found = 0;
    for (let round = 0; round < rounds; round++) {
      const type = pick(types);
      const mode = pick(['false', 'true', 'both']);
      const asked = Array.from({ length: 1 + whole(2) }, () => pick(questions[type] ?? [])());
      const query = new URLSearchParams(asked.map(([name, value]): [string, string] => [name, value]));
      const path = `${type}?${query.toString()}&_contained=${mode}&_count=100`;
      const answer = await ask(admin, 'GET', path);
      expect(answer.status, `${path} ${answer.text}`).to.equal(200);
      const inDatabase = listAt(answer.body, 'entry')
        .filter((entry) => at(entry, 'search', 'mode') === 'match')
        .map((entry) => `${textAt(entry, 'resource', 'resourceType')}/${textAt(entry, 'resource', 'id')}`);
      const parsed = parseQuery(type, query, {
        parametersOf: (each) => store.base.parameters(each).all,
        base: `${publicUrl}/fhir`,
      });
      const clause = { kind: 'all', clauses: parsed.query.clauses } as const;
      const inMemory: string[] = [];
      for (const subject of subjects) {
        const plain = mode !== 'true' && subject.type === type ? [clause] : [];
        const within = mode === 'false' ? [] : [{ kind: 'contained', arms: [{ type, clause }] } as const];
        const conditions = store.base.conditions({
          type: subject.type,
          clauses: [{ kind: 'any', clauses: [...plain, ...within] }],
        });
        if (await satisfiesAll(conditions, subject, world)) inMemory.push(`${subject.type}/${subject.id}`);
      }
      found += inMemory.length;
      expect(inDatabase.toSorted(), `seed ${random.seed}: ${decodeURIComponent(path)}`).to.deep.equal(
        inMemory.toSorted(),
      );
    }
    expect(found).to.be.above(rounds / 4);
  }).timeout(300_000);
});
