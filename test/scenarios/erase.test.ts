import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { bodyOf, type Resource } from '../../core/src/fhir/body.ts';
import { testMaster } from '../../core/src/testing/postgres.ts';
import { startTestServer, type TestServer } from '../../core/src/testing/server.ts';
import { eventually } from '../../core/test/eventually.ts';
import { sql } from '../../core/test/store/rig.ts';
import { halves, heddle, whole, type Ended } from '../faults/installation.ts';

const patient = 'f00dfeed-erase-me';
const other = 'b-keeps-the-record';
const secret = 'Zzyzxov';
const to = (id: string) => ({ reference: `Patient/${id}` });

const observation = (id: string, subject: string, more: Record<string, unknown> = {}): Resource => ({
  ...{ resourceType: 'Observation', id, status: 'final', code: { text: 'x' }, subject: to(subject) },
  ...more,
});

describe('an administrator who erases a patient', () => {
  let folder: string;
  let server: TestServer;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'heddle-erase-'));
    server = await startTestServer();
    await put({ resourceType: 'Patient', id: other });
    await put({ resourceType: 'Patient', id: patient, name: [{ family: 'Before' }] });
    await put({ resourceType: 'Patient', id: patient, name: [{ family: secret }], birthDate: '1980-01-02' });
  });
  afterEach(async () => {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const put = async (resource: Resource): Promise<void> => {
    const { resourceType: type, id = '' } = resource;
    const admin = await server.caller('admin');
    await server.perform({ verb: 'update', type, id, caller: admin, body: bodyOf(resource) });
  };
  const remove = async (type: string, id: string): Promise<void> => {
    await server.perform({ verb: 'delete', type, id, caller: await server.caller('admin') });
  };
  const erase = (...args: readonly string[]): Promise<Ended> =>
    heddle(['erase', '--tenant', 'hospital', '--reason', 'asked for by the person', `Patient/${patient}`, ...args], {
      HEDDLE_HOME: join(folder, 'home'),
      DATABASE_URL: server.database.url,
      HEDDLE__KEYS__MASTER: testMaster,
      HEDDLE__LOG__LEVEL: 'warn',
    });
  /** Rows of each table of the database, of whatever schema, whose text holds it. */
  const holding = async (text: string): Promise<Record<string, number>> => {
    const { owner } = server.database;
    const tables = await sql(
      owner,
      `select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relkind = 'r' and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')`,
    );
    expect(tables.length).to.be.above(8);
    const found: Record<string, number> = {};
    for (const { name } of tables) {
      const [row] = await sql(
        owner,
        `select count(*)::int as n from ${String(name)} t where strpos(t::text, '${text}') > 0`,
      );
      if (row?.['n']) found[String(name)] = Number(row['n']);
    }
    return found;
  };
  const statusOf = async (path: string): Promise<number> =>
    (await (await server.as('admin')).send('GET', `/fhir/${path}`)).status;

  it('leaves nothing of the patient in any table, and an entry that names the administrator and no patient', async () => {
    await put(observation('o-1', patient, { note: [{ text: secret }], effectiveDateTime: '2020-05-05' }));
    await put(observation('o-1', patient, { effectiveDateTime: '2020-05-06' }));
    await put({
      resourceType: 'Encounter',
      id: 'e-1',
      status: 'finished',
      class: { code: 'AMB' },
      subject: to(patient),
    });
    await put({ resourceType: 'Person', id: 'p-1', link: [{ target: to(patient) }] });
    await put({ resourceType: 'RelatedPerson', id: 'r-1', patient: to(patient), name: [{ family: secret }] });
    await put({
      ...{ resourceType: 'Provenance', id: 'prov-1', target: [to(patient)], recorded: '2020-01-01T00:00:00Z' },
      agent: [{ who: { display: 'x' } }],
    });
    await put({
      ...{ resourceType: 'AuditEvent', id: 'audit-1', type: { code: 'rest' }, recorded: '2020-01-01T00:00:00Z' },
      ...{ agent: [{ requestor: true }], source: { observer: { display: 'x' } }, entity: [{ what: to(patient) }] },
    });
    // Deleted since, noted under the wrong patient at first, and one that was moved on and then deleted.
    await put(observation('o-gone', patient, { note: [{ text: secret }] }));
    await remove('Observation', 'o-gone');
    await put(observation('o-moved', patient, { note: [{ text: secret }] }));
    await put(observation('o-moved', other));
    await put(observation('o-both', patient));
    await put(observation('o-both', other));
    await remove('Observation', 'o-both');
    await put(observation('o-other', other));
    await sql(
      server.database.owner,
      `update heddle.account set fhir_user = 'Patient/${patient}' where username = 'patient'`,
    );
    expect(Object.keys(await holding(patient))).to.have.members([
      'heddle.resource',
      'heddle.history',
      'heddle.word',
      'heddle.account',
    ]);

    const { code, output } = await erase('--yes');
    expect(code, output).to.equal(0);
    expect(output).to.match(/to be erased, with all versions: 8 resources\n {2}Observation +2\n/);
    expect(output).to.match(/past versions of resources that are others' by now: 2/);
    expect(output).to.match(/erased 8 resources and 5 past versions/);
    expect(output).to.match(/1 accounts stood for the patient: they are closed/);

    for (const text of [patient, secret]) expect(await holding(text), text).to.deep.equal({});
    expect(await statusOf(`Patient/${patient}`)).to.equal(404);
    expect(await statusOf('Observation/o-gone')).to.equal(404);
    expect(await statusOf('Observation/o-moved')).to.equal(200);
    expect(await statusOf('Observation/o-moved/_history/1')).to.equal(404);
    expect(await statusOf('Observation/o-both/_history/2')).to.equal(200);
    expect(await statusOf('Observation/o-other')).to.equal(200);
    expect(await halves(server.database.owner)).to.deep.equal({ ...whole, gaps: 2 });

    const audit = await (await server.as('admin')).send('GET', '/fhir/AuditEvent');
    const { entry = [] } = (await audit.json()) as { entry?: { resource: Record<string, unknown> }[] };
    expect(entry).to.have.length(1);
    const text = JSON.stringify(entry[0]?.resource);
    for (const part of ['"code":"destroy"', 'asked for by the person', 'heddle erase', '"valueString":"8"'])
      expect(text).to.contain(part);
    expect(text).to.not.match(/Patient\//);
  });

  it('takes the files of the record, past copies and answers that wait, and names copies that stay', async () => {
    const data = Buffer.from(`scan of ${secret}`).toString('base64');
    const url = (id: string) => ({ attachment: { url: `Binary/${id}` } });
    await put({ resourceType: 'Binary', id: 'guarded', contentType: 'a/b', data, securityContext: to(patient) });
    await put({ resourceType: 'Binary', id: 'attached', contentType: 'a/b', data });
    await put({ resourceType: 'Binary', id: 'theirs', contentType: 'a/b', data: 'AAAA', securityContext: to(other) });
    await put({
      ...{ resourceType: 'DocumentReference', id: 'd-1', status: 'current', subject: to(patient) },
      content: [url('guarded'), url('attached'), url('theirs')],
    });
    const copy = {
      fullUrl: `http://x.example/fhir/Patient/${patient}`,
      resource: { resourceType: 'Patient', id: patient },
    };
    await put({ resourceType: 'Bundle', id: 'copies', type: 'collection', entry: [copy] });
    const admin = await server.as('admin');
    const asked = await admin.send('GET', `/fhir/Patient?_id=${patient}`, undefined, { Prefer: 'respond-async' });
    const waits = (asked.headers.get('content-location') ?? '').replace(server.url, '');
    await eventually(async () => expect((await admin.send('GET', waits)).status).to.equal(200));

    const refused = await erase('--yes');
    expect(refused.output).to.match(/bundles with a copy in them: Bundle\/copies/);
    await put({ resourceType: 'Bundle', id: 'copies', type: 'collection' });
    const done = await erase('--yes');
    expect(done.code, done.output).to.equal(0);
    expect(done.output).to.match(/1 answers that waited/);
    for (const path of ['Binary/guarded', 'Binary/attached', 'DocumentReference/d-1'])
      expect(await statusOf(path), path).to.equal(404);
    expect(await statusOf('Binary/theirs')).to.equal(200);
    expect((await admin.send('GET', waits)).status).to.equal(404);
    for (const text of [patient, Buffer.from(secret).toString('hex')]) expect(await holding(text)).to.deep.equal({});
  }).timeout(60_000);

  it('is told what is another patient’s too and who refers to the record, and erases only when made to', async () => {
    const entry = [patient, other].map((id) => ({ actor: to(id), status: 'accepted' }));
    await put({ resourceType: 'Appointment', id: 'both', status: 'booked', participant: entry });
    await put({
      resourceType: 'Group',
      id: 'g',
      type: 'person',
      actual: true,
      member: [patient, other].map((id) => ({ entity: to(id) })),
    });
    await put({ resourceType: 'Patient', id: 'twin', link: [{ other: to(patient), type: 'seealso' }] });
    await put(observation('o-1', patient));
    await put({
      ...{ resourceType: 'Provenance', id: 'prov', target: [{ reference: 'Observation/o-1' }] },
      ...{ recorded: '2020-01-01T00:00:00Z', agent: [{ who: { display: 'x' } }] },
    });
    const before = await holding(patient);

    const refused = await erase('--yes');
    expect(refused.code, refused.output).to.equal(1);
    expect(refused.output).to.match(/to be erased, with all versions: 2 resources/);
    expect(refused.output).to.match(
      /another patient's too, or bundles with a copy in them: (?=.*Appointment\/both)(?=.*Group\/g)(?=.*Patient\/twin)/,
    );
    expect(refused.output).to.match(/others refer to what would be erased:\n {2}Provenance +1/);
    expect(refused.output).to.match(/nothing was erased: .*--force/);
    expect(await holding(patient)).to.deep.equal(before);

    const forced = await erase('--yes', '--force');
    expect(forced.code, forced.output).to.equal(0);
    expect(await statusOf(`Patient/${patient}`)).to.equal(404);
    expect(await statusOf('Appointment/both')).to.equal(200);
    expect(await holding(secret)).to.deep.equal({});

    // A person decides about each; what they said before goes with the next call.
    await put({ resourceType: 'Appointment', id: 'both', status: 'booked', participant: entry.slice(1) });
    await put({ resourceType: 'Group', id: 'g', type: 'person', actual: true, member: [{ entity: to(other) }] });
    await put({ resourceType: 'Patient', id: 'twin' });
    const again = await erase('--yes');
    expect(again.code, again.output).to.equal(0);
    expect(again.output).to.match(/erased 0 resources and 3 past versions/);
    expect(await holding(patient)).to.deep.equal({});
  });

  it('is asked first, and must name the tenant, the reason and the patient', async () => {
    expect((await erase()).code).to.equal(64);
    expect((await erase('Patient/another', '--yes')).code).to.equal(64);
    const home = { HEDDLE_HOME: join(folder, 'home'), DATABASE_URL: server.database.url };
    expect((await heddle(['erase', '--tenant', 'hospital', `Patient/${patient}`, '--yes'], home)).code).to.equal(64);
    const elsewhere = await heddle(
      ['erase', '--tenant', 'otherhospital', '--reason', 'x', `Patient/${patient}`, '--yes'],
      { ...home, HEDDLE__KEYS__MASTER: testMaster },
    );
    expect(elsewhere.code, elsewhere.output).to.equal(1);
    expect(elsewhere.output).to.match(/there is nothing of this patient in this tenant/);
    const telling = await heddle(
      ['erase', '--tenant', 'hospital', '--reason', `Patient/${patient} asked`, `Patient/${patient}`, '--yes'],
      { ...home, HEDDLE__KEYS__MASTER: testMaster },
    );
    expect(telling.output).to.match(/the reason names the patient/);
    expect(await statusOf(`Patient/${patient}`)).to.equal(200);
  });
});
