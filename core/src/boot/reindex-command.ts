/** `heddle reindex`: makes search find every stored resource by what its parameters say now; beside a running Heddle or without, and as often as wanted. */
import { didYouMean } from '../config/nearest.ts';
import { isResourceType, resourceTypes } from '../fhir/resource-types.ts';
import { misconfigured } from '../outcome/outcome.ts';
import { tenants } from '../identity/accounts.ts';
import { reindexPage } from '../store/reindex.ts';
import { readArguments } from './arguments.ts';
import type { Command, Place } from './command.ts';
import { onDatabase } from './on-database.ts';
import { onKernel } from './on-kernel.ts';
import { whole } from './say.ts';

const usage = `usage: npx heddle reindex [--tenant <name>] [--types <Type,…>]
Without --tenant, of every tenant. It can be stopped and begun again; what is done stays done.`;

const pageSize = 500;

const typesOf = (list: string | undefined): readonly string[] => {
  if (list === undefined) return resourceTypes;
  const types = list.split(',');
  const unknown = types.filter((type) => !isResourceType(type));
  if (unknown.length > 0)
    throw misconfigured(unknown.map((type) => `R4 has no resource type '${type}'${didYouMean(type, resourceTypes)}`));
  return types;
};

const reindex = (place: Place, name: string, types: readonly string[]): Promise<number> =>
  onKernel(place, name, async ({ kernel: { store }, caller: { tenant } }) => {
    await store.generations.renew(tenant);
    const needs = { transactions: store.database.transactions, index: store.searching(tenant).index };
    let total = 0;
    for (const type of types) {
      let count = 0;
      for (let behind: number | undefined = 0; behind !== undefined;) {
        const page = await reindexPage(needs, { tenant, type, behind, limit: pageSize });
        count += page.seen;
        behind = page.behind;
        if (count > 0 && (behind === undefined || count % (pageSize * 20) === 0))
          process.stderr.write(`${name.padEnd(20)}${type.padEnd(28)}${whole(count).padStart(12)}\n`);
      }
      total += count;
    }
    return total;
  });

export const reindexCommand: Command['run'] = async (place, args) => {
  const given = readArguments(args, { texts: ['tenant', 'types'] });
  if (!given || given.rest.length > 0) {
    process.stdout.write(`${usage}\n`);
    return 64;
  }
  const types = typesOf(given.text('types'));
  const only = given.text('tenant');
  const names = only === undefined ? await onDatabase(place, ({ database }) => tenants(database)) : [{ name: only }];
  let total = 0;
  for (const { name } of names) total += await reindex(place, name, types);
  process.stdout.write(`reindex: ${whole(total)} resources\n`);
  return 0;
};
