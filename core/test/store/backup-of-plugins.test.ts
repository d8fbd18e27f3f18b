import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { writeBackupFile } from '../../src/store/backup/file.ts';
import { judgeManifest, restoreBackup, verifyBackup } from '../../src/store/backup/restore.ts';
import { takeBackup } from '../../src/store/backup/take.ts';
import { kernelMigrations } from '../../src/store/kernel-migrations.ts';
import type { Migration, PluginMigrations } from '../../src/store/migration.ts';
import { migrate } from '../../src/store/migrator.ts';
import { prepareServingRole } from '../../src/store/serving-role.ts';
import { testDatabase, type TestDatabase } from '../../src/testing/postgres.ts';
import { silent, sql } from './rig.ts';

describe('a backup', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'heddle-plugin-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  const inEmpty = async (work: (target: TestDatabase) => Promise<void>): Promise<void> => {
    const target = await testDatabase({ bare: true });
    try {
      await work(target);
    } finally {
      await target.drop();
    }
  };

  it('carries the tables of plugins too, whatever their columns are, and brings them forward', () =>
    inEmpty((source) =>
      inEmpty(async (target) => {
        const first: Migration = {
          id: '001-looms',
          up: ({ serving }) => [
            // By name the one that refers stands before the one that is referred to.
            'create table warp (id int8 primary key)',
            `create table cloth (
               id int8 generated always as identity (start 7) primary key, warp int8 references warp, made timestamptz,
               words text, twice text generated always as (words || words) stored, "odd Name" bytea, of int8 references cloth)`,
            `grant select on warp, cloth to ${serving}`,
          ],
        };
        const second: Migration = { id: '002-dyes', up: () => ['create table dye (name text)'] };
        const withPlugin = (...migrations: readonly Migration[]) => [
          kernelMigrations,
          { plugin: 'loom-shed', migrations },
        ];
        const prepare = async ({ owner }: TestDatabase, plugins: readonly PluginMigrations[]): Promise<string> => {
          const servingName = await prepareServingRole(owner, 5_000);
          if (plugins.length > 0) await migrate({ owner, servingName, plugins, log: silent });
          return servingName;
        };
        await prepare(source, withPlugin(first));
        const columns = 'id, warp, made, words, twice, "odd Name", of';
        await sql(
          source.owner,
          'set search_path = plugin_loom_shed',
          'insert into warp values (1), (9007199254740993)',
          String.raw`insert into cloth (warp, made, words, "odd Name") values
            (9007199254740993, '2026-01-02 03:04:05.678901+05:30', E'tab\t, line\n, back\\slash, \\N, \\.', '\x00ff0a5c'), (1, 'infinity', '', null), (null, null, null, '')`,
          'update cloth set of = 7 where id = 8',
        );
        const path = join(folder, 'plugin');
        const connectMs = 5_000;
        const now = Date.now;
        await writeBackupFile({ path, secret: undefined, random: randomBytes }, async (put) => {
          await takeBackup({ owner: source.owner, connectMs, version: '0.1.0', now, put, told: () => {} });
        });
        const manifest = await verifyBackup(path, undefined);
        const plugins = withPlugin(first, second);
        expect(judgeManifest(manifest, plugins, '0.1.0')).to.deep.equal([]);
        const servingName = await prepare(target, []);
        await restoreBackup(manifest, {
          ...{ path, secret: undefined, owner: target.owner, connectMs, servingName, plugins },
          ...{ intoUsed: false, masters: [], told: () => {} },
        });
        expect(await migrate({ owner: target.owner, servingName, plugins, log: silent })).to.deep.equal([
          'loom-shed 002-dyes',
        ]);
        const rows = `select ${columns} from plugin_loom_shed.cloth order by id`;
        expect(await sql(target.owner, rows)).to.deep.equal(await sql(source.owner, rows));
        expect(
          await sql(target.owner, `insert into plugin_loom_shed.cloth (words) values ('x') returning id`),
        ).to.deep.equal([{ id: 10 }]);
      }),
    ));
});
