/** Turns environment variables into a layer of settings; refuses an unknown HEDDLE_ name with the nearest known one. */
import { parseDocument } from 'yaml';
import { didYouMean } from './nearest.ts';
import { schema } from './schema.ts';
import { keysAt, type Layer } from './tree.ts';

const named: Readonly<Record<string, string>> = {
  PORT: 'http.port',
  DATABASE_URL: 'database.url',
  HEDDLE_HOME: 'home',
  HEDDLE_PUBLIC_URL: 'publicUrl',
  HEDDLE_PROFILE: 'profile',
  HEDDLE_AUTH_ISSUER: 'identity.issuer',
};

/** Promised by the public surface to parts that are still to come: taken without effect, and said so. */
const later: Readonly<Record<string, string>> = {
  HEDDLE_HL7_PORT: 'no HL7 adapter is installed',
  HEDDLE_ASTM_PORT: 'no ASTM adapter is installed',
};

const plain = (name: string): string => name.replaceAll('_', '').toLowerCase();

const camel = (name: string): string =>
  name.toLowerCase().replace(/_([a-z\d])/g, (_, letter: string) => letter.toUpperCase());

/** HEDDLE__HTTP__BODY_LIMIT_BYTES names http.bodyLimitBytes: case and single underscores do not count. */
const pathOf = (variable: string): readonly string[] | string => {
  const path: string[] = [];
  for (const part of variable.slice('HEDDLE__'.length).split('__')) {
    if (path[0] === 'plugins') {
      path.push(path.length === 1 ? part.toLowerCase().replaceAll('_', '-') : camel(part));
      continue;
    }
    const known = keysAt(schema, path);
    const key = known.find((each) => plain(each) === plain(part));
    if (key === undefined)
      return `${variable}: unknown setting '${[...path, camel(part)].join('.')}'${didYouMean(camel(part), known)}`;
    path.push(key);
  }
  return path;
};

/** False where the path leads through a value that another variable has set. */
const put = (tree: Record<string, unknown>, path: readonly string[], value: unknown): boolean => {
  let here = tree;
  for (const key of path.slice(0, -1)) {
    const next = here[key] ?? {};
    if (typeof next !== 'object') return false;
    here[key] = next;
    here = next as Record<string, unknown>;
  }
  here[path.at(-1) ?? ''] = value;
  return true;
};

/** A plugin's schema is not known here, so YAML decides what a value is; undefined where it is not YAML. */
const readValue = (value: string): unknown => {
  const document = parseDocument(value);
  return document.errors.length > 0 ? undefined : document.toJS();
};

export const environmentLayer = (
  environment: Readonly<Record<string, string | undefined>>,
): { layer: Layer; faults: readonly string[]; warnings: readonly string[] } => {
  const tree: Record<string, unknown> = {};
  const origin = new Map<string, string>();
  const faults: string[] = [];
  const warnings: string[] = [];
  const knownNames = [...Object.keys(named), ...Object.keys(later)];

  for (const [variable, value] of Object.entries(environment)) {
    // An empty variable is how compose files say "not set".
    if (value === undefined || value === '') continue;
    const path =
      (Object.hasOwn(named, variable) ? named[variable] : undefined)?.split('.') ??
      (variable.startsWith('HEDDLE__') ? pathOf(variable) : undefined);
    if (typeof path === 'string') faults.push(path);
    else if (path !== undefined) {
      // The schema turns strings into what its keys need.
      const read = path[0] === 'plugins' ? readValue(value) : value;
      if (read === undefined) faults.push(`${variable}: its value is not YAML`);
      else if (!put(tree, path, read)) faults.push(`${variable}: another variable sets a value above it`);
      origin.set(path.join('.'), variable);
    } else if (Object.hasOwn(later, variable)) warnings.push(`${variable} has no effect: ${later[variable]}`);
    else if (variable.startsWith('HEDDLE_'))
      faults.push(`${variable}: unknown variable${didYouMean(variable, knownNames)}`);
  }
  return { layer: { tree, source: (path) => origin.get(path) ?? 'the environment' }, faults, warnings };
};
