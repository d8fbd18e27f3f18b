/** Reads one SMART scope (App Launch 2, and version 1's read, write and *) into what it speaks of; knows no role and no policy. */
import { resourceTypes } from './resource-types.ts';

export interface SmartScope {
  readonly context: 'patient' | 'user' | 'system';
  /** A resource type, or `*`. */
  readonly type: string;
  readonly verbs: {
    readonly c: boolean;
    readonly r: boolean;
    readonly u: boolean;
    readonly d: boolean;
    readonly s: boolean;
  };
  /** What narrows the resources: search parameters, empty for all. */
  readonly query: URLSearchParams;
}

const form = /^(patient|user|system)\/(\*|[A-Z][A-Za-z]+)\.(read|write|\*|[cruds]+)(?:\?([^\s"\\]+))?$/;

/** SMART App Launch 2, scopes for version 1: read is rs, write is cud, * is all. */
const ofVersion1: Readonly<Record<string, string>> = { read: 'rs', write: 'cud', '*': 'cruds' };

/** Version 2 has its letters in this order, each at most once. */
const inOrder = /^c?r?u?d?s?$/;

const types: ReadonlySet<string> = new Set(['*', ...resourceTypes]);

/** Undefined for what is no clinical SMART scope. */
export const parseScope = (scope: string): SmartScope | undefined => {
  const [, context, type = '', access = '', search] = form.exec(scope) ?? [];
  if (context !== 'patient' && context !== 'user' && context !== 'system') return undefined;
  const letters = ofVersion1[access] ?? access;
  // Version 1 knows no search parameters.
  if (!types.has(type) || !inOrder.test(letters) || (search !== undefined && access in ofVersion1)) return undefined;
  const may = (letter: string): boolean => letters.includes(letter);
  return {
    context,
    type,
    verbs: { c: may('c'), r: may('r'), u: may('u'), d: may('d'), s: may('s') },
    query: new URLSearchParams(search),
  };
};
