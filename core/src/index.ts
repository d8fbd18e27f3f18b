/** The core's public door: what plugins and adapters may use. */
export { definePlugin } from './plugin/define.ts';
export type { Plugin, PluginDefinition } from './plugin/define.ts';
export type { CallerFhir, PluginContext } from './plugin/context.ts';
export type { Route, RouteAnswer, RouteRequest, Site } from './plugin/route.ts';
export type { About, JobContext, JobTask } from './jobs/job.ts';
export type { Operation, OperationLevel } from './interaction/operation-kind.ts';
export type { Answer, Caller, Interaction, Stored } from './fhir/interaction.ts';
export { bodyOf, parseBody } from './fhir/body.ts';
export type { Body, Resource } from './fhir/body.ts';
export { textOf } from './fhir/stored.ts';
export type { SearchParameter } from './fhir/search-parameter.ts';
export type { Migration } from './store/migration.ts';
export { serviceRef } from './registry/ref.ts';
export type { ServiceRef } from './registry/ref.ts';
export { conflict, forbidden, gone, invalid, malformed, notFound, Outcome, unavailable } from './outcome/outcome.ts';
export type { Issue, OperationOutcome } from './outcome/outcome.ts';
export type { Log } from './observe/log.ts';
