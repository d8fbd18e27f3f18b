/** Reads config/*.yaml and the environment into one checked, frozen value; reports every fault together and never a value, which may be a secret. The only reader of process.env. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseDocument } from 'yaml';
import type { z } from 'zod';
import { misconfigured } from '../outcome/outcome.ts';
import { environmentLayer } from './environment.ts';
import { didYouMean } from './nearest.ts';
import { unsafeSettings } from './safety.ts';
import { profiles, schema, type Configuration } from './schema.ts';
import { keysAt, merge, prune, type Layer, type Tree } from './tree.ts';

export interface Loaded {
  readonly config: Configuration;
  /** For each set key, the file or the variable that set it. */
  readonly sources: ReadonlyMap<string, string>;
  readonly warnings: readonly string[];
}

export interface LoadNeeds {
  readonly root: string;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
}

const readLayer = (file: string, name: string): { layer: Layer; faults: string[] } => {
  const document = parseDocument(readFileSync(file, 'utf8'));
  const faults = document.errors.map((error) => `${name}: ${error.message.split('\n')[0] ?? 'not YAML'}`);
  const tree: unknown = faults.length > 0 ? {} : (document.toJS() ?? {});
  if (typeof tree !== 'object' || tree === null || Array.isArray(tree))
    return { layer: { source: () => name, tree: {} }, faults: [`${name}: must be a mapping of settings`] };
  return { layer: { source: () => name, tree: tree as Tree }, faults };
};

/** What zod found, told by key and by where the value came from. */
const explain = (error: z.ZodError, sources: ReadonlyMap<string, string>): string[] =>
  error.issues.flatMap((issue) => {
    const path = issue.path.map(String);
    const place = (at: readonly string[]): string => {
      const set = sources.get(at.join('.')) ?? [...sources].find(([key]) => key.startsWith(`${at.join('.')}.`))?.[1];
      return set === undefined ? '' : ` in ${set}`;
    };
    if (issue.code !== 'unrecognized_keys') return [`${path.join('.')}${place(path)}: ${issue.message}`];
    return issue.keys.map((key) => {
      const at = [...path, key];
      return `${at.join('.')}${place(at)}: unknown setting${didYouMean(key, keysAt(schema, path))}`;
    });
  });

/** What else is unsafe, when the faulty keys are left out of the picture: an operator should learn of everything at once. */
const unsafeBeside = (error: z.ZodError, layers: readonly Layer[]): string[] => {
  const faulty = new Set(
    error.issues
      .flatMap((issue) =>
        issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path],
      )
      .map((path) => path.join('.')),
  );
  const [defaults, ...others] = layers;
  if (!defaults) return [];
  const { tree } = merge([defaults, ...others.map((layer) => ({ ...layer, tree: prune(layer.tree, faulty) }))]);
  const parsed = schema.safeParse(tree);
  if (!parsed.success || parsed.data.profile !== 'production') return [];
  return unsafeSettings(parsed.data)
    .filter(({ key }) => !faulty.has(key))
    .map(({ fault }) => fault);
};

export const loadConfiguration = ({ root, environment = process.env, cwd = process.cwd() }: LoadNeeds): Loaded => {
  const variables = environmentLayer(environment);
  const faults = [...variables.faults];
  const wanted = variables.layer.tree['profile'] ?? 'demo';
  const profile = profiles.find((name) => name === wanted);
  const names = ['default', ...(profile === undefined ? [] : [profile]), ...(profile === 'test' ? [] : ['local'])];

  const layers: Layer[] = [];
  for (const name of names.map((each) => `config/${each}.yaml`)) {
    const file = join(root, name);
    if (!existsSync(file)) continue;
    const read = readLayer(file, name);
    faults.push(...read.faults);
    layers.push(read.layer);
  }
  layers.push(variables.layer);

  const { tree, sources } = merge(layers);
  const parsed = schema.safeParse(tree);
  if (!parsed.success)
    throw misconfigured([...faults, ...explain(parsed.error, sources), ...unsafeBeside(parsed.error, layers)]);
  const config = {
    ...parsed.data,
    home: resolve(sources.get('home')?.startsWith('config/') ? root : cwd, parsed.data.home),
  };
  if (config.profile === 'production') faults.push(...unsafeSettings(config).map(({ fault }) => fault));
  if (faults.length > 0) throw misconfigured(faults);
  return { config: Object.freeze(config), sources, warnings: variables.warnings };
};
