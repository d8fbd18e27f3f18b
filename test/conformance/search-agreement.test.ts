import { expect } from 'chai';
import { startTestServer, type TestCaller, type TestServer } from '@heddle/core/testing';
import { bodyOf, type Resource } from '../../core/src/fhir/body.ts';
import { parseQuery } from '../../core/src/fhir/search/parse/parse.ts';
import { readShape } from '../../core/src/fhir/search/shape.ts';
import { searchCall, type Place } from '../../core/src/store/search/search-statement.ts';
import { reads } from '../../core/src/store/statement.ts';
import { satisfies, type Subject, type World } from '../../core/src/store/search/evaluate.ts';
import { canonicalKey } from '../../core/src/store/index/parameter-key.ts';
import { seeded } from '../../core/test/seeded.ts';
import { ask, at, listAt, textAt, type Json } from './asked.ts';
import { isInCompartment, naiveIncluded, naiveSearch, type Asked, type NaiveWorld } from './naive-search.ts';
import { isInOrder } from './naive-order.ts';
import { openMakers } from './random-records.ts';
import { openCases } from './search-cases.ts';
import { ids } from './search-pools.ts';
import { idsIn } from './searching.ts';

const random = seeded();
const { pick, whole } = random;

/** `npm run search:prove -- 50000` asks more of them. */
const rounds = Number(process.env['ROUNDS'] ?? 2_000);

/** After so many searches some of the resources are others. */
const roundsOfOneWorld = 100;

const keyOf = (resource: unknown): string => `${textAt(resource, 'resourceType')}/${textAt(resource, 'id')}`;
const keysOf = (body: unknown, mode: string): string[] =>
  listAt(body, 'entry')
    .filter((entry) => at(entry, 'search', 'mode') === mode)
    .map((entry) => keyOf(at(entry, 'resource')));

describe('a search in the database, one in memory and one by hand', () => {
  let server: TestServer;
  let admin: TestCaller;
  let cases: ReturnType<typeof openCases>;
  let records: ReturnType<typeof openMakers>;
  const resources = new Map<string, Json>();
  /** As the evaluator sees them, once they were asked for. */
  const subjects = new Map<string, Subject>();

  const put = async (type: string, id: string): Promise<void> => {
    const resource = records.make(type, id);
    const { status, text } = await ask(admin, 'PUT', `${type}/${id}`, resource);
    expect([200, 201], `seed ${random.seed}: ${text} ${JSON.stringify(resource)}`).to.include(status);
    resources.set(`${type}/${id}`, resource);
    subjects.delete(`${type}/${id}`);
  };

  before(async () => {
    server = await startTestServer();
    admin = await server.as('admin');
    const { publicUrl } = server.serving.kernel;
    cases = openCases(random, `${publicUrl}/fhir`);
    records = openMakers(random, `${publicUrl}/fhir`);
    // What they refer to must be there first.
    const caller = await server.caller('admin');
    for (const type of ['Organization', 'Patient'])
      for (const id of ids) {
        const body = bodyOf({ resourceType: type, id, active: true });
        await server.perform({ verb: 'update', type, id, caller, body });
      }
    for (const type of records.types) for (const id of ids) await put(type, id);
  });
  after(() => server.close());

  const naiveWorld = (): NaiveWorld => {
    const { publicUrl, now } = server.serving.kernel;
    return { resources: [...resources.values()], base: `${publicUrl}/fhir`, now: now() };
  };

  const evaluated = async (type: string, query: URLSearchParams): Promise<string[]> => {
    const { store, publicUrl, now } = server.serving.kernel;
    const subjectOf = (of: string, id: string): Subject | undefined => {
      const known = subjects.get(`${of}/${id}`);
      const resource = resources.get(`${of}/${id}`) as Resource | undefined;
      if (known || !resource) return known;
      const { entries } = store.base.index(of, resource);
      const shown = (code: string): readonly string[] => store.base.shown(of, resource, code);
      const subject = { type: of, id, updated: now(), resource, entries, shown };
      subjects.set(`${of}/${id}`, subject);
      return subject;
    };
    const having = (of: string, keys: readonly number[], words: readonly string[]): Subject[] =>
      ids.flatMap((id) => {
        const subject = subjectOf(of, id);
        const has = subject?.entries.words.some(({ param, value }) => keys.includes(param) && words.includes(value));
        return subject && has ? [subject] : [];
      });
    const world: World = {
      now: now(),
      resolve: async (of, id) => subjectOf(of, id),
      named: async (of, word) => having(of, [canonicalKey(of)], [word]),
      referring: async (of, keys, words) => having(of, keys, words),
    };
    const parsed = parseQuery(type, query, {
      parametersOf: (each) => store.base.parameters(each).all,
      foundTypes: store.base.foundTypes,
      base: `${publicUrl}/fhir`,
    });
    expect(parsed.unknown).to.deep.equal([]);
    const conditions = store.base.conditions(parsed.query);
    const found: string[] = [];
    for (const id of ids) {
      const subject = subjectOf(type, id);
      if (!subject) continue;
      const all = await Promise.all(conditions.map((condition) => satisfies(condition, subject, world)));
      if (all.every(Boolean)) found.push(id);
    }
    return found;
  };

  const shape = (type: string): URLSearchParams => {
    const params = new URLSearchParams();
    if (whole(4) === 0) params.set('_sort', cases.sort(type));
    const [name, include] = (whole(4) === 0 ? (cases.include(type) ?? '') : '').split('=', 2);
    if (name && include) params.set(name, include);
    return params;
  };

  const inPages = async (path: string): Promise<string[]> => {
    const seen: string[] = [];
    for (let next = `${path}&_count=${1 + whole(4)}`; next !== '';) {
      const { body } = await ask(admin, 'GET', next);
      seen.push(...idsIn(body));
      const link = listAt(body, 'link').find((each) => at(each, 'relation') === 'next');
      next = link ? textAt(link, 'url').replace(/^.*?\/fhir\/?/, '') : '';
    }
    return seen;
  };

  const change = async (): Promise<void> => {
    for (let n = 0; n < 10; n++) await put(pick(records.types), pick(ids));
    const gone = `${pick(['Observation', 'RiskAssessment', 'ValueSet'])}/${pick(ids)}`;
    const { status } = await ask(admin, 'DELETE', gone);
    expect(status).to.be.oneOf([200, 204]);
    resources.delete(gone);
    subjects.delete(gone);
  };

  /** As it is answered where the leading condition lets through too many: rows are tried in the order of the page. */
  const walked = async (
    type: string,
    query: URLSearchParams,
    sort: string | null,
    limit: number,
  ): Promise<string[]> => {
    const { store, publicUrl, now } = server.serving.kernel;
    const { parameters, foundTypes, conditions, sortKey } = store.base;
    const context = { parametersOf: (each: string) => parameters(each).all, foundTypes, base: `${publicUrl}/fhir` };
    const { query: read } = parseQuery(type, query, context);
    const shaped = new URLSearchParams(sort === null ? {} : { _sort: sort });
    const keys = readShape(type, shaped, parameters(type).all).sort?.map((each) => sortKey(type, each));
    const needs = { type, conditions: conditions(read), sort: keys, mostLed: 0, limit };
    const { tenant } = await server.caller('admin');
    const seen: string[] = [];
    for (let behind: Place | undefined; ;) {
      const { text, values } = searchCall(behind ? { ...needs, behind } : needs, now());
      const page = await store.database.searches.run<{ id: string; rid: number } & Record<string, unknown>>(
        tenant,
        reads('', text),
        values,
      );
      seen.push(...page.map(({ id }) => id));
      const last = page.at(-1);
      if (!last || page.length < limit) return seen;
      const ends = Object.entries(last).filter(([name]) => /^k\d$/.test(name));
      behind = { rid: last.rid, keys: ends.map(([, value]) => (typeof value === 'string' ? value : null)) };
    }
  };

  const inCompartment = async (type: string, asked: readonly Asked[], query: URLSearchParams, told: string) => {
    if (type !== 'Observation' && type !== 'RiskAssessment') return;
    const patient = resources.get(`Patient/${pick(ids)}`) ?? expect.fail();
    const { body, text, status } = await ask(admin, 'GET', `${keyOf(patient)}/${type}?${query.toString()}&_count=100`);
    expect(status, `${told} ${text}`).to.equal(200);
    const wanted = naiveSearch(naiveWorld(), type, asked).filter((each) =>
      isInCompartment(naiveWorld(), each, patient),
    );
    expect(keysOf(body, 'match').toSorted(), `in the compartment of ${keyOf(patient)}, ${told}`).to.deep.equal(
      wanted.map(keyOf).toSorted(),
    );
  };

  const ofTypes = async (): Promise<void> => {
    const types = [...new Set([pick(records.types), pick(records.types)])];
    const asked = [cases.common(), cases.common()];
    const query = new URLSearchParams(asked.map(({ name, value }): [string, string] => [name, value]));
    const path = `?_type=${types.join()}&${query.toString()}&_sort=${pick(['-_id', '_id'])}`;
    const { body } = await ask(admin, 'GET', `${path}&_count=100`);
    const wanted = types.flatMap((type) => naiveSearch(naiveWorld(), type, asked));
    const told = `seed ${random.seed}: ${path}`;
    expect(keysOf(body, 'match').toSorted(), told).to.deep.equal(wanted.map(keyOf).toSorted());
    expect(await inPages(path), `in pages, ${told}`).to.deep.equal(idsIn(body));
  };

  it('find the same', async () => {
    let found = 0;
    for (let round = 0; round < rounds; round++) {
      if (round % roundsOfOneWorld === roundsOfOneWorld - 1) await change();
      const type = pick(records.types);
      const asked: Asked[] = Array.from({ length: 1 + whole(3) }, () => cases.question(type));
      const query = new URLSearchParams(asked.map(({ name, value }): [string, string] => [name, value]));
      const shaped = shape(type);
      const path = `${type}?${query.toString()}&${shaped.toString()}`;
      const told = `seed ${random.seed}, round ${round}: ${decodeURIComponent(path.replaceAll('+', ' '))}`;
      const answer = await ask(admin, 'GET', `${path}&_count=100`);
      expect(answer.status, `${told} ${answer.text}`).to.equal(200);
      const inDatabase = idsIn(answer.body);
      const byHand = naiveSearch(naiveWorld(), type, asked);
      const wanted = byHand.map((resource) => textAt(resource, 'id')).toSorted();
      found += wanted.length;
      expect(inDatabase.toSorted(), `the database, ${told}`).to.deep.equal(wanted);
      expect((await evaluated(type, query)).toSorted(), `in memory, ${told}`).to.deep.equal(wanted);
      const sort = shaped.get('_sort');
      if (sort !== null) {
        const ordered = inDatabase.map((id) => resources.get(`${type}/${id}`) ?? expect.fail(id));
        expect(isInOrder(sort, ordered), `${inDatabase.join()} in order, ${told}`).to.equal(true);
      }
      for (const name of ['_include', '_revinclude']) {
        const include = shaped.get(name);
        if (include === null) continue;
        const matched = new Set(byHand.map(keyOf));
        const brought = naiveIncluded(naiveWorld(), byHand, include, name === '_revinclude').map(keyOf);
        expect(keysOf(answer.body, 'include').toSorted(), `included, ${told}`).to.deep.equal(
          brought.filter((key) => !matched.has(key)).toSorted(),
        );
      }
      // Words are looked for behind what the statement finds.
      if (whole(4) === 0 && !/_text|_content|:text|[ +]co[ +]/.test(decodeURIComponent(path))) {
        const tried = await walked(type, query, sort, 1 + whole(5));
        if (sort === null) expect(tried.toSorted(), `walked, ${told}`).to.deep.equal(wanted);
        else expect(tried, `walked, ${told}`).to.deep.equal(inDatabase);
      }
      if (whole(20) === 0) expect(await inPages(path), `in pages, ${told}`).to.deep.equal(inDatabase);
      if (whole(20) === 0) {
        const { body } = await ask(admin, 'GET', `${path}&_summary=count`);
        expect(at(body, 'total'), `counted, ${told}`).to.equal(wanted.length);
      }
      if (whole(50) === 0) await ofTypes();
      if (whole(20) === 0) await inCompartment(type, asked, query, told);
    }
    expect(found).to.be.above(rounds / 4);
  }).timeout(60_000 + rounds * 60);
});
