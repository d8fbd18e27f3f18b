import { expect } from 'chai';
import { startTestServer, type TestCaller, type TestServer } from '@heddle/core/testing';
import { eventually } from '../../core/test/eventually.ts';
import { sql } from '../../core/test/store/rig.ts';
import { ask, observation, patient, refusedWith, type Json } from './asked.ts';

const observations = 20_000;
const patients = 200;

const bundleOf = (resources: readonly Json[]): Json => ({
  ...{ resourceType: 'Bundle', type: 'transaction' },
  entry: resources.map((resource) => ({
    resource,
    request: { method: 'PUT', url: `${String(resource['resourceType'])}/${String(resource['id'])}` },
  })),
});

const made: readonly Json[] = [
  ...Array.from({ length: patients }, (_, n) => patient({ id: `p${n}`, name: [{ family: `Family${n}` }] })),
  ...Array.from({ length: observations }, (_, n) =>
    observation(`Patient/p${n % patients}`, {
      ...{ id: `o${n}`, valueString: `number ${n}`, effectiveDateTime: new Date(n * 8_640_000).toISOString() },
      note: [{ text: `The patient was seen on day ${n} and felt quite well after all` }],
    }),
  ),
];

/** What a caller may do to a server without meaning harm. */
const dear: readonly string[] = [
  'Observation?_content=nowhere',
  'Observation?_content=nowhere&_total=accurate',
  'Observation?value-string:contains=9999&_total=accurate',
  'Observation?value-string:contains=nowhere',
  'Patient?_has:Observation:patient:value-string:contains=nowhere',
  'Patient?_has:Observation:patient:_has:Provenance:target:recorded=2020&_total=accurate',
  'Observation?code:not=nowhere&_sort=value-string&_total=accurate',
  'Observation?subject.name:contains=amily1&_sort=-value-string',
];

const cheap: readonly (readonly [method: string, path: string, body?: Json])[] = [
  ['GET', 'Patient/p7'],
  ['GET', 'Observation?patient=p7&_count=10'],
  ['GET', 'Patient?family=family11'],
  ['POST', 'Observation', observation('Patient/p1')],
  ['GET', 'Observation?patient=p9&_sort=-date&_count=5'],
];

const p95 = (times: readonly number[]): number =>
  times.toSorted((a, b) => a - b)[Math.ceil(times.length * 0.95) - 1] ?? 0;

describe('searches that would run away', () => {
  let server: TestServer;
  let admin: TestCaller;
  const limitMs = 8_000;

  before(async function () {
    this.timeout(180_000);
    server = await startTestServer({ environment: { HEDDLE__DATABASE__TIMEOUTS__SEARCH_MS: String(limitMs) } });
    admin = await server.as('admin');
    for (let from = 0; from < made.length; from += 2_000) {
      const { status, text } = await ask(admin, 'POST', '', bundleOf(made.slice(from, from + 2_000)));
      expect(status, text.slice(0, 500)).to.equal(200);
    }
  });
  after(() => server.close());

  const timed = async <T>(work: () => Promise<T>): Promise<readonly [T, number]> => {
    const from = performance.now();
    return [await work(), performance.now() - from];
  };

  it('keep nobody waiting but each other, and end with an answer or an honest refusal', async () => {
    const storming = new AbortController();
    const before = process.memoryUsage().rss;
    const storm = Promise.all(
      Array.from({ length: 40 }, (_, n) => timed(() => ask(admin, 'GET', dear[n % dear.length] ?? ''))),
    ).finally(() => storming.abort());
    const times: number[] = [];
    const slow: string[] = [];
    for (let n = 0; !storming.signal.aborted; n++) {
      const [method, path, body] = cheap[n % cheap.length] ?? ['GET', 'Patient/p7'];
      const [answer, ms] = await timed(() => ask(admin, method, path, body));
      expect(answer.status, answer.text).to.be.oneOf([200, 201]);
      times.push(ms);
      if (ms > 300) slow.push(`${path} ${Math.round(ms)}`);
    }
    const ended = await storm;
    const told = ended.map(([{ status }, ms]) => `${status} ${Math.round(ms)}`).join(', ');
    for (const [answer, ms] of ended) {
      expect(ms, told).to.be.below(2 * limitMs + 3_000);
      if (answer.status !== 200)
        refusedWith(answer, 503, answer.text.includes('too-costly') ? 'too-costly' : 'transient');
    }
    expect(ended.some(([{ status }]) => status === 200)).to.equal(true);
    expect(times.length).to.be.above(20);
    expect(p95(times), slow.join('; ')).to.be.below(750);
    expect(process.memoryUsage().rss - before).to.be.below(400_000_000);
  }).timeout(120_000);

  const running = async (): Promise<unknown> => {
    const searching = `select count(*)::int as n from pg_stat_activity
      where state = 'active' and query like '%resource r%' and pid <> pg_backend_pid() and datname = current_database()`;
    const [row] = await sql(server.database.serving, searching);
    return row?.['n'];
  };

  it('stop when their caller hangs up', async () => {
    const content = () => timed(() => ask(admin, 'GET', 'Observation?_content=nowhere'));
    const sorted = 'Observation?code:not=nowhere&_sort=value-string&_total=accurate';
    await Promise.all([content(), ask(admin, 'GET', sorted)]);
    const [, alone] = await content();
    const hangUp = new AbortController();
    const asked = Array.from({ length: 20 }, (_, n) =>
      fetch(`${server.url}/fhir/${n % 2 === 0 ? 'Observation?_content=nowhere' : sorted}`, {
        headers: { Authorization: `Bearer ${admin.token}` },
        signal: hangUp.signal,
      }).then(
        () => 'answered',
        () => 'hung up',
      ),
    );
    await eventually(async () => expect(await running()).to.be.above(0));
    hangUp.abort();
    expect(await Promise.all(asked)).to.include('hung up');
    // All of them together would take ten times as long.
    const [{ status }, after] = await content();
    expect(status).to.equal(200);
    expect(after).to.be.below(2 * alone + 1_000);
    await eventually(async () => expect(await running()).to.equal(0));
  }).timeout(60_000);

  const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
  const many = (count: number, value: (n: number) => string): string =>
    Array.from({ length: count }, (_, n) => value(n)).join(',');
  const posted = (path: string, params: readonly (readonly [string, string])[]) =>
    ask(
      admin,
      'POST',
      `${path}/_search`,
      new URLSearchParams(params.map(([a, b]): [string, string] => [a, b])).toString(),
      form,
    );

  const huge: Readonly<Record<string, readonly [path: string, params: readonly (readonly [string, string])[]]>> = {
    '10,000 codes': ['Observation', [['code', many(10_000, (n) => `c${n}`)]]],
    '10,000 codes with their systems': ['Observation', [['code', many(10_000, (n) => `http://a|c${n}`)]]],
    '10,000 ids': [
      'Observation',
      [
        ['_id', many(10_000, (n) => `o${n}`)],
        ['_count', '5'],
      ],
    ],
    '10,000 references': [
      'Observation',
      [
        ['subject', many(10_000, (n) => `Patient/p${n}`)],
        ['_count', '5'],
      ],
    ],
    '10,000 bare references': ['Observation', [['subject', many(10_000, (n) => `x${n}`)]]],
    '10,000 beginnings': ['Patient', [['family', many(10_000, (n) => `x${n}`)]]],
    '10,000 pieces of words': ['Patient', [['family:contains', many(10_000, (n) => `x${n}`)]]],
    '10,000 dates': ['Observation', [['date', many(10_000, (n) => `gt${1000 + (n % 9000)}`)]]],
    '10,000 quantities': [
      'Observation',
      [['value-quantity', many(10_000, (n) => `${n}|http://unitsofmeasure.org|mg`)]],
    ],
    '10,000 composites': ['Observation', [['code-value-string', many(10_000, (n) => `a${n}$b`)]]],
    '10,000 words': ['Observation', [['_content', many(10_000, (n) => `w${n}`)]]],
    '10,000 codes behind a chain': ['Observation', [['subject:Patient.name', many(10_000, (n) => `w${n}`)]]],
    '1,000 times the same': ['Observation', Array.from({ length: 1_000 }, () => ['code', '8480-6'] as const)],
    '1,000 different ones': ['Patient', Array.from({ length: 1_000 }, (_, n) => ['family:contains', `x${n}`] as const)],
    '1,000 chains': ['Observation', Array.from({ length: 1_000 }, (_, n) => ['subject.name', `x${n}`] as const)],
    '1,000 times not': ['Observation', Array.from({ length: 1_000 }, (_, n) => ['code:not', `x${n}`] as const)],
    '1,400 beginnings': ['Patient', [['family', many(1_400, (n) => `x${n}`)]]],
    '125 chains': ['Observation', Array.from({ length: 125 }, (_, n) => ['subject:Patient.name', `x${n}`] as const)],
    '700 different ones': ['Patient', Array.from({ length: 700 }, (_, n) => ['family:contains', `x${n}`] as const)],
    'a chain to any type': ['Provenance', [['target._id', 'x']]],
    '_has ten deep': ['Patient', [[`_has:Observation:patient:${'_has:Observation:derived-from:'.repeat(9)}code`, 'x']]],
    '_has eleven deep': [
      'Patient',
      [[`_has:Observation:patient:${'_has:Observation:derived-from:'.repeat(10)}code`, 'x']],
    ],
    'a chain ten deep': ['Organization', [[`${'partof.'.repeat(10)}name`, 'x']]],
    'an untyped chain five deep': ['Observation', [[`${'subject.'.repeat(5)}name`, 'x']]],
    'a filter of 120 comparisons': [
      'Patient',
      [['_filter', Array.from({ length: 120 }, (_, n) => `family eq x${n}`).join(' or ')]],
    ],
    'a filter of 10,000 comparisons': [
      'Patient',
      [['_filter', Array.from({ length: 10_000 }, (_, n) => `family eq x${n}`).join(' or ')]],
    ],
    'a filter in 200 brackets': ['Patient', [['_filter', `${'('.repeat(200)}family eq x${')'.repeat(200)}`]]],
    'a filter in 10,000 brackets': ['Patient', [['_filter', `${'('.repeat(10_000)}family eq x${')'.repeat(10_000)}`]]],
    'everything that belongs to it, again and again': [
      'Observation',
      [
        ['_id', 'o1'],
        ['_include', '*'],
        ['_include:iterate', '*'],
        ['_revinclude', '*'],
        ['_revinclude:iterate', '*'],
      ],
    ],
    'everything that belongs to a page of 1,000': [
      'Observation',
      [
        ['_count', '1000'],
        ['_include', '*'],
        ['_include:iterate', '*'],
        ['_revinclude:iterate', '*'],
      ],
    ],
  };
  for (const [name, [path, params]] of Object.entries(huge))
    it(`of ${name} are answered or refused within the limit`, async () => {
      const [answer, ms] = await timed(() => posted(path, params));
      if (answer.status !== 200) expect(answer.status, answer.text.slice(0, 500)).to.be.oneOf([400, 503]);
      if (answer.status === 400)
        refusedWith(answer, 400, answer.text.includes('too-costly') ? 'too-costly' : 'invalid');
      if (answer.status === 503) refusedWith(answer, 503, 'too-costly');
      expect(ms).to.be.below(limitMs + 1_000);
      const [alive, after] = await timed(() => ask(admin, 'GET', 'Patient/p7'));
      expect(alive.status).to.equal(200);
      expect(after).to.be.below(1_000);
    });
});
