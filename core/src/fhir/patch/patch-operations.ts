/** Reads the Parameters of a FHIRPath Patch into operations; refuses those that lack what R4's fhirpatch.html asks for. */
import { isMembers, type Members } from '../members.ts';
import { malformedPatch } from './refusal.ts';

export type PatchVerb = 'add' | 'insert' | 'delete' | 'replace' | 'move';

export interface PatchOperation {
  /** `operation 0` */
  readonly where: string;
  readonly verb: PatchVerb;
  readonly path: string;
  readonly name: string;
  /** The part that holds the value. */
  readonly value: Members;
  readonly index: number;
  readonly source: number;
  readonly destination: number;
}

const wanted: Readonly<Record<PatchVerb, readonly string[]>> = {
  add: ['name', 'value'],
  insert: ['value', 'index'],
  delete: [],
  replace: ['value'],
  move: ['source', 'destination'],
};

const isVerb = (text: unknown): text is PatchVerb => typeof text === 'string' && Object.hasOwn(wanted, text);

const knownParts = new Set(['type', 'path', 'name', 'value', 'index', 'source', 'destination']);

const partNames = (parts: readonly unknown[], where: string): Map<string, Members> => {
  const found = new Map<string, Members>();
  for (const part of parts) {
    const name = isMembers(part) ? part['name'] : undefined;
    if (!isMembers(part) || typeof name !== 'string' || !knownParts.has(name))
      throw malformedPatch(where, undefined, `its parts are named ${[...knownParts].join(', ')}`);
    if (found.has(name)) throw malformedPatch(where, undefined, `the part ${name} stands there twice`);
    found.set(name, part);
  }
  return found;
};

const text = (part: Members | undefined): string | undefined => {
  const value = part?.['valueString'] ?? part?.['valueCode'];
  return typeof value === 'string' ? value : undefined;
};

const place = (part: Members | undefined): number | undefined => {
  const value = part?.['valueInteger'] ?? part?.['valueUnsignedInt'] ?? part?.['valuePositiveInt'];
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : undefined;
};

const operation = (entry: unknown, at: number): PatchOperation => {
  const where = `operation ${at}`;
  const entries = isMembers(entry) && entry['name'] === 'operation' ? entry['part'] : undefined;
  if (!Array.isArray(entries)) throw malformedPatch(where, undefined, 'is a parameter named operation, with parts');
  const parts = partNames(entries, where);
  const verb = text(parts.get('type'));
  const path = text(parts.get('path'));
  if (!isVerb(verb))
    throw malformedPatch(where, path, 'its type is add, insert, delete, replace or move, as valueCode');
  if (path === undefined) throw malformedPatch(where, undefined, 'needs a path, as valueString');
  const has: Readonly<Record<string, unknown>> = {
    name: text(parts.get('name')),
    value: parts.get('value'),
    index: place(parts.get('index')),
    source: place(parts.get('source')),
    destination: place(parts.get('destination')),
  };
  const missing = wanted[verb].find((name) => has[name] === undefined);
  if (missing !== undefined)
    throw malformedPatch(where, path, `${verb} needs ${wanted[verb].join(' and ')}: ${missing} is missing or wrong`);
  return {
    where,
    verb,
    path,
    name: text(parts.get('name')) ?? '',
    value: parts.get('value') ?? {},
    index: place(parts.get('index')) ?? 0,
    source: place(parts.get('source')) ?? 0,
    destination: place(parts.get('destination')) ?? 0,
  };
};

export const readOperations = (parameters: unknown, most: number): PatchOperation[] => {
  if (!isMembers(parameters) || parameters['resourceType'] !== 'Parameters')
    throw malformedPatch('the patch', undefined, 'a FHIRPath Patch is a Parameters resource');
  const { parameter } = parameters;
  if (!Array.isArray(parameter) || parameter.length === 0)
    throw malformedPatch('the patch', undefined, 'has no operation: add parameters named operation');
  if (parameter.length > most)
    throw malformedPatch('the patch', undefined, `has more than ${most} operations: send several patches`);
  return parameter.map(operation);
};
