/** A process of its own that performs jobs on a database that it is told of, and says each that it begins and ends. */
import { hostname } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { openJobs } from '../../core/src/jobs/runner.ts';
import { openLog } from '../../core/src/observe/log.ts';
import { openMetrics } from '../../core/src/observe/metrics.ts';
import type { Address } from '../../core/src/store/address.ts';
import { openTestDatabase } from '../../core/test/store/rig.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const [address = '', concurrency = '2'] = process.argv.slice(2);
const database = await openTestDatabase(JSON.parse(address) as Address);
const jobs = await openJobs({
  database,
  tasks: [
    {
      name: 'wait',
      run: async ({ about, signal }) => {
        say(`begin ${about['name']}`);
        await pause(Number(about['ms']), undefined, { signal });
        say(`end ${about['name']}`);
      },
    },
  ],
  perform: () => Promise.reject(new Error('nothing is performed here')),
  ...{ concurrency: Number(concurrency), drainMs: 1_000, node: `${hostname()}-${process.pid}` },
  ...{ log: openLog('silent', { write: () => {} }), metrics: openMetrics(), onFatal: say },
});
say('ready');
process.once('SIGTERM', () => {
  void jobs.close().then(async () => {
    await database.close();
    process.exit(0);
  });
});
