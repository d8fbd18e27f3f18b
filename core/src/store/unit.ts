/** What a verb works on the store with: each step by itself, or all steps of one transaction; verbs need not know which. */
import type { Stored } from '../fhir/interaction.ts';
import type { Query } from '../fhir/search/query.ts';
import type { Change, Target, Written } from './change.ts';
import type { Erasing } from './erase.ts';
import type { ContentReader } from './contents.ts';
import type { HistoryAsked, HistoryVersion } from './history.ts';
import type { Current } from './resources.ts';
import type { Asked, Candidate, Counted, Hit } from './search/find.ts';
import type { Run } from './statement.ts';

/** What is going to be done with what is found: in a transaction it is locked for that. */
export type Purpose = 'read' | 'replace' | 'remove';

export interface Unit {
  readonly find: (type: string, id: string, purpose: Purpose) => Promise<Current | undefined>;
  /** Those that are there, in the order in which they are asked for. */
  readonly all: (targets: readonly Target[]) => Promise<Current[]>;
  readonly version: (type: string, id: string, version: number) => Promise<Stored | undefined>;
  readonly history: (asked: HistoryAsked, signal?: AbortSignal) => Promise<HistoryVersion[]>;
  /** The words under some keys of all these rows together. */
  readonly values: (rids: readonly number[], keys: readonly number[]) => Promise<readonly string[]>;
  readonly write: (change: Change) => Promise<Written>;
  readonly search: (asked: Asked, signal?: AbortSignal) => Promise<Hit[]>;
  readonly count: (counted: Counted, signal?: AbortSignal) => Promise<number>;
  /** Which of what stands in a resource a query means: place 0 is the resource itself, contained ones follow from 1. */
  readonly meant: (query: Query, current: Current, signal?: AbortSignal) => Promise<number[]>;
  /** Whether a resource satisfies a query as it is given, stored or not. */
  readonly satisfies: (query: Query, candidate: Candidate, signal?: AbortSignal) => Promise<boolean>;
  /** The types of resources that contain one of this type. */
  readonly holders: (type: string) => Promise<string[]>;
  readonly contents: ContentReader;
}

/** A lock on a name rather than on a row: held until the transaction ends. */
export interface Claim {
  readonly name: string;
  readonly exclusive: boolean;
}

/** Someone who refers to what is to be deleted. */
export type Referrer = Target;

export interface TransactionUnit extends Unit {
  /** For what else commits with it: jobs, and tables that rooms keep for themselves. */
  readonly run: Run;
  /** Does it when all else is done, before the commit. */
  readonly lastly: (work: () => Promise<void>) => void;
  /** Locks rows that will be changed, all in one order: who locks them one by one may wait in a circle. */
  readonly hold: (names: readonly (Target & { readonly purpose: 'replace' | 'remove' })[]) => Promise<void>;
  /** Waits for whoever holds one of these. What is searched afterwards is seen as it is then. */
  readonly claim: (claims: readonly Claim[]) => Promise<void>;
  /** Who still refers to what this transaction has deleted so far; some of them. */
  readonly referrers: () => Promise<Referrer[]>;
  /** For administrators' commands alone: no verb takes what was stored out of the history. */
  readonly erasing: Erasing;
}
