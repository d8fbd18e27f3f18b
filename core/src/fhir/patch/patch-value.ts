/** Reads the value of a FHIRPath Patch operation for the element where it shall stand; refuses types that have no place there. */
import { isNumeric } from '../decimal.ts';
import type { MemberKey, Model, ModelMember } from '../fhirpath/model.ts';
import { isMembers, type Members } from '../members.ts';
import { readList, writeList, writeSingle, type ElementValue } from './element-place.ts';

/** Says what is wrong; whoever asked adds the operation and its path. */
export type Refuse = (diagnostics: string) => Error;

/** A value with the name under which it stands. */
export interface PlacedValue extends ElementValue {
  readonly key: string;
}

interface Given {
  readonly type: string;
  readonly value: unknown;
  readonly beside: Members | undefined;
}

const partsOf = (part: Members): readonly unknown[] | undefined =>
  Array.isArray(part['part']) ? (part['part'] as unknown[]) : undefined;

/** `valueCode` and what stands beside it. */
const givenValue = (model: Model, part: Members): Given | undefined => {
  const { resource } = part;
  if (isMembers(resource)) return { type: String(resource['resourceType']), value: resource, beside: undefined };
  for (const { key, beside: besideKey, type } of model.member('Parameters.parameter', 'value')?.keys ?? []) {
    const value = Object.hasOwn(part, key) ? part[key] : undefined;
    const beside = Object.hasOwn(part, besideKey) ? part[besideKey] : undefined;
    if (value !== undefined || isMembers(beside))
      return { type, value, beside: isMembers(beside) ? beside : undefined };
  }
  return undefined;
};

type JsonKind = 'text' | 'number' | 'boolean' | 'other';

const jsonKind = (value: unknown): JsonKind => {
  if (typeof value === 'string') return 'text';
  if (isNumeric(value)) return 'number';
  return typeof value === 'boolean' ? 'boolean' : 'other';
};

const numbers = new Set(['decimal', 'integer', 'unsignedInt', 'positiveInt']);

const kindOf = (type: string): JsonKind => {
  if (type === 'boolean') return 'boolean';
  return numbers.has(type) ? 'number' : 'text';
};

/** A code may be sent as a string: clients do, and whether it is one is for validation to say. */
const fits = (model: Model, { type, value }: Given, wanted: string): boolean => {
  if (type === wanted || model.isA(type, wanted) || model.isA(wanted, type)) return true;
  if (!model.isPrimitive(type) || !model.isPrimitive(wanted)) return false;
  return value === undefined || jsonKind(value) === kindOf(wanted);
};

const keyFor = (model: Model, { keys, choice }: ModelMember, given: Given): MemberKey | undefined => {
  const exact = keys.find(({ type }) => type === given.type);
  return exact ?? (choice ? undefined : keys.find(({ type }) => fits(model, given, type)));
};

const shown = (types: readonly string[]): string => (types.length > 12 ? 'another type' : types.join(' or '));

const memberOf = (model: Model, type: string, name: string, refuse: Refuse): ModelMember => {
  const member = model.member(type, name);
  if (member) return member;
  // `valueQuantity`, though the element is `value`: many write it so.
  for (const { keys, ...rest } of model.members(type)) {
    const key = rest.choice ? keys.find((each) => each.key === name) : undefined;
    if (key) return { ...rest, keys: [key] };
  }
  throw refuse(`${type} has no element ${name.slice(0, 64)}`);
};

/** An element made of nested parts, as anonymous types have to be sent. */
const assembled = (model: Model, type: string, parts: readonly unknown[], refuse: Refuse): Members => {
  const members: Members = {};
  for (const part of parts) {
    if (!isMembers(part) || typeof part['name'] !== 'string') throw refuse('each nested part needs a name');
    const member = memberOf(model, type, part['name'], refuse);
    const placed = valueFor(model, member, part, refuse);
    if (member.many) writeList(members, placed.key, [...readList(members, placed.key), placed]);
    else if (member.keys.some(({ key, beside }) => key in members || beside in members))
      throw refuse(`${type}.${member.name} stands there twice and is no list`);
    else writeSingle(members, placed.key, placed);
  }
  if (Object.keys(members).length === 0) throw refuse('an element cannot be empty: give it parts');
  return members;
};

/** What a part holds, as the member wants it. */
export const valueFor = (model: Model, member: ModelMember, part: Members, refuse: Refuse): PlacedValue => {
  const given = givenValue(model, part);
  if (given) {
    const key = keyFor(model, member, given);
    if (!key) throw refuse(`${member.name} is ${shown(member.keys.map(({ type }) => type))}, and not ${given.type}`);
    return { key: key.key, value: given.value, ...(given.beside ? { beside: given.beside } : {}) };
  }
  const parts = partsOf(part);
  const [key, ...others] = member.keys;
  if (!parts) throw refuse('the operation needs a value: value[x], or parts for an element without a type of its own');
  if (!key || others.length > 0)
    throw refuse(`${member.name} may be of several types: send value[x], which says which`);
  if (model.isPrimitive(key.type)) throw refuse(`${member.name} is a ${key.type}: send it as value[x]`);
  return { key: key.key, value: assembled(model, key.type, parts, refuse) };
};

export const memberNamed = memberOf;

/** The member under whose key an element stands. */
export const memberUnder = (model: Model, type: string, key: string): ModelMember | undefined =>
  model.members(type).find(({ keys }) => keys.some((each) => each.key === key));
