/** Checks plugins against each other and puts them in order: by `requires`, ties by name; every fault of all is told together. */
import { satisfies, validRange } from 'semver';
import { didYouMean } from '../config/nearest.ts';
import { configSchemaOf, type Plugin } from '../plugin/define.ts';

export interface Checked {
  readonly plugin: Plugin;
  readonly config: unknown;
}

const requirementFaults = (plugin: Plugin, byName: ReadonlyMap<string, Plugin>): string[] =>
  Object.entries(plugin.requires ?? {}).flatMap(([name, range]) => {
    const found = byName.get(name);
    if (validRange(range) === null)
      return [`plugin '${plugin.name}' requires ${name} in '${range}', which is no version range`];
    if (!found)
      return [
        `plugin '${plugin.name}' requires '${name}', which is not configured${didYouMean(name, [...byName.keys()])}: add it under plugins`,
      ];
    return satisfies(found.version, range)
      ? []
      : [
          `plugin '${plugin.name}' requires ${name} ${range}, and ${found.version} is installed: upgrade one of the two`,
        ];
  });

/** A service ref is named `<plugin>.<noun>`: who needs it requires that plugin. */
const needFaults = (plugin: Plugin): string[] =>
  Object.values(plugin.needs ?? {}).flatMap(({ service }) => {
    const [provider = ''] = service.split('.');
    return provider in (plugin.requires ?? {})
      ? []
      : [`plugin '${plugin.name}' needs service '${service}' and does not require '${provider}': add it to requires`];
  });

const checkConfig = (plugin: Plugin, given: unknown): { config: unknown; faults: string[] } => {
  const parsed = configSchemaOf(plugin).safeParse(given ?? {});
  if (parsed.success) return { config: parsed.data, faults: [] };
  return {
    config: undefined,
    faults: parsed.error.issues.map((issue) =>
      [`plugins.${plugin.name}`, ...issue.path.map(String)].join('.').concat(`: ${issue.message}`),
    ),
  };
};

const inOrder = (plugins: readonly Plugin[]): { ordered: readonly Plugin[]; faults: readonly string[] } => {
  const left = new Map([...plugins].sort((a, b) => (a.name < b.name ? -1 : 1)).map((plugin) => [plugin.name, plugin]));
  const ordered: Plugin[] = [];
  while (left.size > 0) {
    const next = [...left.values()].find(({ requires = {} }) => Object.keys(requires).every((name) => !left.has(name)));
    if (!next) return { ordered, faults: [`plugins require each other in a circle: ${[...left.keys()].join(', ')}`] };
    left.delete(next.name);
    ordered.push(next);
  }
  return { ordered, faults: [] };
};

/** `core` comes first: it requires nothing, and every plugin stands on it whether it says so or not. */
export const checkAndOrder = (
  core: Plugin,
  plugins: readonly Plugin[],
  settings: Readonly<Record<string, unknown>>,
): { readonly checked: readonly Checked[]; readonly faults: readonly string[] } => {
  const byName = new Map([core, ...plugins].map((plugin) => [plugin.name, plugin]));
  const configs = new Map(plugins.map((plugin) => [plugin.name, checkConfig(plugin, settings[plugin.name])]));
  const { ordered, faults } = inOrder(plugins);
  return {
    checked: [core, ...ordered].map((plugin) => ({ plugin, config: configs.get(plugin.name)?.config ?? {} })),
    faults: [
      ...plugins.flatMap((plugin) => [
        ...requirementFaults(plugin, byName),
        ...needFaults(plugin),
        ...(configs.get(plugin.name)?.faults ?? []),
      ]),
      ...faults,
    ],
  };
};
