/** `heddle export`: the current resources of one tenant as files, through the line, as the role service may read them. */
import { didYouMean } from '../config/nearest.ts';
import { isResourceType } from '../fhir/resource-types.ts';
import { misconfigured } from '../outcome/outcome.ts';
import { readArguments } from './arguments.ts';
import type { Command } from './command.ts';
import { onKernel } from './on-kernel.ts';
import { whole } from './say.ts';
import { exportAll } from './transfer/export.ts';
import { typesInOrder } from './transfer/type-order.ts';

const usage = `usage: npx heddle export --tenant <name> [--types <Type,…>] [--format ndjson|bundle] <folder or file>
ndjson: <Type>.ndjson, a resource a line, or one file that ends in .ndjson
bundle: transactions of up to 1,000 resources, or one collection in a file that ends in .json`;

const typesOf = (list: string | undefined): readonly string[] => {
  if (list === undefined) return typesInOrder;
  const types = list.split(',');
  const unknown = types.filter((type) => !isResourceType(type));
  if (unknown.length > 0)
    throw misconfigured(unknown.map((type) => `R4 has no resource type '${type}'${didYouMean(type, typesInOrder)}`));
  return typesInOrder.filter((type) => types.includes(type));
};

export const exportCommand: Command['run'] = async (place, args) => {
  const given = readArguments(args, { texts: ['tenant', 'types', 'format'] });
  const [to, ...more] = given?.rest ?? [];
  const tenant = given?.text('tenant');
  const format = given?.text('format') ?? 'ndjson';
  if (!given || !tenant || !to || more.length > 0 || (format !== 'ndjson' && format !== 'bundle')) {
    process.stdout.write(`${usage}\n`);
    return 64;
  }
  const types = typesOf(given.text('types'));
  return onKernel(place, tenant, async ({ ask, kernel, effects: { stopwatch } }) => {
    const from = stopwatch();
    const told = (type: string, count: number): void =>
      void process.stderr.write(`${type.padEnd(28)}${whole(count).padStart(12)}\n`);
    const total = await exportAll({ ask, base: kernel.publicUrl, types, format, to, told });
    process.stdout.write(`export ${to}: ${whole(total)} resources, ${(stopwatch() - from).toFixed(1)} s\n`);
    return 0;
  });
};
