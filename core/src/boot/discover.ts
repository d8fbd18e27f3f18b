/** Finds the plugins that the configuration names; nothing is scanned, and a name without a plugin is a fault that says so. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Configuration } from '../config/schema.ts';
import type { Plugin } from '../plugin/define.ts';

export interface Discovered {
  readonly plugins: readonly Plugin[];
  readonly faults: readonly string[];
}

const isPlugin = (value: unknown): value is Plugin =>
  typeof value === 'object' && value !== null && 'name' in value && 'version' in value && 'setup' in value;

const fileOf = (root: string, name: string): string | undefined =>
  ['plugins', 'adapters'].map((room) => join(root, room, name, 'plugin.ts')).find((file) => existsSync(file));

export const discover = async (root: string, settings: Configuration['plugins']): Promise<Discovered> => {
  const plugins: Plugin[] = [];
  const faults: string[] = [];
  for (const name of Object.keys(settings)) {
    const file = fileOf(root, name);
    if (!file) {
      faults.push(
        `plugin '${name}' is named in the configuration, and neither plugins/${name}/plugin.ts nor adapters/${name}/plugin.ts exists`,
      );
      continue;
    }
    const exported = Object.values((await import(pathToFileURL(file).href)) as Record<string, unknown>);
    const plugin = exported.find(isPlugin);
    if (plugin?.name === name) plugins.push(plugin);
    else
      faults.push(
        `plugin '${name}': its plugin.ts exports no plugin of that name; export one made with definePlugin({ name: '${name}', … })`,
      );
  }
  return { plugins, faults };
};
