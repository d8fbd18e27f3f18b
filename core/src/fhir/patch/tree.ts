/** Copies, compares and changes JSON trees member by member, whatever their members are called; refuses trees so deep or so much copied that they would take the process down. */
import { isNumeric, sameNumber } from '../decimal.ts';
import { isMembers, setMember, type Members } from '../members.ts';

/** What copying may still cost, in characters of JSON, and how deep a tree may become. */
export interface Allowance {
  left: number;
  readonly deepest: number;
}

/** Thrown inside; `copiedOr` says it in words. */
const tooMuch = Symbol('more than the allowance');

const spend = (allowance: Allowance, cost: number, depth: number): void => {
  // oxlint-disable-next-line typescript/only-throw-error
  if (depth > allowance.deepest || (allowance.left -= cost) < 0) throw tooMuch;
};

/** A copy that shares nothing that can change. */
const copied = (value: unknown, allowance: Allowance, depth = 0): unknown => {
  if (typeof value === 'string') {
    spend(allowance, value.length + 2, depth);
    return value;
  }
  spend(allowance, 8, depth);
  if (Array.isArray(value)) return value.map((item: unknown) => copied(item, allowance, depth + 1));
  if (!isMembers(value)) return value;
  const copy: Members = {};
  for (const name of Object.keys(value)) {
    spend(allowance, name.length, depth);
    setMember(copy, name, copied(value[name], allowance, depth + 1));
  }
  return copy;
};

/** A copy, or the refusal in the words of whoever asked for it. */
export const copiedOr = (value: unknown, allowance: Allowance, depth: number, refusal: () => Error): unknown => {
  try {
    return copied(value, allowance, depth);
  } catch (thrown) {
    throw thrown === tooMuch ? refusal() : thrown;
  }
};

const sameLists = (a: readonly unknown[], b: readonly unknown[]): boolean =>
  a.length === b.length && a.every((item, place) => sameJson(item, b[place]));

const sameMembers = (a: Members, b: Members): boolean => {
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && sameJson(a[name], b[name]))
  );
};

/** RFC 6902, 4.6: numbers by value, lists in order, objects in any. */
export const sameJson = (a: unknown, b: unknown): boolean => {
  if (a === b) return true;
  if (isNumeric(a) && isNumeric(b)) return sameNumber(a, b);
  if (Array.isArray(a) && Array.isArray(b)) return sameLists(a, b);
  return isMembers(a) && isMembers(b) && sameMembers(a, b);
};
