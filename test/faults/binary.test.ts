import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { expect } from 'chai';
import { attachEmbedded } from '../../core/src/store/embedded/attach.ts';
import { eventually } from '../../core/test/eventually.ts';
import { sql } from '../../core/test/store/rig.ts';
import { inFolder, runHeddle, tokenOf, type Running } from './running.ts';

const start = (home: string): Running =>
  runHeddle({ environment: { HEDDLE_HOME: home, HEDDLE__LOG__LEVEL: 'error', HEDDLE__DATABASE__FSYNC: 'false' } });

const megabytes = ({ child }: Running): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) / 1_024;

const chunk = randomBytes(1_000_000);
const source = (count: number): ReadableStream<Uint8Array> => {
  let left = count;
  return new ReadableStream({
    pull: (controller) => (left-- > 0 ? controller.enqueue(chunk) : controller.close()),
  });
};

describe('a Binary in a process of its own', () => {
  it('of 200 MB goes in and out through a bounded memory', () =>
    inFolder(async (folder) => {
      const running = start(join(folder, 'home'));
      const url = await running.ready;
      const headers = { Authorization: `Bearer ${await tokenOf(url)}`, 'Content-Type': 'video/mp4' };
      const upload = async (count: number): Promise<string> => {
        const sent = { method: 'POST', headers, body: source(count), duplex: 'half' } as RequestInit;
        return (await fetch(`${url}/fhir/Binary`, sent)).headers.get('location') ?? '';
      };
      const download = async (location: string): Promise<number> => {
        let size = 0;
        for await (const part of (await fetch(location, { headers })).body ?? []) size += (part as Uint8Array).length;
        return size;
      };
      await download(await upload(10));
      const before = megabytes(running);
      let most = 0;
      const watch = setInterval(() => {
        most = Math.max(most, megabytes(running) - before);
      }, 20);
      const location = await upload(200);
      const uploading = most;
      expect(await download(location)).to.equal(200_000_000);
      clearInterval(watch);
      // What was let go of is collected when V8 thinks it time: tens of megabytes, however long the content is.
      expect(most, `${uploading} MB while it came, ${most} in all`).to.be.lessThan(120);
      running.child.kill('SIGTERM');
      await running.exit;
    })).timeout(120_000);

  it('leaves no version when the process is killed in the middle, and what is left of it is swept', () =>
    inFolder(async (folder) => {
      const home = join(folder, 'home');
      const running = start(home);
      const url = await running.ready;
      const sent = request(`${url}/fhir/Binary/half`, {
        method: 'PUT',
        headers: { Authorization: `Bearer ${await tokenOf(url)}`, 'Content-Type': 'a/b', 'Content-Length': '9000000' },
      });
      sent.on('error', () => undefined);
      sent.write(Buffer.alloc(2_000_000));
      const rows = async (...statements: readonly string[]) => {
        const superuser = await attachEmbedded(home);
        const database = { ...(superuser ?? expect.fail('no database')), database: 'heddle' };
        return sql(database, 'set search_path = heddle', ...statements);
      };
      const left = () =>
        rows('select (select count(*)::int from piece) as pieces, (select count(*)::int from content) as contents');
      await eventually(async () => expect((await left())[0]?.pieces).to.be.greaterThan(5));
      running.child.kill('SIGKILL');
      await running.exit;

      const again = start(home);
      const headers = { Authorization: `Bearer ${await tokenOf(await again.ready)}` };
      expect((await fetch(`${await again.ready}/fhir/Binary/half`, { headers })).status).to.equal(404);
      await rows(`update upload set begun = now() - interval '2 days'`);
      again.child.kill('SIGTERM');
      await again.exit;
      const third = start(home);
      await third.ready;
      await eventually(async () => expect(await left()).to.deep.equal([{ pieces: 0, contents: 0 }]));
      third.child.kill('SIGTERM');
      await third.exit;
    })).timeout(120_000);
});
