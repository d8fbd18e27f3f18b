/** Walks a resource along the compiled tables and tells each fault; a sound resource is walked without allocating anything. */
import { isWrittenNumber } from '../written-number.ts';
import { bindingRule, codeFault } from './binding-rule.ts';
import type { Slot, Table, Tables } from './compile.ts';
import { containedRules, contentRules, type Links } from './contained-rules.ts';
import {
  missing,
  noPlaceHere,
  notAList,
  notAnObject,
  secondChoice,
  unknownMember,
  wrongNull,
  wrongPrimitive,
} from './faults.ts';
import { narrativeFault } from './narrative.ts';
import { isClean } from './primitives.ts';
import { referenceRule } from './reference-rule.ts';
import { deepest, faulty, faultyAt, pathOf, type Walk } from './walk.ts';

export type Members = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const has = (object: Members, key: string): boolean => Object.hasOwn(object, key);

const narrative = (slot: Slot, value: unknown, walk: Walk): void => {
  if (typeof value !== 'string' || !isClean(value)) return wrongPrimitive(slot, value, -1, walk);
  const fault = narrativeFault(value);
  if (fault) faultyAt(walk, slot.name, -1, 'invalid', fault);
};

const primitive = (slot: Slot, value: unknown, place: number, walk: Walk): void => {
  const { allowed, pattern } = slot;
  if (allowed !== undefined && allowed.has(value as string)) return;
  if (!slot.primitive.is(value)) return wrongPrimitive(slot, value, place, walk);
  if (allowed !== undefined || (pattern !== undefined && !pattern.test(value as string))) codeFault(slot, place, walk);
};

const primitiveList = (slot: Slot, values: readonly unknown[], holder: Members, walk: Walk): void => {
  const twins = holder[slot.twin];
  for (let place = 0; place < values.length; place++) {
    const value = values[place];
    if (value !== null) primitive(slot, value, place, walk);
    else if (!Array.isArray(twins) || !isObject(twins[place])) wrongNull(slot.name, place, walk);
  }
};

/** ele-1. Beside a primitive's value, an id alone is something. */
const isIdAlone = (type: Table, object: Members): boolean => type.name !== 'Element' && has(object, 'id');

/** One rule for each kind of member; `into` enters an object. */
export const checker = (tables: Tables, links: Links) => {
  const members = (type: Table, object: Members, walk: Walk): void => {
    const { slots } = type;
    let met = 0;
    let count = 0;
    for (const key in object) {
      const slot = slots.get(key);
      count++;
      if (slot === undefined) {
        unknownMember(type, object, key, walk);
        continue;
      }
      if (slot.bit !== 0) {
        if (slot.choice && (met & slot.bit) !== 0) secondChoice(type, object, slot, walk);
        met |= slot.bit;
      }
      member(slot, object[key], object, walk);
    }
    if ((met & type.required) !== type.required) missing(type, met, walk);
    if (type.halves !== undefined && !oneHalf(type.halves, met)) extensionFault(walk);
    if (!type.isResource && (count === 0 || (count === 1 && isIdAlone(type, object))))
      faulty(walk, 'structure', pathOf(walk), 'must not be empty: give it a value or leave it out');
  };

  const member = (slot: Slot, value: unknown, holder: Members, walk: Walk): void => {
    if (slot.list) return list(slot, value, holder, walk);
    switch (slot.shape) {
      case 'primitive':
        return primitive(slot, value, -1, walk);
      case 'complex':
        return into(slot, value, -1, walk);
      case 'sibling':
        return sibling(slot, value, holder, walk);
      case 'resource':
        return resource(slot, value, -1, walk);
      case 'xhtml':
        return narrative(slot, value, walk);
      case 'type':
        return;
    }
  };

  const list = (slot: Slot, values: unknown, holder: Members, walk: Walk): void => {
    if (!Array.isArray(values)) return notAList(slot, values, walk);
    if (values.length === 0)
      return faultyAt(walk, slot.name, -1, 'structure', 'must not be an empty list: give it a value or leave it out');
    if (slot.shape === 'primitive') return primitiveList(slot, values, holder, walk);
    if (slot.shape === 'sibling') return siblingList(slot, values, holder, walk);
    for (let place = 0; place < values.length; place++)
      if (slot.shape === 'resource') resource(slot, values[place], place, walk);
      else into(slot, values[place], place, walk);
  };

  /** Enters an object, unless there is none or the walk is too deep. */
  const enter = (slot: Slot, value: unknown, place: number, walk: Walk): value is Members => {
    if (!isObject(value)) {
      notAnObject(slot, value, place, walk);
      return false;
    }
    if (walk.depth >= deepest) {
      faultyAt(walk, slot.name, place, 'structure', `is nested more than ${deepest} deep: nothing in it was looked at`);
      return false;
    }
    walk.depth++;
    walk.names[walk.depth] = slot.name;
    walk.places[walk.depth] = place;
    return true;
  };

  const into = (slot: Slot, value: unknown, place: number, walk: Walk): void => {
    if (!enter(slot, value, place, walk)) return;
    members(tables.ready(slot.type), value, walk);
    if (slot.rule === 'reference') referenceRule(value, slot.targets, tables, walk);
    else if (slot.rule === 'binding') bindingRule(value, slot, walk);
    walk.depth--;
  };

  const sibling = (slot: Slot, value: unknown, holder: Members, walk: Walk): void => {
    into(slot, value, -1, walk);
    if (isObject(value) && !has(holder, slot.twin) && !has(value, 'extension'))
      faultyAt(walk, slot.name, -1, 'structure', 'has an id but neither a value nor an extension');
  };

  const siblingList = (slot: Slot, values: readonly unknown[], holder: Members, walk: Walk): void => {
    const twins: unknown = holder[slot.twin];
    for (let place = 0; place < values.length; place++) {
      const value = values[place];
      const twin: unknown = Array.isArray(twins) ? twins[place] : undefined;
      const alone = twin === undefined || twin === null;
      if (value !== null) into(slot, value, place, walk);
      // A null beside a null is told once, where the values stand.
      else if (twin === undefined) wrongNull(slot.name, place, walk);
      if (alone && isObject(value) && !has(value, 'extension'))
        faultyAt(walk, slot.name, place, 'structure', 'has an id but neither a value nor an extension');
    }
  };

  const tableOf = (value: Members): Table | undefined => {
    const name = value['resourceType'];
    const table = typeof name === 'string' ? tables.table(name) : undefined;
    return table?.isResource && table.definition.abstract !== true ? tables.ready(table) : undefined;
  };

  const resource = (slot: Slot, value: unknown, place: number, walk: Walk): void => {
    if (!enter(slot, value, place, walk)) return;
    const type = tableOf(value);
    const { container, inContained } = walk;
    if (slot.key === 'contained') contentRules(value, inContained, walk);
    else walk.container = value;
    walk.inContained = slot.key === 'contained';
    if (type) body(type, value, walk);
    else noPlaceHere(walk, 'resourceType');
    walk.container = container;
    walk.inContained = inContained;
    walk.depth--;
  };

  const body = (type: Table, value: Members, walk: Walk): void => {
    members(type, value, walk);
    if (value['contained'] !== undefined && !walk.inContained) containedRules(value, links, walk);
  };

  return (value: unknown, walk: Walk): void => {
    walk.depth = 0;
    walk.faults = undefined;
    walk.names[0] = 'Resource';
    const type = isObject(value) ? tableOf(value) : undefined;
    if (!isObject(value) || isWrittenNumber(value) || !type) return noPlaceHere(walk, 'resourceType');
    walk.names[0] = type.name;
    walk.container = value;
    walk.inContained = false;
    walk.inTransaction = type.name === 'Bundle' && value['type'] === 'transaction';
    body(type, value, walk);
  };
};

const oneHalf = (halves: NonNullable<Table['halves']>, met: number): boolean =>
  ((met & halves.value) !== 0) !== ((met & halves.extension) !== 0);

const extensionFault = (walk: Walk): void =>
  faulty(walk, 'invariant', pathOf(walk), 'must have either a value[x] or extensions, and not both (ext-1)');
