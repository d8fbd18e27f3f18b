/** `heddle import`: files of resources into one tenant, through the line, as the role service may write them; what is refused is named by file and line, never by its content. */
import { targetsOf } from '../interaction/references.ts';
import { readArguments } from './arguments.ts';
import type { Command } from './command.ts';
import { onKernel } from './on-kernel.ts';
import { whole } from './say.ts';
import { importAll, type Counts } from './transfer/import.ts';
import { sourcesOf } from './transfer/sources.ts';

const usage = `usage: npx heddle import --tenant <name> <files or folders…>
.ndjson: a resource a line; with an id it is written under it, without one it is new each time
.json: a resource, or a Bundle: transactions and batches as they are, of all others the resources`;

const everyMs = 2_000;

export const importCommand: Command['run'] = async (place, args) => {
  const given = readArguments(args, { texts: ['tenant'] });
  const tenant = given?.text('tenant');
  if (!given || !tenant || given.rest.length === 0) {
    process.stdout.write(`${usage}\n`);
    return 64;
  }
  const files = await sourcesOf(given.rest);
  return onKernel(place, tenant, async ({ ask, kernel, effects: { stopwatch } }) => {
    const counts: Counts = { written: 0, same: 0, refused: 0, waiting: 0 };
    const from = stopwatch();
    const rate = (): string => whole(Math.round((counts.written + counts.same) / Math.max(stopwatch() - from, 0.001)));
    const tell = (): void =>
      void process.stderr.write(
        `${whole(counts.written + counts.same)} resources, ${rate()}/s, ${whole(counts.waiting)} wait for others, ${whole(counts.refused)} refused\n`,
      );
    const timer = setInterval(tell, everyMs);
    try {
      await importAll(
        {
          ...{ ask, files },
          targetsOf: (resource) => targetsOf(kernel, resource),
          refused: (name, says) => void process.stderr.write(says.map((each) => `${name}: ${each}\n`).join('')),
        },
        counts,
      );
    } finally {
      clearInterval(timer);
    }
    process.stdout.write(
      `import: ${whole(counts.written)} written, ${whole(counts.same)} unchanged, ${whole(counts.refused)} refused, ${(stopwatch() - from).toFixed(1)} s, ${rate()}/s\n`,
    );
    return counts.refused === 0 ? 0 : 1;
  });
};
