import { expect } from 'chai';
import { startTestServer, type TestCaller, type TestServer } from '@heddle/core/testing';
import { parseQuery } from '../../core/src/fhir/search/parse/parse.ts';
import { readShape, shaping } from '../../core/src/fhir/search/shape.ts';
import { connect, type Connected } from '../../core/src/store/link.ts';
import { countCall, searchCall, type SearchCall } from '../../core/src/store/search/search-statement.ts';
import { sql } from '../../core/test/store/rig.ts';
import { patientBundle } from '../bench/data.ts';
import { ask } from './asked.ts';
import { putAll } from './searching.ts';

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

const literal = (value: unknown): string => {
  const text = Array.isArray(value)
    ? `{${value.map((each) => JSON.stringify(textOf(each))).join(',')}}`
    : textOf(value);
  return `'${text.replaceAll("'", "''")}'`;
};

/** The plan as the serving role gets it, prepared and generic as it is in use. */
describe('the plan of a search', () => {
  let server: TestServer;
  let admin: TestCaller;
  let connected: Connected;
  let patient = '';
  let number = 0;
  before(async () => {
    server = await startTestServer();
    admin = await server.as('admin');
    for (let seed = 1; seed <= 30; seed++) {
      const answer = await ask(admin, 'POST', '', JSON.parse(patientBundle(seed).text));
      patient = /"location":"[^"]*Patient\/([^/"]+)/.exec(answer.text)?.[1] ?? patient;
    }
    const asked = Array.from({ length: 400 }, (_, n) => ({
      ...{
        resourceType: 'QuestionnaireResponse',
        id: `answered${n}`,
        status: n % 4 === 0 ? 'completed' : 'in-progress',
      },
      questionnaire: `http://ex/q${n % 40}${n % 3 === 0 ? '|2.0' : ''}`,
    }));
    const questionnaires = Array.from({ length: 40 }, (_, n) => ({
      ...{ resourceType: 'Questionnaire', id: `q${n}`, status: n === 7 ? 'draft' : 'active' },
      ...{ url: `http://ex/q${n}`, version: '2.0' },
    }));
    await putAll(admin, [...asked, ...questionnaires]);
    // As autovacuum does in time.
    await sql(server.database.superuser, 'vacuum analyze');
    const { tenant } = await server.caller('admin');
    connected = await connect({
      address: server.database.serving,
      ...{ name: 'plans', connectMs: 5_000, statementMs: 0 },
    });
    await connected.client.query(`select set_config('heddle.tenant', '${tenant}', false)`);
  });
  after(async () => {
    await connected.client.end();
    await server.close();
  });

  const callOf = (type: string, params: URLSearchParams): SearchCall => {
    const { base } = server.serving.kernel.store;
    const asked = [...params].filter(([name]) => !shaping.has(name));
    const { query } = parseQuery(type, asked, {
      parametersOf: (each) => base.parameters(each).all,
      foundTypes: base.foundTypes,
      base: `${server.url}/fhir`,
    });
    const conditions = base.conditions(query);
    const shape = readShape(type, params, base.parameters(type).all);
    const sort = shape.sort?.map((each) => base.sortKey(type, each));
    return shape.onlyCount
      ? countCall({ type, conditions }, undefined, Date.now())
      : searchCall({ type, conditions, limit: shape.count + 1, sort }, Date.now());
  };

  const planOf = async (path: string): Promise<string[]> => {
    const [type = '', query = ''] = path.replace('PATIENT', patient).split('?');
    const { text, values } = callOf(type, new URLSearchParams(query));
    const name = `plan_${++number}`;
    const { client } = connected;
    const { tenant } = await server.caller('admin');
    await client.query({ name, text, values: [tenant, ...values] });
    const given = [tenant, ...values].map(literal).join(', ');
    const { rows } = await client.query<{ 'QUERY PLAN': string }>(
      `explain (analyze, costs off, timing off, buffers off, summary off) execute ${name}(${given})`,
    );
    return rows.map((row) => row['QUERY PLAN']);
  };

  /** Rows that scans of indexes have delivered, all loops together, and those that they threw away. */
  const readBy = (plan: readonly string[]): number =>
    plan.reduce((sum, line) => {
      const [, rows, loops] = /Index .*Scan .*rows=([\d.]+) loops=(\d+)/.exec(line) ?? [];
      const [, removed] = /Rows Removed by Filter: (\d+)/.exec(line) ?? [];
      return sum + Number(rows ?? 0) * Number(loops ?? 0) + Number(removed ?? 0);
    }, 0);

  // 3,000 resources, 2,400 of them Observations of 30 patients.
  const most: Readonly<Record<string, number>> = {
    'Observation?patient=PATIENT&_sort=-date&_count=50': 110,
    'Observation?patient=PATIENT&code=http://loinc.org|8480-6&_count=20': 130,
    'Observation?code=http://loinc.org|8480-6&patient=PATIENT&_count=20': 130,
    'Observation?code=http://loinc.org|8480-6&date=ge2018&_sort=-date&_count=20': 90,
    'Patient?family=pat&_count=20': 20,
    'Patient?identifier=http://hospital.example/mrn|MRN-7': 2,
    'Observation?subject:Patient.family=pat&_count=20': 260,
    'Patient?_has:Observation:patient:code=http://loinc.org|8480-6&_count=20': 750,
    'Observation?_sort=-_lastUpdated&_count=20': 45,
    'Observation?_sort=_lastUpdated&_count=20': 190,
    'Observation?_sort=-date&_count=20': 70,
    'Observation?_sort=date&_count=20': 100,
    'Observation?_count=20': 22,
    'Observation?code=http://loinc.org|8480-6&_summary=count': 260,
    'Observation?_id=none,nobody': 0,
    'QuestionnaireResponse?questionnaire=Questionnaire/q7&_count=20': 60,
    'QuestionnaireResponse?questionnaire.status=draft&_count=20': 70,
    'Questionnaire?_has:QuestionnaireResponse:questionnaire:_id=answered7': 20,
  };
  for (const [path, bound] of Object.entries(most))
    it(`${path} reads its page and little else`, async () => {
      const plan = await planOf(path);
      const told = plan.join('\n');
      if (bound > 0) expect(told).to.match(/^\S.*rows=[1-9]/);
      expect(told).not.to.match(/Seq Scan|Bitmap|Hash Join|Parallel/);
      expect(readBy(plan), told).to.be.at.most(bound);
      for (const [place, line] of plan.entries()) {
        if (!/Index (?:Only )?Scan/.test(line)) continue;
        const condition = plan.slice(place + 1).find((each) => each.includes('Index Cond:'));
        expect(condition, told).to.include('(tenant = $1)');
      }
      // The policy is asked once, and not of each row.
      expect(
        plan.filter((line) => line.includes('current_setting') && !line.includes('One-Time Filter')),
      ).to.deep.equal([]);
    });
});
