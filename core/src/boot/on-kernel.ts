/** Opens the line for a command, over the same registry and role table as a serving Heddle, in one tenant and under a name of its own; runs no plugin's setup and serves nobody. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Configuration } from '../config/schema.ts';
import { didYouMean } from '../config/nearest.ts';
import type { Caller, Interaction } from '../fhir/interaction.ts';
import { tenants } from '../identity/accounts.ts';
import type { Kernel, Perform } from '../interaction/kernel.ts';
import { openTracer } from '../observe/tracing.ts';
import { misconfigured } from '../outcome/outcome.ts';
import { platform } from '../platform/platform.ts';
import { liveOwner } from '../store/embedded/owner.ts';
import type { Place } from './command.ts';
import type { Effects } from './effects.ts';
import { onDatabase } from './on-database.ts';
import { openKernel } from './open-kernel.ts';
import { orderedPlugins } from './prepare.ts';

export interface OnKernel {
  readonly kernel: Kernel;
  /** As the command's caller. */
  readonly ask: (interaction: Omit<Interaction, 'caller'>, within?: Parameters<Perform>[1]) => ReturnType<Perform>;
  readonly caller: Caller;
  readonly effects: Effects;
}

const nothingServed = { parts: () => [], metrics: async () => '' };

/** References are stored by the address that the serving nodes have; without one that is set, by the port of the one on this home. */
const addressOf = async ({ publicUrl, home, http }: Configuration): Promise<string> => {
  if (publicUrl !== undefined) return publicUrl;
  const file = join(home, 'ports.json');
  const running = existsSync(file) && (await liveOwner(home)) !== undefined;
  const port = running ? (JSON.parse(readFileSync(file, 'utf8')) as { http: number }).http : http.port;
  return `${http.tls ? 'https' : 'http'}://localhost:${port}`;
};

export const onKernel = <T>(place: Place, tenantName: string, work: (given: OnKernel) => Promise<T>): Promise<T> =>
  onDatabase(place, async ({ loaded, config, database, effects, log, metrics }) => {
    const known = await tenants(database);
    const tenant = known.find(({ name }) => name === tenantName);
    if (!tenant) {
      const names = known.map(({ name }) => name);
      throw misconfigured([`there is no tenant '${tenantName}'${didYouMean(tenantName, names)}`]);
    }
    const { now, random } = effects;
    // A command turns its pages by itself, for as long as it takes.
    const own = { id: 'own', secret: random(32) };
    const tracer = openTracer({ endpoint: config.tracing.endpoint, now, random, log });
    try {
      const ordered = await orderedPlugins({ loaded, ...place });
      const { kernel, perform } = openKernel({
        ...{ ...place, config, database, effects, metrics, tracer },
        plugins: [platform(place.version, nothingServed), ...ordered.map(({ plugin }) => plugin)],
        publicUrl: await addressOf(config),
        cursors: {
          keys: { current: () => own, find: (id) => (id === own.id ? own : undefined) },
          keepSeconds: Number.POSITIVE_INFINITY,
        },
      });
      const caller: Caller = { tenant: tenant.id, tenantName, subject: 'operator', kind: 'client', roles: ['service'] };
      return await work({
        ...{ kernel, caller, effects },
        ask: (interaction, within) => perform({ ...interaction, caller }, within),
      });
    } finally {
      await tracer.close();
    }
  });
