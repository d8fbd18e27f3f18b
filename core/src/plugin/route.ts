/** What an HTTP route is, as data: no Koa, no socket. A plugin's routes stand under /api/<plugin>; the core's own where they say. */
import type { Caller } from '../fhir/interaction.ts';
import { defineKind } from '../registry/registry.ts';

export interface RouteRequest {
  /** `nobody` on an open route. */
  readonly caller: Caller;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
  readonly signal: AbortSignal;
}

export interface RouteAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** `/things/:id` */
  readonly path: string;
  /** `open` routes are answered to anybody; the others to signed-in callers only. */
  readonly access: 'open' | 'signed-in';
  readonly answer: (request: RouteRequest) => Promise<RouteAnswer>;
}

export const routeKind = defineKind<Route>('route');

/** A folder of files served as they are, to anybody: pages and what they are made of. */
export interface Site {
  readonly path: string;
  readonly folder: string;
}

export const siteKind = defineKind<Site>('site');
