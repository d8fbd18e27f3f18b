import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { eventually } from '../../core/test/eventually.ts';
import { itWhere } from '../cannot-run.ts';
import { handOf, idOf, runHeddle } from '../faults/running.ts';
import { canMount, mountSmall } from '../faults/small-disk.ts';

describe('a full disk', () => {
  itWhere(canMount(), 'only root may mount a small file system')(
    'is told as 503 with Retry-After, and everything goes on once there is room',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'heddle-full-'));
      mountSmall(folder, '160m');
      const running = runHeddle({ environment: { HEDDLE_HOME: join(folder, 'home'), HEDDLE__LOG__LEVEL: 'warn' } });
      try {
        const url = await running.ready;
        const hand = await handOf(url);
        const kept = [await idOf(await hand.create())];
        const filler = join(folder, 'filler');
        const { bavail, bsize } = statfsSync(folder);
        writeFileSync(filler, Buffer.alloc(bavail * bsize - 1_000_000));

        let full: Response | undefined;
        for (let tries = 0; tries < 400 && !full; tries++) {
          const answer = await hand.create(100_000);
          if (answer.status === 201) kept.push(await idOf(answer));
          // A server that ran out of room for its log stops at once, and what was on the way is unknown.
          else if (answer.status === 503) full = answer;
          else expect(answer.status, await answer.text()).to.equal(500);
        }
        expect(full?.headers.get('retry-after'), 'it never filled').to.match(/^\d+$/);
        await eventually(async () => {
          const ready = await fetch(`${url}/readyz`);
          expect(ready.status).to.equal(503);
          expect(await ready.text()).to.match(/no room|cannot be reached/);
        });

        rmSync(filler);
        await eventually(async () => expect((await fetch(`${url}/readyz`)).status).to.equal(200), 600);
        await eventually(async () => expect((await hand.create()).status).to.equal(201));
        const read = await Promise.all(kept.map((id) => hand.read(id)));
        expect(read.map(({ status }) => status)).to.deep.equal(kept.map(() => 200));
        expect(running.child.exitCode).to.equal(null);
      } finally {
        running.child.kill('SIGTERM');
        await running.exit;
        execFileSync('umount', ['--lazy', folder]);
        rmSync(folder, { recursive: true, force: true });
      }
    },
  );
});
