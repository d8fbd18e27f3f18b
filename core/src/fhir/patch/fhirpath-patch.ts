/** Applies a FHIRPath Patch to a copy of a resource; refuses, with the operation's place, what does not fit the resource. */
import { Outcome } from '../../outcome/outcome.ts';
import { compile, compileSyntax, itemOf } from '../fhirpath/expression.ts';
import type { Item, Items } from '../fhirpath/item.ts';
import type { Model, ModelMember } from '../fhirpath/model.ts';
import { parse } from '../fhirpath/parser.ts';
import { isMembers, type Members } from '../members.ts';
import {
  besideOf,
  readList,
  removeElement,
  replaceElement,
  writeList,
  writeSingle,
  type ElementValue,
} from './element-place.ts';
import { readOperations, type PatchOperation, type PatchVerb } from './patch-operations.ts';
import { memberNamed, memberUnder, valueFor, type Refuse } from './patch-value.ts';
import { unfitPatch } from './refusal.ts';
import { copiedOr } from './tree.ts';

export interface FhirPathPatchLimits {
  /** Of one patch. */
  readonly operations: number;
  /** Of FHIRPath, shared by its operations. */
  readonly steps: number;
  readonly depth: number;
}

const defaultLimits: FhirPathPatchLimits = { operations: 1_000, steps: 2_000_000, depth: 256 };

interface Work {
  readonly model: Model;
  readonly root: Item;
  readonly steps: number;
  readonly depth: number;
}

const refusal =
  ({ where, path }: PatchOperation): Refuse =>
  (diagnostics) =>
    unfitPatch(where, path, diagnostics);

/** What FHIRPath refuses is told with the operation's place. */
const placed = (thrown: unknown, { where, path }: PatchOperation): unknown => {
  if (!(thrown instanceof Outcome)) return thrown;
  const { code } = thrown.issues[0] ?? { code: 'processing' };
  const diagnostics = `${where} at ${path.slice(0, 200)}: ${thrown.message}`;
  return new Outcome(thrown.status, [{ severity: 'error', code, diagnostics }]);
};

const evaluated = (
  work: Work,
  step: PatchOperation,
  evaluate: () => { evaluateOn: (root: Item, options: { steps: number }) => Items },
): Items => {
  try {
    return evaluate().evaluateOn(work.root, { steps: work.steps });
  } catch (thrown) {
    throw placed(thrown, step);
  }
};

const found = (work: Work, step: PatchOperation): Items => evaluated(work, step, () => compile(step.path, work.model));

/** R4 fhirpatch.html: a path that leads to several elements is a mistake, not a wish to change them all. */
const single = (work: Work, step: PatchOperation): Item | undefined => {
  const items = found(work, step);
  if (items.length > 1)
    throw refusal(step)(`the path leads to ${items.length} elements, and one is wanted: use where() or an index`);
  return items[0];
};

const wanted = (work: Work, step: PatchOperation): Item => {
  const item = single(work, step);
  if (item) return item;
  throw refusal(step)('the path leads to no element of the resource');
};

/** An element with its holder: not the resource, and nothing that the path computed. */
const held = (step: PatchOperation, item: Item): { holder: Members; parent: Item } => {
  const { holder, parent } = item;
  if (holder && parent) return { holder, parent };
  throw refusal(step)('the path must lead to an element inside of the resource');
};

/** A copy of the patch's value, so that a later operation changes the resource and not the patch. */
const fresh = (work: Work, step: PatchOperation, { value, beside }: ElementValue): ElementValue => {
  const copy = (each: unknown): unknown =>
    copiedOr(each, { left: Infinity, deepest: work.depth }, 0, () => refusal(step)('the value is nested too deeply'));
  return { value: copy(value), ...(beside ? { beside: copy(beside) as Members } : {}) };
};

/** Where the children of an element stand: a primitive's beside it. */
const membersOf = (step: PatchOperation, item: Item): Members => {
  if (isMembers(item.value)) return item.value;
  if (item.beside) return item.beside;
  const { holder } = held(step, item);
  return besideOf(holder, item.key, item.place);
};

const present = (members: Members, { keys }: ModelMember): boolean =>
  keys.some(({ key, beside }) => Object.hasOwn(members, key) || Object.hasOwn(members, beside));

const add = (work: Work, step: PatchOperation): void => {
  const item = wanted(work, step);
  const refuse = refusal(step);
  const member = memberNamed(work.model, item.type, step.name, refuse);
  // Of a choice named by its key, the whole choice must be free.
  const whole = work.model.member(item.type, member.name) ?? member;
  const value = valueFor(work.model, member, step.value, refuse);
  const members = membersOf(step, item);
  if (whole.many) {
    writeList(members, value.key, [...readList(members, value.key), fresh(work, step, value)]);
    return;
  }
  if (present(members, whole)) throw refuse(`${member.name} is there already and is no list: use replace`);
  writeSingle(members, value.key, fresh(work, step, value));
};

/** FHIR has no empty elements: what the last child is taken from goes too, unless it is a value with nothing beside it any more. */
const prune = ({ holder, parent }: Item): void => {
  if (!holder || !parent?.holder || Object.keys(holder).length > 0) return;
  const isBeside = parent.beside === holder && parent.value !== undefined;
  if (isBeside) replaceElement(parent.holder, parent.key, parent.place, { value: parent.value });
  else {
    removeElement(parent.holder, parent.key, parent.place);
    prune(parent);
  }
};

const remove = (work: Work, step: PatchOperation): void => {
  const item = single(work, step);
  if (!item) return;
  removeElement(held(step, item).holder, item.key, item.place);
  prune(item);
};

const replace = (work: Work, step: PatchOperation): void => {
  const item = wanted(work, step);
  const { holder, parent } = held(step, item);
  const member = memberUnder(work.model, parent.type, item.key);
  if (!member) throw refusal(step)('this element cannot be replaced');
  const value = valueFor(work.model, member, step.value, refusal(step));
  // Another type of a choice stands under another name.
  if (value.key !== item.key) removeElement(holder, item.key, item.place);
  replaceElement(holder, value.key, item.place, fresh(work, step, value));
};

interface List {
  readonly holder: Members;
  readonly key: string;
  readonly member: ModelMember;
}

const listOf = (step: PatchOperation, holder: Members, key: string, member: ModelMember | undefined): List => {
  if (member?.many) return { holder, key, member };
  throw refusal(step)('the path must lead to a list');
};

/** Also of a list that is not there yet: then only the path knows its name. */
const emptyList = (work: Work, step: PatchOperation): List => {
  const syntax = parse(step.path);
  if (syntax.kind !== 'member') throw refusal(step)('the path leads to no list of the resource');
  const { on, name } = syntax;
  const parents = on ? evaluated(work, step, () => compileSyntax(on, step.path, work.model)) : [work.root];
  const [parent, ...others] = parents;
  if (!parent || others.length > 0) throw refusal(step)('the path must lead to the list of one element');
  return listOf(step, membersOf(step, parent), name, work.model.member(parent.type, name));
};

const listAt = (work: Work, step: PatchOperation): List => {
  const items = found(work, step);
  const [first] = items;
  if (!first) return emptyList(work, step);
  const { holder, parent } = held(step, first);
  if (items.some((item) => item.holder !== holder || item.key !== first.key))
    throw refusal(step)('the path leads to several lists, and one is wanted: use where() or an index');
  return listOf(step, holder, first.key, memberUnder(work.model, parent.type, first.key));
};

const insert = (work: Work, step: PatchOperation): void => {
  const { holder, key, member } = listAt(work, step);
  const list = readList(holder, key);
  if (step.index > list.length)
    throw refusal(step)(`the index is behind the end of the list, which has ${list.length}`);
  const value = fresh(work, step, valueFor(work.model, member, step.value, refusal(step)));
  writeList(holder, key, list.toSpliced(step.index, 0, value));
};

const move = (work: Work, step: PatchOperation): void => {
  const { holder, key } = listAt(work, step);
  const list = readList(holder, key);
  const moved = list[step.source];
  if (!moved || step.destination >= list.length)
    throw refusal(step)(`source and destination must be places of the list, which has ${list.length}`);
  writeList(holder, key, list.toSpliced(step.source, 1).toSpliced(step.destination, 0, moved));
};

const perform: Readonly<Record<PatchVerb, (work: Work, step: PatchOperation) => void>> = {
  add,
  insert,
  delete: remove,
  replace,
  move,
};

/** Answers the patched resource; the one handed in stays as it is. Whether it is still valid is for validation to say. */
export const applyFhirPathPatch = (
  parameters: unknown,
  resource: Members,
  model: Model,
  limits: FhirPathPatchLimits = defaultLimits,
): Members => {
  const steps = readOperations(parameters, limits.operations);
  const copy = copiedOr(resource, { left: Infinity, deepest: limits.depth }, 0, () =>
    unfitPatch('the patch', undefined, `the resource is nested deeper than ${limits.depth}`),
  ) as Members;
  const share = Math.max(20_000, Math.floor(limits.steps / steps.length));
  const work: Work = { model, root: itemOf(copy), steps: share, depth: limits.depth };
  for (const step of steps) perform[step.verb](work, step);
  return copy;
};
