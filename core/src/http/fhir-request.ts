/** What is asked: method, path and headers of a FHIR request become an Interaction. How HTTP asks for a verb is a row of this table. */
import type { Interaction } from '../fhir/interaction.ts';
import { notSupported } from '../outcome/outcome.ts';

interface Row {
  readonly method: string;
  /** `:type`, `:id` and `$:name` take any segment; the rest is literal. */
  readonly path: string;
  readonly verb: string;
  readonly takesBody?: true;
}

const rows: readonly Row[] = [
  { method: 'GET', path: 'metadata', verb: 'capabilities' },
  { method: 'GET', path: '$:name', verb: 'operation' },
  { method: 'GET', path: ':type/$:name', verb: 'operation' },
  { method: 'GET', path: ':type/:id/$:name', verb: 'operation' },
  { method: 'POST', path: ':type', verb: 'create', takesBody: true },
  { method: 'GET', path: ':type/:id', verb: 'read' },
];

export interface FhirRequest extends Pick<Interaction, 'verb' | 'type' | 'id' | 'name'> {
  readonly takesBody: boolean;
}

type Found = { readonly type?: string; readonly id?: string; readonly name?: string };

const matchSegment = (pattern: string, segment: string): Found | undefined => {
  if (pattern === '$:name') return segment.startsWith('$') ? { name: segment.slice(1) } : undefined;
  if (pattern === ':type') return /^[A-Z]/.test(segment) ? { type: segment } : undefined;
  if (pattern === ':id') return /^[^_$]/.test(segment) ? { id: segment } : undefined;
  return pattern === segment ? {} : undefined;
};

const compiled = rows.map((row) => ({ ...row, parts: row.path.split('/') }));

const match = (parts: readonly string[], segments: readonly string[]): Found | undefined => {
  if (parts.length !== segments.length) return undefined;
  let found: Found = {};
  for (const [place, part] of parts.entries()) {
    const here = matchSegment(part, segments[place] ?? '');
    if (!here) return undefined;
    found = { ...found, ...here };
  }
  return found;
};

/** `path` is what follows `/fhir/`. HEAD is asked as GET. */
export const readFhirRequest = (method: string, path: string): FhirRequest => {
  const segments = path.split('/').filter(Boolean).map(decodeURIComponent);
  const wanted = method === 'HEAD' ? 'GET' : method;
  const others: string[] = [];
  for (const { method: known, parts, verb, takesBody = false } of compiled) {
    const found = match(parts, segments);
    if (!found) continue;
    if (known === wanted) return { verb, takesBody, ...found };
    others.push(known);
  }
  if (others.length === 0)
    throw notSupported(404, 'there is nothing at this address; /fhir/metadata says what there is');
  const allow = [...new Set(others)].join(', ');
  throw notSupported(405, `${method} is not supported here; ${allow} is`, { Allow: allow });
};
