/** What a write asks of the store, and what comes of it, as plain data; knows neither SQL nor callers. */
import type { Content } from '../fhir/content.ts';

/** Found by an equal or a leading value. */
export interface Word {
  readonly param: number;
  readonly value: string;
  /** The resource's own date where its parameter is read in that order, 0 elsewhere. */
  readonly at: number;
}

/** Found by a range of time, in milliseconds since 1970, both ends inclusive. */
export interface Span {
  readonly param: number;
  readonly long: boolean;
  readonly low: number;
  readonly high: number;
}

export interface Entries {
  readonly words: readonly Word[];
  readonly spans: readonly Span[];
}

export const noEntries: Entries = { words: [], spans: [] };

/** A resource that must exist when the write is done. */
export interface Target {
  readonly type: string;
  readonly id: string;
}

/** How a version came about; the place in this list is its code in the database. */
export const methods = ['', 'POST', 'PUT', 'DELETE', 'PATCH'] as const;
export type Method = Exclude<(typeof methods)[number], ''>;
export const methodCode = (method: Method): number => methods.indexOf(method);

/** What a version is found by, as one generation of search parameters has it. */
export interface Indexing {
  readonly generation: number;
  readonly at: number;
  readonly adds: Entries;
  readonly drops: Entries;
}

export interface Change extends Indexing {
  readonly type: string;
  readonly id: string;
  readonly rid: number;
  /** The version that this one replaces; 0 makes a new resource. */
  readonly was: number;
  readonly method: Method;
  readonly deleted: boolean;
  readonly tail: string;
  /** By the search parameters of now: those that it was made of may have been changed since. */
  readonly again: () => Indexing;
  readonly needs: readonly Target[];
  /** Committed with the version. */
  readonly content?: Content;
}

export type Written =
  | { readonly outcome: 'written'; readonly version: number; readonly updated: number }
  /** Somebody else wrote the resource in between, or took the id. */
  | { readonly outcome: 'stale' }
  | { readonly outcome: 'missing'; readonly targets: readonly Target[] }
  /** Sound by itself; something else of the same whole was not. */
  | { readonly outcome: 'undone' };
