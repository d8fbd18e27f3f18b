/** What is asked: method and path of a FHIR request, or of a bundle's entry, become a verb with its type and id. How the API asks for a verb is a row of this table. */
import { malformed, notSupported } from '../outcome/outcome.ts';
import type { Interaction } from './interaction.ts';

/** What the body is read as. */
export type Takes = 'nothing' | 'resource' | 'patch' | 'form' | 'graphql';

interface Row {
  readonly method: string;
  /** `:type`, `:id`, `:version`, `:member` and `$:name` take any segment; the rest is literal. */
  readonly path: string;
  readonly verb: string;
  readonly takes?: Takes;
  /** Of an operation that is asked in its own way. */
  readonly name?: string;
}

/** A verb that R4 lets a caller ask for by criteria stands here without its id too. */
const rows: readonly Row[] = [
  { method: 'GET', path: 'metadata', verb: 'capabilities' },
  { method: 'GET', path: '', verb: 'search-system' },
  { method: 'POST', path: '_search', verb: 'search-system', takes: 'form' },
  { method: 'POST', path: '', verb: 'bundle', takes: 'resource' },
  { method: 'GET', path: '_history', verb: 'history-system' },
  { method: 'GET', path: '$async-status/:id', verb: 'deferred-read' },
  { method: 'DELETE', path: '$async-status/:id', verb: 'deferred-cancel' },
  { method: 'GET', path: '$graphql', verb: 'operation', takes: 'graphql', name: 'graphql' },
  { method: 'POST', path: '$graphql', verb: 'operation', takes: 'graphql', name: 'graphql' },
  { method: 'GET', path: ':type/:id/$graphql', verb: 'operation', takes: 'graphql', name: 'graphql' },
  { method: 'POST', path: ':type/:id/$graphql', verb: 'operation', takes: 'graphql', name: 'graphql' },
  { method: 'GET', path: '$:name', verb: 'operation' },
  { method: 'POST', path: '$:name', verb: 'operation', takes: 'resource' },
  { method: 'GET', path: ':type/$:name', verb: 'operation' },
  { method: 'POST', path: ':type/$:name', verb: 'operation', takes: 'resource' },
  { method: 'GET', path: ':type/:id/$:name', verb: 'operation' },
  { method: 'POST', path: ':type/:id/$:name', verb: 'operation', takes: 'resource' },
  { method: 'POST', path: ':type/_search', verb: 'search-type', takes: 'form' },
  { method: 'GET', path: ':type/_history', verb: 'history-type' },
  { method: 'GET', path: ':type', verb: 'search-type' },
  { method: 'POST', path: ':type', verb: 'create', takes: 'resource' },
  { method: 'PUT', path: ':type', verb: 'update', takes: 'resource' },
  { method: 'PATCH', path: ':type', verb: 'patch', takes: 'patch' },
  { method: 'DELETE', path: ':type', verb: 'delete' },
  { method: 'GET', path: ':type/:id', verb: 'read' },
  { method: 'PUT', path: ':type/:id', verb: 'update', takes: 'resource' },
  { method: 'PATCH', path: ':type/:id', verb: 'patch', takes: 'patch' },
  { method: 'DELETE', path: ':type/:id', verb: 'delete' },
  { method: 'GET', path: ':type/:id/_history', verb: 'history-instance' },
  { method: 'GET', path: ':type/:id/_history/:version', verb: 'vread' },
  { method: 'GET', path: ':type/:id/:member', verb: 'search-compartment' },
  { method: 'POST', path: ':type/:id/:member/_search', verb: 'search-compartment', takes: 'form' },
];

export interface FhirRequest extends Pick<Interaction, 'verb' | 'type' | 'id' | 'version' | 'name' | 'member'> {
  readonly takes: Takes;
}

interface Found {
  type?: string;
  id?: string;
  version?: string;
  name?: string;
  member?: string;
}

/** Puts what the segment says into `found`; answers whether it fits. */
const fits = (pattern: string, segment: string, found: Found): boolean => {
  const first = segment.charCodeAt(0);
  if (pattern === ':type') {
    found.type = segment;
    return first >= 65 && first <= 90;
  }
  if (pattern === ':id') {
    found.id = segment;
    return !segment.startsWith('_') && !segment.startsWith('$');
  }
  if (pattern === ':member') {
    found.member = segment;
    return segment === '*' || (first >= 65 && first <= 90);
  }
  if (pattern === ':version') {
    found.version = segment;
    return true;
  }
  if (pattern !== '$:name') return pattern === segment;
  found.name = segment.slice(1);
  return segment.startsWith('$');
};

const compiled = rows.map((row) => ({ ...row, parts: row.path.split('/').filter(Boolean) }));

const match = (parts: readonly string[], segments: readonly string[]): Found | undefined => {
  const found: Found = {};
  for (let place = 0; place < parts.length; place++)
    if (!fits(parts[place] ?? '', segments[place] ?? '', found)) return undefined;
  return found;
};

const segmentsOf = (path: string): string[] => {
  try {
    const segments = path.split('/').filter((segment) => segment !== '');
    return path.includes('%') ? segments.map(decodeURIComponent) : segments;
  } catch (thrown) {
    if (thrown instanceof URIError) throw malformed('the address is not well-formed');
    throw thrown;
  }
};

/** Rows by the number of their segments: most are never looked at. */
const byLength = [0, 1, 2, 3, 4].map((length) => compiled.filter(({ parts }) => parts.length === length));

const matching = (segments: readonly string[]): { row: (typeof compiled)[number]; found: Found }[] =>
  (byLength[segments.length] ?? []).flatMap((row) => {
    const found = match(row.parts, segments);
    return found ? [{ row, found }] : [];
  });

const methodsOf = (rowsThere: readonly { readonly row: Row }[]): string[] => {
  const methods = new Set(rowsThere.map(({ row }) => row.method));
  return methods.has('GET') ? ['GET', 'HEAD', ...[...methods].filter((method) => method !== 'GET')] : [...methods];
};

/** The methods that an address takes; none where there is nothing. */
export const allowedMethods = (path: string): string[] => methodsOf(matching(segmentsOf(path)));

/** `path` is what follows `/fhir/`. HEAD is asked as GET. */
export const readFhirRequest = (method: string, path: string): FhirRequest => {
  const segments = segmentsOf(path);
  const wanted = method === 'HEAD' ? 'GET' : method;
  for (const { method: known, parts, verb, takes = 'nothing', name } of byLength[segments.length] ?? []) {
    const found = known === wanted ? match(parts, segments) : undefined;
    if (found) return { verb, takes, ...(name === undefined ? {} : { name }), ...found };
  }
  const there = matching(segments);
  if (there.length === 0)
    throw notSupported(404, 'there is nothing at this address; /fhir/metadata says what there is');
  const allow = methodsOf(there).join(', ');
  throw notSupported(405, `${method} is not supported here; ${allow} is`, { Allow: allow });
};
