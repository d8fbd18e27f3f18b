import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { bodyOf, parseBody } from '../../core/src/fhir/body.ts';
import { testMaster } from '../../core/src/testing/postgres.ts';
import { startTestServer, type TestServer } from '../../core/src/testing/server.ts';
import { eventually } from '../../core/test/eventually.ts';
import { sql } from '../../core/test/store/rig.ts';
import { patientBundle } from '../bench/data.ts';
import { digits, halves, heddle, whole, type Ended } from '../faults/installation.ts';
import { runHeddle } from '../faults/running.ts';

type Named = Readonly<Record<string, unknown>> & { readonly id?: string };

describe('heddle export and heddle import', () => {
  let folder: string;
  let server: TestServer;
  let other: TestServer;
  const file = (...names: readonly string[]): string => join(folder, ...names);
  const on = ({ database }: TestServer): Record<string, string> => ({
    HEDDLE_HOME: file('home'),
    DATABASE_URL: database.url,
    HEDDLE__KEYS__MASTER: testMaster,
    HEDDLE__LOG__LEVEL: 'warn',
  });
  const run = (target: TestServer, tenant: string, command: string, ...args: readonly string[]): Promise<Ended> =>
    heddle([command, '--tenant', tenant, ...args], on(target));
  const done = ({ code, output }: Ended): string => {
    expect(code, output).to.equal(0);
    return output;
  };
  const write = (name: string, ...lines: readonly (string | Named)[]): string => {
    writeFileSync(file(name), lines.map((each) => (typeof each === 'string' ? each : JSON.stringify(each))).join('\n'));
    return file(name);
  };
  /** Apart from what every server counts for itself. */
  const lines = (place: string): Record<string, string[]> =>
    Object.fromEntries(
      readdirSync(place)
        .toSorted()
        .map((name) => [
          name,
          readFileSync(join(place, name), 'utf8')
            .replace(/"versionId":"\d+","lastUpdated":"[^"]+"/g, '')
            .split('\n')
            .toSorted(),
        ]),
    );
  const count = async ({ database }: TestServer): Promise<number> =>
    Number((await sql(database.owner, 'select count(*)::int as n from heddle.resource where not deleted'))[0]?.['n']);

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'heddle-transfer-'));
    server = await startTestServer();
    other = await startTestServer();
    const admin = await server.caller('admin');
    for (const seed of [1, 2, 3])
      await server.perform({ verb: 'transaction', caller: admin, body: parseBody(patientBundle(seed).text) });
    await Promise.all(
      Array.from({ length: 1_200 }, () =>
        server.perform({ verb: 'create', type: 'Observation', caller: admin, body: parseBody(digits) }),
      ),
    );
    // Two that refer to each other, and a deleted one.
    const entry = [
      { resourceType: 'Patient', id: 'one', link: [{ other: { reference: 'Patient/two' }, type: 'seealso' }] },
      { resourceType: 'Patient', id: 'two', link: [{ other: { reference: 'Patient/one' }, type: 'seealso' }] },
      { resourceType: 'Basic', id: 'gone', code: { text: 'x' } },
    ].map((resource) => ({ resource, request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` } }));
    await server.perform({
      ...{ verb: 'transaction', caller: admin },
      body: bodyOf({ resourceType: 'Bundle', type: 'transaction', entry }),
    });
    await server.perform({ verb: 'delete', type: 'Basic', id: 'gone', caller: admin });
  });
  after(async () => {
    await server.close();
    await other.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('carry a tenant over as it is: what is exported again is equal but for versions and times', async () => {
    expect(done(await run(server, 'hospital', 'export', file('out')))).to.match(/export \S+out: 1,502 resources/);
    expect(readdirSync(file('out'))).to.deep.equal(
      ['Condition', 'Encounter', 'MedicationRequest', 'Observation', 'Patient'].map((type) => `${type}.ndjson`),
    );
    expect(readFileSync(file('out', 'Observation.ndjson'), 'utf8')).to.contain('"value":12345678901234567890.10');
    expect(done(await run(other, 'hospital', 'import', file('out')))).to.match(
      /import: 1,502 written, 0 unchanged, 0 refused/,
    );
    done(await run(other, 'hospital', 'export', file('again')));
    expect(lines(file('again'))).to.deep.equal(lines(file('out')));
    expect(await halves(other.database.owner)).to.deep.equal(whole);

    expect(done(await run(other, 'hospital', 'import', file('out')))).to.match(/import: 0 written, 1,502 unchanged/);
    expect(done(await run(server, 'otherhospital', 'export', file('empty')))).to.match(/: 0 resources/);
    expect(done(await run(server, 'otherhospital', 'import', file('out')))).to.match(/1,502 written/);
    done(await run(server, 'otherhospital', 'export', file('tenant')));
    expect(lines(file('tenant'))).to.deep.equal(lines(file('out')));
  }).timeout(60_000);

  it('carry it over in bundles, or as one file', async () => {
    const types = ['--types', 'Patient,Encounter,Observation'];
    done(await run(server, 'hospital', 'export', ...types, file('part')));
    for (const [format, place] of [
      ['bundle', 'bundles'],
      ['bundle', 'one.json'],
      ['ndjson', 'one.ndjson'],
    ] as const) {
      const target = await startTestServer();
      try {
        done(await run(server, 'hospital', 'export', ...types, '--format', format, file(place)));
        const said = done(await run(target, 'hospital', 'import', file(place)));
        expect(said, said).to.match(/import: 1,\d+ written, 0 unchanged, 0 refused/);
        done(await run(target, 'hospital', 'export', ...types, file(`from-${place.replace('.', '-')}`)));
        expect(lines(file(`from-${place.replace('.', '-')}`))).to.deep.equal(lines(file('part')));
      } finally {
        await target.close();
      }
    }
  }).timeout(120_000);

  it('carry the whole of a Binary over, however long', async () => {
    const [from, to] = [await startTestServer(), await startTestServer()];
    try {
      const caller = await from.caller('admin');
      const bytes = [3_000_001, 3_000_002, 6_000_000].map((size, at) => Buffer.alloc(size, `binary ${at} `));
      for (const [at, data] of bytes.entries()) {
        const resource = { resourceType: 'Binary', id: `b-${at}`, contentType: 'a/b', data: data.toString('base64') };
        await from.perform({ verb: 'update', type: 'Binary', id: `b-${at}`, caller, body: bodyOf(resource) });
      }
      for (const [format, place] of [
        ['ndjson', 'binaries'],
        ['bundle', 'binaries.json'],
      ] as const) {
        done(await run(from, 'hospital', 'export', '--format', format, file(place)));
        expect(done(await run(to, 'hospital', 'import', file(place)))).to.match(/ 0 refused/);
      }
      const reader = await to.as('admin');
      for (const [at, data] of bytes.entries()) {
        const answer = await reader.send('GET', `/fhir/Binary/b-${at}`, undefined, { Accept: 'a/b' });
        expect(Buffer.from(await answer.arrayBuffer()).equals(data), `b-${at}`).to.equal(true);
      }
    } finally {
      await from.close();
      await to.close();
    }
  }).timeout(60_000);

  describe('name what is refused by file and line, without a value, and take the rest', () => {
    const refusal = async (...paths: readonly string[]): Promise<string> => {
      const { code, output } = await run(other, 'hospital', 'import', ...paths);
      expect(code, output).to.equal(1);
      return output;
    };
    const basic = (id: string, subject?: string): Named => ({
      ...{ resourceType: 'Basic', id, code: { text: 'x' } },
      ...(subject ? { subject: { reference: subject } } : {}),
    });

    it('a line that is no JSON, no resource, or not of R4’s structure', async () => {
      const path = write(
        'broken.ndjson',
        basic('b-1'),
        '{"resourceType":"Basic","id":"b-2","code":{"text":"Secret"}',
        '',
        { resourceType: 'Nonsense', id: 'b-3' },
        { resourceType: 'Basic', id: 'b-4', code: 'Secret' },
        { resourceType: 'Basic', id: 'b 5', code: { text: 'x' } },
        basic('b-6'),
      );
      const output = await refusal(path);
      expect(output).to.match(/broken\.ndjson:2: /);
      expect(output).to.match(/broken\.ndjson:4: /);
      expect(output).to.match(/broken\.ndjson:5: Basic\.code: /);
      expect(output).to.match(/broken\.ndjson:6: Basic\.id: /);
      expect(output).to.match(/import: 2 written, 0 unchanged, 4 refused/);
      expect(output).to.not.contain('Secret');
    });

    it('a reference that leads nowhere, and what refers to its resource', async () => {
      const path = write(
        'dangling.ndjson',
        basic('d-3', 'Basic/d-2'),
        basic('d-2', 'Basic/d-1'),
        basic('d-1', 'Patient/nobody'),
        basic('d-4', 'Basic/d-5'),
        basic('d-5', 'Basic/d-6'),
        basic('d-6'),
      );
      const output = await refusal(path);
      for (const line of [1, 2, 3])
        expect(output).to.contain(`dangling.ndjson:${line}: Basic.subject.reference: the reference leads nowhere`);
      expect(output).to.match(/import: 3 written, 0 unchanged, 3 refused/);
      expect(output).to.not.contain('nobody');
      const patient = write('Patient-nobody.ndjson', { resourceType: 'Patient', id: 'nobody' });
      expect(done(await run(other, 'hospital', 'import', path, patient))).to.match(/4 written, 3 unchanged, 0 refused/);
    });

    it('an entry of a batch', async () => {
      const path = write('batch.json', {
        ...{ resourceType: 'Bundle', type: 'batch' },
        entry: [
          { resource: basic('e-1'), request: { method: 'PUT', url: 'Basic/e-1' } },
          { resource: basic('e-2', 'Patient/no-one'), request: { method: 'PUT', url: 'Basic/e-2' } },
        ],
      });
      const output = await refusal(path);
      expect(output).to.match(/batch\.json: Bundle\.entry\[1\]: .*the reference leads nowhere/);
      expect(output).to.match(/import: 1 written, 0 unchanged, 1 refused/);
    });

    it('a tenant that there is not, and a path that there is not', async () => {
      const path = write('fine.ndjson', basic('f'));
      const [tenant, nowhere] = [
        await run(other, 'hopsital', 'import', path),
        await run(other, 'hospital', 'import', file('no')),
      ];
      expect([tenant.code, nowhere.code]).to.deep.equal([78, 78]);
      expect(tenant.output).to.match(/there is no tenant 'hopsital' \(did you mean 'hospital'\?\)/);
      expect(nowhere.output).to.match(/no cannot be read \(ENOENT\)/);
    });
  });

  it('take the last of two lines about one resource, however many go in at once', async () => {
    const versions = Array.from({ length: 200 }, (_, n) => ({
      resourceType: 'Basic',
      id: 'twice',
      code: { text: `v${n}` },
    }));
    done(await run(other, 'hospital', 'import', write('twice.ndjson', ...versions)));
    const admin = await other.as('admin');
    expect(await (await admin.send('GET', '/fhir/Basic/twice')).text()).to.contain('"v199"');
  });

  it('go on where an import was killed', async () => {
    const target = await startTestServer();
    try {
      mkdirSync(file('many'));
      const all = Array.from({ length: 6_000 }, (_, n) => ({
        ...{ resourceType: 'Basic', id: `m-${n}`, code: { text: `${n}` } },
        ...(n % 2 ? { subject: { reference: `Basic/m-${n % 500 === 1 ? (n + 500) % 6_000 : n - 1}` } } : {}),
      }));
      write('many/Basic.ndjson', ...all);
      const running = runHeddle({ args: ['import', '--tenant', 'hospital', file('many')], environment: on(target) });
      await eventually(async () => expect(await count(target)).to.be.above(300), 1_500);
      running.child.kill('SIGKILL');
      await running.exit;
      const before = await count(target);
      expect(before).to.be.below(6_000);
      expect(await halves(target.database.owner)).to.deep.equal(whole);
      const said = done(await run(target, 'hospital', 'import', file('many')));
      expect(said).to.match(/ 0 refused/);
      expect(await count(target)).to.equal(6_000);
      expect(await sql(target.database.owner, 'select count(*)::int as n from heddle.history')).to.deep.equal([
        { n: 0 },
      ]);
    } finally {
      await target.close();
    }
  });
});
