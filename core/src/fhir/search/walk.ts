/** Compiles plain steps to direct walks through a resource's JSON, as the FHIRPath engine would go them; says so when it cannot. */
import type { Typed } from '../fhirpath/item.ts';
import type { MemberKey, Model } from '../fhirpath/model.ts';
import { isMembers, type Members } from '../members.ts';
import { referencedType } from '../reference-type.ts';
import type { PathStep } from './steps.ts';

/** Adds what it finds from `value` on; `root` is the resource, for what is contained in it. */
export type Walk = (value: unknown, root: Members, found: Typed[]) => void;

/** The steps lead nowhere: no resource has a value there. */
export const nowhere = Symbol('nowhere');

/** Only the engine can go these steps. */
export const notPlain = Symbol('not plain');

type Compiled = Walk | typeof nowhere | typeof notPlain;

const arrive =
  (type: string): Walk =>
  (value, _, found) => {
    found.push({ type, value });
  };

/** One step to a member, whether it is a list or not. */
const through = (key: string, next: Walk): Walk => {
  return (value, root, found) => {
    if (typeof value !== 'object') return;
    const member = (value as Members)[key];
    if (member === undefined || member === null) return;
    if (!Array.isArray(member)) {
      next(member, root, found);
      return;
    }
    for (const item of member as unknown[]) if (item !== null) next(item, root, found);
  };
};

const all =
  (walks: readonly Walk[]): Walk =>
  (value, root, found) => {
    for (const walk of walks) walk(value, root, found);
  };

const containedType = (root: Members, id: string): string | undefined => {
  const contained: readonly unknown[] = Array.isArray(root['contained']) ? root['contained'] : [];
  const resource = contained.find((each) => isMembers(each) && each['id'] === id);
  const type = isMembers(resource) ? resource['resourceType'] : undefined;
  return typeof type === 'string' ? type : undefined;
};

const written = (model: Model, type: unknown): string | undefined =>
  typeof type === 'string' && model.has(type) ? type : undefined;

/** What resolve() makes of a reference when nobody lends it the resource. */
const targetType = (model: Model, value: unknown, root: Members): string | undefined => {
  const { reference, type } = isMembers(value) ? value : { reference: value };
  if (typeof reference !== 'string') return written(model, type);
  if (reference === '#') return written(model, root['resourceType']);
  if (reference.startsWith('#')) return containedType(root, reference.slice(1));
  const named = referencedType(reference);
  return named !== undefined && model.has(named) ? named : written(model, type);
};

const filtered =
  (passes: (value: unknown, root: Members) => boolean, next: Walk): Walk =>
  (value, root, found) => {
    if (passes(value, root)) next(value, root, found);
  };

const memberWalk = (model: Model, type: string, name: string, next: (type: string) => Compiled): Compiled => {
  // What a primitive holds stands beside it, which the engine knows.
  if (model.isPrimitive(type)) return notPlain;
  const member = model.member(type, name);
  if (!member) return nowhere;
  const walks: Walk[] = [];
  for (const { key, type: found } of member.keys) {
    const onward = found === 'Resource' ? notPlain : next(found);
    if (onward === notPlain) return notPlain;
    if (onward !== nowhere) walks.push(through(key, onward));
  }
  if (walks.length === 0) return nowhere;
  return walks.length === 1 ? (walks[0] as Walk) : all(walks);
};

/** Types whose values are texts, so that = is plain. */
const isText = ({ type }: MemberKey): boolean => type === 'code' || type === 'string' || type === 'uri';

const equalsWalk = (model: Model, type: string, step: Extract<PathStep, { kind: 'equals' }>, next: Walk): Compiled => {
  const member = model.member(type, step.name);
  const key = member?.keys[0];
  if (!member || !key) return nowhere;
  if (member.many || member.choice || !isText(key)) return notPlain;
  return filtered((value) => isMembers(value) && value[key.key] === step.text, next);
};

const refersWalk = (model: Model, type: string, target: string, next: Walk): Compiled => {
  if (type !== 'Reference' && !model.isPrimitive(type)) return notPlain;
  return filtered((value, root) => {
    const named = targetType(model, value, root);
    return named !== undefined && model.isA(named, target);
  }, next);
};

export const compileWalk = (model: Model, type: string, steps: readonly PathStep[], place = 0): Compiled => {
  const step = steps[place];
  if (!step) return arrive(type);
  if (step.kind === 'member')
    return memberWalk(model, type, step.name, (found) => compileWalk(model, found, steps, place + 1));
  if (step.kind === 'ofType') return model.isA(type, step.type) ? compileWalk(model, type, steps, place + 1) : nowhere;
  const next = compileWalk(model, type, steps, place + 1);
  if (typeof next === 'symbol') return next;
  return step.kind === 'equals' ? equalsWalk(model, type, step, next) : refersWalk(model, type, step.type, next);
};
