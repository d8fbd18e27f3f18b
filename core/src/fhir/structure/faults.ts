/** The words for what is wrong with a member; they name elements and allowed codes, never the value that was given. */
import { isWrittenNumber } from '../written-number.ts';
import type { Slot, Table } from './compile.ts';
import { faulty, faultyAt, pathOf, type Walk } from './walk.ts';

type Members = Readonly<Record<string, unknown>>;

const wordFor = (value: unknown): string => {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' && !isWrittenNumber(value) ? 'an object' : 'a plain value';
};

/** A name that cannot be anybody's: an element's, as R4 writes them. */
const isElementName = (key: string): boolean => /^_?[A-Za-z][A-Za-z0-9]{0,63}$/.test(key);

const variantOf = (key: string): string => (key.startsWith('_') ? key.slice(1) : key);

/** Where the name begins as a choice's does, the names it might have had. */
const choiceHint = (type: Table, key: string): string => {
  const near = type.definition.elements.find(({ name, choice }) => choice && variantOf(key).startsWith(name));
  if (!near) return '';
  const names = [...type.slots.values()].filter(({ name, shape }) => name === near.name && shape !== 'sibling');
  return names.length > 12
    ? `: ${near.name}[x] has no such type`
    : `: write ${names.map((slot) => slot.key).join(' or ')}`;
};

export const unknownMember = (type: Table, object: Members, key: string, walk: Walk): void => {
  if (isWrittenNumber(object)) return faulty(walk, 'structure', pathOf(walk), 'must be an object, not a number');
  if (!isElementName(key))
    return faulty(walk, 'structure', pathOf(walk), `has a member that is no element of ${type.name}`);
  faultyAt(walk, key, -1, 'structure', `is not an element of ${type.name}${choiceHint(type, key)}`);
};

export const secondChoice = (type: Table, object: Members, slot: Slot, walk: Walk): void => {
  const first = Object.keys(object).find((key) => type.slots.get(key)?.name === slot.name) ?? '';
  const isHalf = slot.shape === 'sibling' && Object.hasOwn(object, slot.twin);
  if (variantOf(first) === variantOf(slot.key) || isHalf) return;
  faultyAt(walk, slot.name, -1, 'structure', `may have one type only: ${variantOf(first)} or ${variantOf(slot.key)}`);
};

export const missing = (type: Table, met: number, walk: Walk): void => {
  for (const { bit, name } of type.demands)
    if ((met & bit) === 0) faultyAt(walk, name, -1, 'required', `is required by ${type.name} and missing`);
};

export const notAList = (slot: Slot, value: unknown, walk: Walk): void =>
  faultyAt(walk, slot.name, -1, 'structure', `must be a list, not ${wordFor(value)}: write [ ] around it`);

export const notAnObject = (slot: Slot, value: unknown, place: number, walk: Walk): void =>
  faultyAt(
    walk,
    slot.name,
    place,
    'structure',
    value === null
      ? 'must not be null: leave it out'
      : `must be one object (${slot.shape === 'sibling' ? 'Element' : slot.typeName}), not ${wordFor(value)}`,
  );

export const wrongNull = (name: string, place: number, walk: Walk): void =>
  faultyAt(walk, name, place, 'structure', 'must not be null unless an extension stands at the same place');

export const noPlaceHere = (walk: Walk, key: string): void =>
  faulty(
    walk,
    'structure',
    pathOf(walk),
    `must be a resource of R4: an object whose ${key} names one of its 146 types`,
  );

export const wrongPrimitive = (slot: Slot, value: unknown, place: number, walk: Walk): void => {
  const { primitive, name } = slot;
  if (isWrittenNumber(value) && primitive.isWritten?.(value.rawJSON)) return;
  if (value === null) return faultyAt(walk, name, place, 'structure', 'must not be null: leave it out');
  if (typeof value === 'object' && !isWrittenNumber(value))
    return faultyAt(walk, name, place, 'structure', `must be one ${slot.typeName}, not ${wordFor(value)}`);
  if (value === '') return faultyAt(walk, name, place, 'value', 'must not be empty: leave it out');
  const tooLong = typeof value === 'string' && value.length > 1024 * 1024 && slot.typeName !== 'base64Binary';
  faultyAt(walk, name, place, tooLong ? 'too-long' : 'value', `must be ${primitive.says}`);
};
