/** Makes of a stored version what conditions are held against in memory, and of each resource that it contains the same. */
import { exactOf, parseBody, type Resource } from '../../fhir/body.ts';
import { textOf } from '../../fhir/stored.ts';
import { entriesAt, heldIn } from '../index/held.ts';
import type { Current } from '../resources.ts';
import type { Searching } from '../searching.ts';
import type { Subject } from './evaluate.ts';

type Indexing = Pick<Searching, 'index' | 'shown'>;

export const subjectIn = (
  { index, shown }: Indexing,
  { type, id, updated }: Pick<Current, 'type' | 'id' | 'updated'>,
  resource: Resource,
  /** With all digits of its numbers. */
  exact = resource,
): Subject => {
  const { entries } = index(type, exact);
  const held = heldIn(resource);
  const contained = (place: number): Subject | undefined => {
    const each = held.find((one) => one.place === place);
    return (
      each && {
        ...{ type: each.type, id: each.id, updated, resource: each.resource, contained },
        entries: entriesAt(entries, place),
        shown: (code) => shown(each.type, each.resource, code),
        within: { holder, place },
      }
    );
  };
  const holder: Subject = {
    ...{ type, id, updated, resource, entries, contained },
    shown: (code) => shown(type, resource, code),
  };
  return holder;
};

export const subjectOf = (indexing: Indexing, current: Current): Subject => {
  const body = parseBody(textOf(current));
  return subjectIn(indexing, current, body.resource, exactOf(body));
};
