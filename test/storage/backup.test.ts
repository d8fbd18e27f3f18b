import { randomBytes } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { addressOf } from '../../core/src/store/address.ts';
import { testDatabase, testMaster, type TestDatabase } from '../../core/src/testing/postgres.ts';
import { startTestServer, type TestServer } from '../../core/src/testing/server.ts';
import { eventually } from '../../core/test/eventually.ts';
import { sql } from '../../core/test/store/rig.ts';
import { itWhere } from '../cannot-run.ts';
import { contents, digits, fill, halves, heddle, load, versions, whole, type Ended } from '../faults/installation.ts';
import { folderOf, isHere, startPostgres } from '../faults/other-postgres.ts';
import { runHeddle } from '../faults/running.ts';
import { canMount, mountSmall } from '../faults/small-disk.ts';

describe('heddle backup and heddle restore', () => {
  let folder: string;
  let server: TestServer;
  let keyFile: string;
  /** What the backups that are made first hold. */
  let good: Record<string, unknown>;
  const file = (name: string): string => join(folder, name);
  const on = (url: string): Record<string, string> => ({
    HEDDLE_HOME: file('home'),
    DATABASE_URL: url,
    HEDDLE__KEYS__MASTER: testMaster,
    HEDDLE__LOG__LEVEL: 'warn',
  });
  const backup = (url: string, ...args: readonly string[]): Promise<Ended> => heddle(['backup', ...args], on(url));
  const restore = (url: string, ...args: readonly string[]): Promise<Ended> => heddle(['restore', ...args], on(url));
  const done = ({ code, output }: Ended): string => {
    expect(code, output).to.equal(0);
    return output;
  };
  const refused = ({ code, output }: Ended, words: RegExp): void => {
    expect(code, output).to.equal(78);
    expect(output, output).to.match(words);
  };
  const inEmpty = async (work: (target: TestDatabase) => Promise<void>): Promise<void> => {
    const target = await testDatabase({ bare: true });
    try {
      await work(target);
    } finally {
      await target.drop();
    }
  };
  const isUntouched = async ({ owner }: TestDatabase): Promise<void> => {
    expect(await sql(owner, `select to_regnamespace('heddle')::text as there`)).to.deep.equal([{ there: null }]);
  };

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'heddle-backup-'));
    keyFile = file('key');
    writeFileSync(keyFile, randomBytes(32).toString('base64'), { mode: 0o600 });
    server = await startTestServer();
    const running = await load(server);
    await eventually(async () => expect(running.done()).to.be.above(80));
    await running.stop();
    good = await contents(server.database.owner);
    done(await backup(server.database.url, file('good')));
    done(await backup(server.database.url, file('sealed'), '--key-file', keyFile));
  });
  after(async () => {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('take one moment of a database in use, and give back every version byte for byte', () =>
    inEmpty(async (target) => {
      const running = await load(server);
      const before = running.done();
      const said = done(await backup(server.database.url, file('moment')));
      expect(running.done(), 'nobody wrote meanwhile').to.be.above(before + 5);
      await running.stop();
      expect(said).to.match(/backup \S+moment: [\d.]+ [kM]B, [\d,]+ rows, [\d.]+ s, not encrypted/);
      expect(statSync(file('moment')).mode & 0o777).to.equal(0o600);
      done(await restore(target.url, file('moment')));

      expect(await halves(target.owner)).to.deep.equal(whole);
      const source = new Set(await versions(server.database.owner));
      const there = await versions(target.owner);
      expect(there.length).to.be.above(200);
      expect(there.filter((version) => !source.has(version))).to.deep.equal([]);

      const restored = await startTestServer({ database: target });
      try {
        const admin = await restored.as('admin');
        const created = (await (await admin.send('POST', '/fhir/Observation', digits)).json()) as { id: string };
        expect(await (await admin.send('GET', `/fhir/Observation/${created.id}`)).text()).to.contain('"value":1.000}');
        const found = await (await admin.send('GET', '/fhir/Observation?_count=20')).text();
        expect(found.split('"fullUrl"').length).to.equal(21);
        expect(found).to.contain('"value":12345678901234567890.10');
        expect(found).to.contain('"value":0.00000000000000000001');
        expect(await halves(target.owner)).to.deep.equal(whole);
        const [{ ahead } = {}] = await sql(
          target.owner,
          `select count(*)::int as ahead from heddle.change where xid >= pg_current_xact_id()::text::int8`,
        );
        expect(ahead).to.equal(0);
      } finally {
        await restored.close();
      }
    }));

  for (const major of [15])
    itWhere(isHere(major), `the package with PostgreSQL ${major} is not here for this processor`)(
      `carry all from PostgreSQL 18 to ${major} and back, encrypted`,
      async () => {
        const other = await startPostgres(folderOf(major));
        try {
          const there = addressOf(other.url(), 'the test');
          done(await restore(other.url(), file('sealed'), '--key-file', keyFile));
          expect(await contents(there)).to.deep.equal(good);
          expect(await halves(there)).to.deep.equal(whole);
          done(await backup(other.url(), file(`from-${major}`), '--key-file', keyFile));
          await inEmpty(async (target) => {
            expect(done(await restore(target.url, file(`from-${major}`), '--key-file', keyFile))).to.match(
              new RegExp(`on PostgreSQL ${major}\\.`),
            );
            expect(await contents(target.owner)).to.deep.equal(good);
          });
        } finally {
          await other.stop();
        }
      },
    );

  it('give sequences, row-level security and rights as a new installation has them', () =>
    inEmpty(async (target) => {
      done(await restore(target.url, file('good')));
      const rights = (database: TestDatabase): Promise<unknown> =>
        sql(
          database.owner,
          `select c.relname, c.relrowsecurity, (select count(*) from pg_policy p where p.polrelid = c.oid) as policies,
                  array(select distinct a.privilege_type from aclexplode(c.relacl) a where a.grantee <> c.relowner order by 1) as rights
             from pg_class c where c.relnamespace = 'heddle'::regnamespace and c.relkind in ('r', 'S', 'i') order by 1`,
        );
      expect(await rights(target)).to.deep.equal(await rights(server.database));
      const [next] = await sql(
        target.owner,
        `select nextval('heddle.rid_block') > (select max(rid & ((1::int8 << 44) - 1)) from heddle.resource) as rids,
                nextval('heddle.tenant_id_seq') > (select max(id) from heddle.tenant) as tenants`,
      );
      expect(next).to.deep.equal({ rids: true, tenants: true });
    }));

  describe('refuse, and change nothing', () => {
    const altered = (name: string, from: string, change: (bytes: Buffer) => Uint8Array): string => {
      writeFileSync(file(name), change(readFileSync(file(from))));
      return file(name);
    };
    const flipped = (part: number) => (bytes: Buffer) => {
      const at = Math.floor(bytes.length * part);
      bytes[at] = (bytes[at] ?? 0) ^ 4;
      return bytes;
    };
    const cases: Readonly<Record<string, () => readonly [words: RegExp, ...args: readonly string[]]>> = {
      'an encrypted file without its key': () => [/is encrypted: name the file with its key/, file('sealed')],
      'an encrypted file with another key': () => {
        writeFileSync(file('other-key'), randomBytes(32).toString('base64'), { mode: 0o600 });
        return [/this key does not open the backup/, file('sealed'), '--key-file', file('other-key')];
      },
      'a key too short to be one': () => {
        writeFileSync(file('short-key'), 'secret\n', { mode: 0o600 });
        return [/holds 6 bytes, and a key needs at least 16/, file('sealed'), '--key-file', file('short-key')];
      },
      'a plain file with one bit changed': () => [
        /damaged: part \d+, from byte \d+/,
        altered('a', 'good', flipped(0.7)),
      ],
      'an encrypted file with one bit changed': () => [
        /damaged: part \d+, from byte \d+/,
        altered('b', 'sealed', flipped(0.5)),
        ...['--key-file', keyFile],
      ],
      'a file that was cut off': () => [
        /damaged: it ends at byte \d+/,
        altered('c', 'good', (bytes) => bytes.subarray(0, bytes.length * 0.8)),
      ],
      'a file that is none of Heddle’s': () => [
        /not a backup of Heddle/,
        altered('d', 'key', () => Buffer.alloc(9_000)),
      ],
      'a file that is not there': () => [/cannot be read \(ENOENT\)/, file('nowhere')],
    };
    for (const [what, given] of Object.entries(cases))
      it(what, () =>
        inEmpty(async (target) => {
          const [words, ...args] = given();
          refused(await restore(target.url, ...args), words);
          await isUntouched(target);
        }),
      );

    it('a database on which a Heddle works', async () => {
      refused(
        await restore(server.database.url, file('good'), '--into-empty'),
        /a Heddle works on this database .*stop every node of it first/,
      );
    });

    it('a database that somebody has worked in', () =>
      inEmpty(async (target) => {
        done(await restore(target.url, file('good')));
        const before = await contents(target.owner);
        refused(await restore(target.url, file('good'), '--into-empty'), /the database is not empty \(heddle\.\w+/);
        expect(await contents(target.owner)).to.deep.equal(before);
      }));

    it('a database that was started once, unless that is said to be nothing', () =>
      inEmpty(async (target) => {
        await (await startTestServer({ database: target })).close();
        refused(await restore(target.url, file('good')), /holds what a first start makes .*--into-empty/);
        done(await restore(target.url, file('good'), '--into-empty'));
        expect(await contents(target.owner)).to.deep.equal(good);
        await (await startTestServer({ database: target })).close();
      }));

    it('a database whose schema was made by nobody known', () =>
      inEmpty(async (target) => {
        await sql(target.owner, 'create schema heddle');
        refused(await restore(target.url, file('good')), /has a schema heddle that no Heddle made/);
      }));

    it('keys that the master key at hand does not open, unless they are given up', () =>
      inEmpty(async (target) => {
        const master = randomBytes(32).toString('base64');
        const environment = { ...on(target.url), HEDDLE__KEYS__MASTER: master };
        refused(
          await heddle(['restore', file('good')], environment),
          /sealed under another master key \(\w{16}\) than HEDDLE__KEYS__MASTER: set HEDDLE__KEYS__PREVIOUS to it/,
        );
        await isUntouched(target);
        const said = done(await heddle(['restore', file('good'), '--without-keys'], environment));
        expect(said).to.match(/the keys of the backup were left out: .*Everybody signs in again/);
        await (await startTestServer({ database: target, environment: { HEDDLE__KEYS__MASTER: master } })).close();
      }));

    it('no keys whose master key is given as the previous one', () =>
      inEmpty(async (target) => {
        const master = randomBytes(32).toString('base64');
        const keys = { HEDDLE__KEYS__MASTER: master, HEDDLE__KEYS__PREVIOUS: testMaster };
        done(await heddle(['restore', file('good')], { ...on(target.url), ...keys }));
        done(await heddle(['keys', 'reseal'], { ...on(target.url), ...keys }));
        await (await startTestServer({ database: target, environment: { HEDDLE__KEYS__MASTER: master } })).close();
        const kept = `select id, purpose, created from heddle.key where purpose <> 'database' order by id`;
        expect(await sql(target.owner, kept)).to.deep.equal(await sql(server.database.owner, kept));
      }));
  });

  describe('killed or without room', () => {
    before(async () => {
      await fill(server, 24);
      done(await backup(server.database.url, file('large')));
    }).timeout(60_000);

    it('a backup leaves no file of its name, and the next one clears what is left', async () => {
      const place = file('killed');
      mkdirSync(place);
      const running = runHeddle({ args: ['backup', join(place, 'b')], environment: on(server.database.url) });
      await eventually(async () => {
        const [half = ''] = readdirSync(place);
        expect(statSync(join(place, half)).size).to.be.above(1_000_000);
      }, 1_000);
      running.child.kill('SIGKILL');
      await running.exit;
      expect(readdirSync(place)).to.have.length(1).and.not.to.include('b');
      done(await backup(server.database.url, join(place, 'b')));
      expect(readdirSync(place)).to.deep.equal(['b']);
    });

    it('a restore leaves the database as it was, and the next one restores it', () =>
      inEmpty(async (target) => {
        const running = runHeddle({ args: ['restore', file('large')], environment: on(target.url) });
        await eventually(async () => expect(running.output()).to.match(/heddle\.history/), 1_000);
        running.child.kill('SIGKILL');
        await running.exit;
        expect(running.output()).to.not.match(/heddle\.word/);
        await isUntouched(target);
        await eventually(async () => done(await restore(target.url, file('large'))), 3);
        expect(await contents(target.owner)).to.deep.equal(await contents(server.database.owner));
      }));

    const onSmallDisk = (size: string, work: (place: string) => Promise<void>) => async () => {
      const place = mkdtempSync(join(tmpdir(), 'heddle-small-'));
      mountSmall(place, size);
      try {
        await work(place);
      } finally {
        execFileSync('umount', ['--lazy', place]);
        rmSync(place, { recursive: true, force: true });
      }
    };
    const itWhereDisksAreMade = itWhere(canMount(), 'only root may mount a small file system');

    itWhereDisksAreMade(
      'a backup says so where there is no room, leaves an earlier one alone and nothing of itself',
      onSmallDisk('8m', async (place) => {
        writeFileSync(join(place, 'b'), 'an earlier one');
        refused(await backup(server.database.url, join(place, 'b')), /there is no room for the backup in/);
        expect(readdirSync(place)).to.deep.equal(['b']);
        expect(readFileSync(join(place, 'b'), 'utf8')).to.equal('an earlier one');
      }),
    );

    itWhereDisksAreMade(
      'a restore says so where the database has no room, and is done once there is',
      onSmallDisk('200m', async (place) => {
        const { DATABASE_URL: _none = '', ...rest } = on('');
        const embedded = { ...rest, HEDDLE_HOME: join(place, 'home') };
        done(await heddle(['migrate'], embedded));
        const { bavail, bsize } = statfsSync(place);
        writeFileSync(join(place, 'filler'), Buffer.alloc(bavail * bsize - 15_000_000));
        const without = await heddle(['restore', file('large')], embedded);
        refused(
          without,
          /could not be restored, and nothing was changed: (?:the database has no room|the database ended the connection|Connection terminated)/,
        );
        rmSync(join(place, 'filler'));
        done(await heddle(['restore', file('large')], embedded));
      }),
    );
  });
});
