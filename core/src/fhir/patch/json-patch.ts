/** Applies a JSON Patch (RFC 6902) to a copy of a JSON tree; refuses, with the operation's place, what does not fit the tree and what would make it grow without bound. */
import type { Outcome } from '../../outcome/outcome.ts';
import { isMembers, setMember, type Members } from '../members.ts';
import { isWithin, parsePointer } from './json-pointer.ts';
import { malformedPatch, unfitPatch } from './refusal.ts';
import { copiedOr, sameJson, type Allowance } from './tree.ts';

export interface JsonPatchLimits {
  /** Of one patch. */
  readonly operations: number;
  /** Characters of JSON that all its copies and values may add. */
  readonly growth: number;
  readonly depth: number;
}

const defaultLimits: JsonPatchLimits = { operations: 10_000, growth: 16_000_000, depth: 256 };

type Verb = 'add' | 'remove' | 'replace' | 'move' | 'copy' | 'test';

const verbs: ReadonlySet<string> = new Set(['add', 'remove', 'replace', 'move', 'copy', 'test']);

interface Operation {
  readonly where: string;
  readonly verb: Verb;
  readonly path: string;
  readonly tokens: readonly string[];
  readonly from: string;
  readonly fromTokens: readonly string[];
  readonly value: unknown;
}

/** The tree stands in a list of one, so that its root is a place like any other. */
interface Work {
  readonly holder: [unknown];
  readonly allowance: Allowance;
}

const unfit = ({ where, path }: Operation, diagnostics: string): Outcome => unfitPatch(where, path, diagnostics);

const pointer = (where: string, members: Members, name: 'path' | 'from'): [string, readonly string[]] => {
  const text = Object.hasOwn(members, name) ? members[name] : undefined;
  if (typeof text !== 'string') throw malformedPatch(where, undefined, `needs "${name}", a JSON Pointer as a string`);
  const tokens = parsePointer(text);
  if (tokens) return [text, tokens];
  throw malformedPatch(where, text, `"${name}" must be empty or begin with /, and ~ is written ~0, / is written ~1`);
};

const operation = (entry: unknown, place: number): Operation => {
  const where = `operation ${place}`;
  if (!isMembers(entry)) throw malformedPatch(where, undefined, 'must be an object with "op" and "path"');
  const verb = Object.hasOwn(entry, 'op') ? entry['op'] : undefined;
  if (typeof verb !== 'string' || !verbs.has(verb))
    throw malformedPatch(where, undefined, '"op" must be add, remove, replace, move, copy or test');
  const [path, tokens] = pointer(where, entry, 'path');
  const [from, fromTokens] = verb === 'move' || verb === 'copy' ? pointer(where, entry, 'from') : ['', []];
  const wantsValue = verb === 'add' || verb === 'replace' || verb === 'test';
  if (wantsValue && !Object.hasOwn(entry, 'value')) throw malformedPatch(where, path, `${verb} needs "value"`);
  if (verb === 'move' && from !== path && isWithin(tokens, fromTokens))
    throw malformedPatch(where, path, 'an element cannot be moved into itself: choose another "path"');
  return { where, verb: verb as Verb, path, tokens, from, fromTokens, value: entry['value'] };
};

const copy = (work: Work, step: Operation, value: unknown): unknown =>
  copiedOr(value, work.allowance, step.tokens.length, () =>
    unfit(step, 'the patch makes the resource too large or too deep: send less in one patch'),
  );

const index = /^(?:0|[1-9]\d{0,8})$/;

const placeIn = (step: Operation, list: readonly unknown[], token: string, mayEnd: boolean): number => {
  if (token === '-') {
    if (mayEnd) return list.length;
    throw unfit(step, '"-" stands behind the last item, where nothing is: only add and the target of move and copy');
  }
  if (!index.test(token)) throw unfit(step, 'a list is indexed by digits without leading zeros, or by "-" for its end');
  const place = Number(token);
  if (place < list.length || (mayEnd && place === list.length)) return place;
  throw unfit(step, 'the list is shorter than that index');
};

const child = (step: Operation, parent: unknown, token: string): unknown => {
  if (Array.isArray(parent)) return parent[placeIn(step, parent, token, false)];
  if (isMembers(parent) && Object.hasOwn(parent, token)) return parent[token];
  throw unfit(step, 'there is no such element in the resource');
};

const at = (work: Work, step: Operation, tokens: readonly string[]): unknown => {
  let value: unknown = work.holder[0];
  for (const token of tokens) value = child(step, value, token);
  return value;
};

/** The container of the last token and that token. */
const parentOf = (work: Work, step: Operation, tokens: readonly string[]): [unknown, string] =>
  tokens.length === 0 ? [work.holder, '0'] : [at(work, step, tokens.slice(0, -1)), tokens.at(-1) ?? ''];

const add = (work: Work, step: Operation, value: unknown): void => {
  const [parent, token] = parentOf(work, step, step.tokens);
  if (parent === work.holder) work.holder[0] = value;
  else if (Array.isArray(parent)) parent.splice(placeIn(step, parent, token, true), 0, value);
  else if (isMembers(parent)) setMember(parent, token, value);
  else throw unfit(step, 'its parent is neither an object nor a list');
};

const remove = (work: Work, step: Operation, tokens: readonly string[]): unknown => {
  if (tokens.length === 0) throw unfit(step, 'the whole resource cannot be taken away: use DELETE');
  const [parent, token] = parentOf(work, step, tokens);
  const removed = child(step, parent, token);
  if (Array.isArray(parent)) parent.splice(Number(token), 1);
  else if (isMembers(parent)) delete parent[token];
  return removed;
};

const replace = (work: Work, step: Operation, value: unknown): void => {
  const [parent, token] = parentOf(work, step, step.tokens);
  child(step, parent, token);
  if (Array.isArray(parent)) parent[Number(token)] = value;
  else if (isMembers(parent)) setMember(parent, token, value);
};

const move = (work: Work, step: Operation): void => {
  if (step.from === step.path) {
    at(work, step, step.fromTokens);
    return;
  }
  // Copied, though it could be moved: the copy is what counts its depth at the new place.
  add(work, step, copy(work, step, remove(work, step, step.fromTokens)));
};

const test = (work: Work, step: Operation): void => {
  if (!sameJson(at(work, step, step.tokens), step.value))
    throw unfit(step, 'the test failed: the resource holds something else there, so read it again');
};

const perform: Readonly<Record<Verb, (work: Work, step: Operation) => void>> = {
  add: (work, step) => add(work, step, copy(work, step, step.value)),
  remove: (work, step) => void remove(work, step, step.tokens),
  replace: (work, step) => replace(work, step, copy(work, step, step.value)),
  move,
  copy: (work, step) => add(work, step, copy(work, step, at(work, step, step.fromTokens))),
  test,
};

/** Answers the patched tree; the one handed in stays as it is. All operations are read before the first one runs. */
export const applyJsonPatch = (patch: unknown, tree: unknown, limits: JsonPatchLimits = defaultLimits): unknown => {
  if (!Array.isArray(patch)) throw malformedPatch('the patch', undefined, 'a JSON Patch is a list of operations');
  if (patch.length > limits.operations)
    throw malformedPatch('the patch', undefined, `has more than ${limits.operations} operations: send several patches`);
  const steps = patch.map(operation);
  const original = copiedOr(tree, { left: Infinity, deepest: limits.depth }, 0, () =>
    unfitPatch('the patch', undefined, `the resource is nested deeper than ${limits.depth}`),
  );
  const work: Work = { holder: [original], allowance: { left: limits.growth, deepest: limits.depth } };
  for (const step of steps) perform[step.verb](work, step);
  return work.holder[0];
};
