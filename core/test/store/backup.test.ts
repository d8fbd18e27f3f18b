import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { open, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { newSeal, readChunks, writeChunks } from '../../src/store/backup/chunks.ts';
import { endRecord, manifestRecord, readBackup, rowsRecord, tableEndRecord } from '../../src/store/backup/records.ts';
import { judgeManifest } from '../../src/store/backup/restore.ts';
import { kernelMigrations } from '../../src/store/kernel-migrations.ts';
import { digestOf } from '../../src/store/migration.ts';
import { Outcome } from '../../src/outcome/outcome.ts';

const secret = Buffer.from('a key for tests, long enough');
const forms = [
  ['plain', undefined],
  ['sealed', secret],
] as const;

describe('the chunks of a backup', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'heddle-chunks-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  const written = async (content: Uint8Array, key: Uint8Array | undefined): Promise<Buffer> => {
    const path = join(folder, 'file');
    const file = await open(path, 'w');
    const writer = await writeChunks(file, newSeal(key, randomBytes));
    await writer.write(content);
    const size = await writer.end();
    await file.close();
    const bytes = await readFile(path);
    expect(bytes.length).to.equal(size);
    return bytes;
  };
  const read = async (bytes: Uint8Array, key: Uint8Array | undefined): Promise<Buffer> => {
    const path = join(folder, 'read');
    await writeFile(path, bytes);
    const file = await open(path);
    try {
      return Buffer.concat(await Array.fromAsync(readChunks(file, key)));
    } finally {
      await file.close();
    }
  };
  const refusal = async (bytes: Uint8Array, key: Uint8Array | undefined): Promise<string> => {
    const thrown = await read(bytes, key).then(
      () => expect.fail('it was taken'),
      (reason: unknown) => reason,
    );
    return thrown instanceof Outcome ? thrown.message : expect.fail(String(thrown));
  };

  for (const [form, key] of forms) {
    it(`come back as they were, ${form}`, async () => {
      for (const size of [0, 1, 256 * 1024, 256 * 1024 + 1, 1_000_000]) {
        const content = randomBytes(size);
        expect((await read(await written(content, key), key)).equals(content), String(size)).to.equal(true);
      }
    });

    it(`are refused when any byte is another one, ${form}`, async () => {
      const bytes = await written(randomBytes(20), key);
      // To try a key costs a tenth of a second.
      for (let at = 0; at < bytes.length; at += key ? 11 : 1) {
        const altered = Buffer.from(bytes);
        altered[at] = (altered[at] ?? 0) ^ 1;
        expect(await refusal(altered, key)).to.match(/damaged|not a backup|format|encrypted|does not open/);
      }
    });

    it(`are refused when they end anywhere before their end, or go on behind it, ${form}`, async () => {
      const bytes = await written(randomBytes(20), key);
      for (let length = 0; length < bytes.length; length += key ? 31 : 1)
        expect(await refusal(bytes.subarray(0, length), key)).to.match(/damaged: it ends at byte|only the first bytes/);
      expect(await refusal(Buffer.concat([bytes, Buffer.from('x')]), key)).to.match(/1 bytes stand behind its end/);
    });

    it(`are refused when two of them changed places, one is missing or came twice, or is of another file, ${form}`, async () => {
      const content = randomBytes(800_000);
      const [bytes, other] = [await written(content, key), await written(content, key)];
      const whole = 4 + 256 * 1024 + 16;
      const chunk = (of: Buffer, number: number): Buffer => of.subarray(49 + number * whole, 49 + (number + 1) * whole);
      const [head, rest] = [bytes.subarray(0, 49), bytes.subarray(49 + 3 * whole)];
      const made = (...chunks: readonly Buffer[]): Buffer => Buffer.concat([head, ...chunks, rest]);
      const [a, b, c] = [chunk(bytes, 0), chunk(bytes, 1), chunk(bytes, 2)];
      expect((await read(made(a, b, c), key)).equals(content)).to.equal(true);
      expect(await refusal(made(b, a, c), key)).to.match(/part 1, from byte 49/);
      expect(await refusal(made(a, c), key)).to.match(/part 2/);
      expect(await refusal(made(a, a, b, c), key)).to.match(/part 2/);
      expect(await refusal(made(a, chunk(other, 1), c), key)).to.match(/part 2/);
    });
  }

  it('are not opened by another key, and not without one', async () => {
    const bytes = await written(randomBytes(20), secret);
    expect(await refusal(bytes, undefined)).to.match(/is encrypted: name the file with its key/);
    expect(await refusal(bytes, Buffer.from('another key, long enough too'))).to.match(/does not open the backup/);
  });

  it('of a later format are refused by its number', async () => {
    const bytes = await written(randomBytes(20), undefined);
    bytes.write('2', 14);
    expect(await refusal(bytes, undefined)).to.match(/has format 2, and this release reads 1/);
  });
});

const table = { schema: 'heddle', name: 'tenant', columns: [{ name: 'id', type: 'integer' }] };
const manifest = {
  ...{ heddle: '0.1.0', postgres: '18.4', taken: '2026-01-01T00:00:00Z', ledger: [], tables: [table] },
  ...{ sequences: [], masters: [] },
};

describe('the records of a backup', () => {
  const read = async (...records: readonly Buffer[]): Promise<readonly number[]> => {
    const all = Buffer.concat(records);
    // In crumbs, as a stream may bring them.
    const crumbs = async function* () {
      for (let at = 0; at < all.length; at += 7) yield all.subarray(at, at + 7);
    };
    return readBackup(crumbs(), { manifest: async () => {}, table: async () => {} });
  };
  const refused = async (...records: readonly Buffer[]): Promise<string> =>
    read(...records).then(
      () => expect.fail('it was taken'),
      (thrown: Error) => thrown.message,
    );
  const [head, two] = [manifestRecord(manifest), rowsRecord(Buffer.from('1\n2\n'))];

  it('are read whole, and every row is counted', async () => {
    expect(await read(head, two, rowsRecord(Buffer.from('3\n')), tableEndRecord(3), endRecord([3]))).to.deep.equal([3]);
  });

  it('are refused when their counts do not hold or one is missing', async () => {
    expect(await refused(head, two, tableEndRecord(3), endRecord([3]))).to.match(/heddle.tenant says 3 rows and has 2/);
    expect(await refused(head, two, tableEndRecord(2), endRecord([3]))).to.match(/counts at the end/);
    expect(await refused(head, two, tableEndRecord(2))).to.match(/ends before its last record/);
    expect(await refused(head, two, endRecord([2]))).to.match(/heddle.tenant has no end/);
    expect(await refused(head, tableEndRecord(0), endRecord([0]), two)).to.match(/goes on behind its end/);
    expect(await refused(two)).to.match(/does not begin with its manifest/);
    expect(await refused(head.subarray(0, 20))).to.match(/ends within a record/);
  });
});

describe('a backup of another release', () => {
  const ledger = kernelMigrations.migrations.map((each) => ({
    ...{ plugin: 'core', id: each.id, digest: digestOf(each), breaking: false },
  }));
  const judged = (more: { readonly plugin: string; readonly id: string; readonly digest?: string }): string[] =>
    judgeManifest(
      { ...manifest, heddle: '9.0.0', ledger: [...ledger, { digest: 'x', breaking: false, ...more }] },
      [kernelMigrations],
      '0.1.0',
    );

  it('is taken when all of its migrations are known', () => {
    expect(judgeManifest({ ...manifest, ledger }, [kernelMigrations], '0.1.0')).to.deep.equal([]);
  });

  it('is refused by name when it is later, has a plugin more, or a migration was changed', () => {
    expect(judged({ plugin: 'core', id: '999-later' })).to.deep.equal([
      'the backup was made by Heddle 9.0.0, which has the migration core 999-later; this is 0.1.0 and does not: restore it with 9.0.0 or a later release',
    ]);
    expect(judged({ plugin: 'lab', id: '001-runs' })[0]).to.match(/plugin 'lab', which is not switched on here/);
    expect(judged({ plugin: 'core', id: '001-frame' })[0]).to.match(/001-frame of this release is not the one/);
  });
});
