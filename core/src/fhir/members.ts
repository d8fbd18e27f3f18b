/** Objects of JSON, told apart from lists, nulls and numbers kept as text. */
import { isWrittenNumber } from './written-number.ts';

export type Members = Record<string, unknown>;

export const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !isWrittenNumber(value);

/** `__proto__` is a member like any other, which only this way of writing leaves it. */
export const setMember = (members: Members, name: string, value: unknown): void => {
  if (name === '__proto__')
    Object.defineProperty(members, name, { value, writable: true, enumerable: true, configurable: true });
  else members[name] = value;
};
