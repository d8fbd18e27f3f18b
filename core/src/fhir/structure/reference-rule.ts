/** Holds a Reference against what its element may lead to; whether the target exists is not asked here. */
import type { Tables } from './compile.ts';
import { leadsPlainly, readReference, type ReferenceText } from './reference-text.ts';
import { faultyAt, type Walk } from './walk.ts';

type Members = Readonly<Record<string, unknown>>;
type Targets = readonly string[] | undefined;

const containedType = (walk: Walk, id: string): string | undefined => {
  if (id === '') return walk.inContained ? String(walk.container['resourceType']) : undefined;
  const all = walk.container['contained'];
  if (!Array.isArray(all)) return undefined;
  const found = (all as readonly unknown[]).find(
    (one): one is Members => typeof one === 'object' && one !== null && 'id' in one && one.id === id,
  );
  return typeof found?.['resourceType'] === 'string' ? found['resourceType'] : undefined;
};

const wrongTarget = (walk: Walk, targets: Targets, type: string, element: string): void => {
  if (targets !== undefined && !targets.includes(type))
    faultyAt(walk, element, -1, 'structure', `may lead to ${targets.join(', ')}, not to ${type}`);
};

/** The type it leads to, as far as its text tells. */
const typeLedTo = (read: ReferenceText, known: (type: string) => boolean, walk: Walk): string | undefined => {
  if (read.kind === 'contained') {
    const type = containedType(walk, read.id);
    if (type === undefined)
      faultyAt(walk, 'reference', -1, 'invariant', 'leads to a contained resource that is not there (ref-1)');
    return type;
  }
  if (read.kind === 'conditional' && !walk.inTransaction)
    faultyAt(walk, 'reference', -1, 'value', 'may be a search only inside a transaction');
  if (read.kind === 'urn') return undefined;
  if (read.type !== undefined && known(read.type)) return read.type;
  if (read.kind !== 'absolute') faultyAt(walk, 'reference', -1, 'value', 'begins with a type that R4 does not have');
  return undefined;
};

export const referenceRule = (reference: Members, targets: Targets, tables: Tables, walk: Walk): void => {
  const text = reference['reference'];
  const said = reference['type'];
  if (said === undefined && (typeof text !== 'string' || (targets !== undefined && leadsPlainly(text, targets))))
    return;
  const known = (type: string): boolean => tables.table(type)?.isResource === true;
  const claimed = typeof said === 'string' && known(said) ? said : undefined;
  if (claimed !== undefined) wrongTarget(walk, targets, claimed, 'type');
  if (typeof text !== 'string' || text === '') return;
  const read = readReference(text);
  if (!read)
    return faultyAt(
      walk,
      'reference',
      -1,
      'value',
      'must be Type/id, Type/id/_history/version, #id or an absolute URL',
    );
  const type = typeLedTo(read, known, walk);
  if (type === undefined) return;
  wrongTarget(walk, targets, type, 'reference');
  if (claimed !== undefined && claimed !== type)
    faultyAt(walk, 'type', -1, 'invariant', `says ${claimed}, and the reference leads to ${type}`);
};
