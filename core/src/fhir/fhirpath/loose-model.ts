/** Walks JSON without definitions: a member has the type that its value looks like. It cannot tell a date from a string or a choice from another name. */
import type { Model, ModelMember } from './model.ts';

export const untyped = 'Element';

const member = (name: string): ModelMember => ({
  name,
  keys: [{ key: name, beside: `_${name}`, type: '', primitive: true }],
  many: true,
  choice: false,
});

/** The type of a value that no definition describes. */
export const looksLike = (value: unknown): string => {
  if (typeof value === 'string') return 'System.String';
  if (typeof value === 'boolean') return 'System.Boolean';
  return Number.isSafeInteger(value) ? 'System.Integer' : untyped;
};

export const looseModel: Model = {
  member: (_, name) => member(name),
  members: () => [],
  isA: (type, ancestor) => type === ancestor,
  // Types of FHIR begin with a capital, its elements do not.
  has: (type) => /^[A-Z]/.test(type),
  isPrimitive: () => false,
  baseOf: () => undefined,
};
