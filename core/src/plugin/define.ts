/** definePlugin: one frozen value that says what a plugin is, needs and contributes, and what it does in `setup`. */
import { z } from 'zod';
import type { SearchParameter } from '../fhir/search-parameter.ts';
import { operationKey, operationKind, type Operation } from '../interaction/operation-kind.ts';
import { jobKind, type JobTask } from '../jobs/job.ts';
import type { ServiceRef } from '../registry/ref.ts';
import { contribution, type Contribution } from '../registry/registry.ts';
import { searchParameterKind } from '../store/search/search-parameter-kind.ts';
import type { Migration } from '../store/migration.ts';
import type { PluginContext } from './context.ts';
import { routeKind, siteKind, type Route, type Site } from './route.ts';

export type Needs = Readonly<Record<string, ServiceRef<unknown>>>;

export interface PluginDefinition<Config = unknown, N extends Needs = Needs> {
  readonly name: string;
  readonly version: string;
  /** Other plugins by name, each with a semantic version range; `core` is the kernel. */
  readonly requires?: Readonly<Record<string, string>>;
  readonly config?: z.ZodType<Config>;
  readonly needs?: N;
  readonly searchParameters?: readonly SearchParameter[];
  readonly operations?: readonly Operation[];
  readonly jobs?: readonly JobTask[];
  readonly routes?: readonly Route[];
  readonly sites?: readonly Site[];
  readonly migrations?: readonly Migration[];
  readonly setup?: (context: PluginContext<Config, N>) => void | Promise<void>;
}

/** A plugin once its own types are checked; the rest of the house handles all alike. */
export interface Plugin extends Omit<PluginDefinition, 'setup'> {
  readonly setup: (context: PluginContext<never, never>) => void | Promise<void>;
}

export const definePlugin = <Config = Record<string, never>, const N extends Needs = Record<never, never>>(
  definition: PluginDefinition<Config, N>,
): Plugin => Object.freeze({ setup: () => {}, ...definition });

/** The row of this table is the only place that knows both a plugin's property and its kind. */
export const contributionsOf = ({
  name,
  searchParameters = [],
  operations = [],
  jobs = [],
  routes = [],
  sites = [],
}: Plugin): Contribution[] => [
  ...searchParameters.map((parameter) => contribution(searchParameterKind, parameter.url, parameter)),
  ...operations.flatMap((operation) =>
    operation.levels.map((level) => contribution(operationKind, operationKey(level, operation.name), operation)),
  ),
  ...jobs.map((task) => contribution(jobKind, task.name, task)),
  ...routes.map((route) => {
    const path = name === 'core' ? route.path : `/api/${name}${route.path}`;
    return contribution(routeKind, `${route.method} ${path}`, { ...route, path });
  }),
  ...sites.map((site) => contribution(siteKind, site.path, site)),
];

/** A plugin's own settings, checked by its own schema; one without a schema takes none. */
export const configSchemaOf = ({ config }: Plugin): z.ZodType => config ?? z.strictObject({});
