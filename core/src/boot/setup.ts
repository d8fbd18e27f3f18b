/** Runs each plugin's `setup` in order, within its time; hands out the services that earlier ones provided. */
import type { Perform } from '../interaction/kernel.ts';
import type { Log } from '../observe/log.ts';
import { misconfigured } from '../outcome/outcome.ts';
import type { PluginContext } from '../plugin/context.ts';
import type { Plugin } from '../plugin/define.ts';
import type { Effects } from './effects.ts';
import type { Checked } from './order.ts';
import type { Grow } from './tree.ts';

export interface SetupNeeds {
  readonly ordered: readonly Checked[];
  readonly perform: Perform;
  readonly effects: Effects;
  readonly log: Log;
  readonly grow: Grow;
  readonly onClose: (close: () => void | Promise<void>) => void;
}

const limitMs = 10_000;

const inTime = async (name: string, work: void | Promise<void>): Promise<void> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(misconfigured([`plugin '${name}' was not set up within ${limitMs / 1_000} s`])),
      limitMs,
    );
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
};

export const setUp = async ({ ordered, perform, effects, log, grow, onClose }: SetupNeeds): Promise<void> => {
  const provided = new Map<string, unknown>();

  const servicesOf = ({ name, needs = {} }: Plugin): Record<string, unknown> =>
    Object.fromEntries(
      Object.entries(needs).map(([key, { service }]) => {
        if (!provided.has(service))
          throw misconfigured([`plugin '${name}' needs service '${service}', and no plugin provided it in its setup`]);
        return [key, provided.get(service)];
      }),
    );

  for (const { plugin, config } of ordered) {
    const { name } = plugin;
    const context = {
      config,
      services: servicesOf(plugin),
      fhir: { as: (caller) => ({ perform: (interaction) => perform({ ...interaction, caller }) }) },
      log: log.child({ plugin: name }),
      clock: effects.now,
      random: effects.random,
      ids: effects.ids,
      provide: ({ service }, value) => {
        const [owner] = service.split('.');
        if (owner !== name)
          throw misconfigured([`plugin '${name}' provides '${service}', which is named after '${owner}'`]);
        provided.set(service, value);
      },
      onClose,
    } satisfies PluginContext<unknown, unknown>;
    // The plugin's own types were checked where it was defined; here all plugins are one kind of value.
    await grow.part(name, () => inTime(name, plugin.setup(context as PluginContext<never, never>)));
  }
};
