/** Goes from elements to their children, with what stands beside primitives; invents none that the resource does not hold. */
import { isNumeric } from '../decimal.ts';
import { isMembers, type Members } from '../members.ts';
import { element, type Item, type Items } from './item.ts';
import { looksLike, looseModel } from './loose-model.ts';
import type { MemberKey, Model, ModelMember } from './model.ts';

/** A resource inside another says itself what it is. */
const typeOf = ({ type }: MemberKey, value: unknown): string => {
  if (type === 'Resource' || type === '') {
    const named = isMembers(value) ? value['resourceType'] : undefined;
    if (typeof named === 'string') return named;
    if (type !== '') return type;
    return isNumeric(value) && !Number.isInteger(value) ? 'decimal' : looksLike(value);
  }
  return type;
};

const besideAt = (beside: unknown, place: number): Members | undefined => {
  const found: unknown = Array.isArray(beside) ? beside[place] : undefined;
  return isMembers(found) ? found : undefined;
};

const addList = (
  found: Item[],
  key: MemberKey,
  parent: Item,
  holder: Members,
  values: readonly unknown[],
  beside: unknown,
): void => {
  const length = Math.max(values.length, Array.isArray(beside) ? beside.length : 0);
  for (let place = 0; place < length; place++) {
    const value = values[place] ?? undefined;
    const extra = besideAt(beside, place);
    if (value !== undefined || extra)
      found.push(element(typeOf(key, value), value, extra, parent, holder, key.key, place));
  }
};

/** What objects inherit is no element. */
const own = (holder: Members, name: string): unknown =>
  Object.hasOwn(holder, name) ? (holder[name] ?? undefined) : undefined;

const addKey = (found: Item[], key: MemberKey, parent: Item, holder: Members): void => {
  const value = own(holder, key.key);
  const beside = key.primitive ? own(holder, key.beside) : undefined;
  if (value === undefined && beside === undefined) return;
  if (Array.isArray(value) || Array.isArray(beside)) {
    addList(found, key, parent, holder, Array.isArray(value) ? value : [], beside);
    return;
  }
  const extra = isMembers(beside) ? beside : undefined;
  if (value !== undefined || extra) found.push(element(typeOf(key, value), value, extra, parent, holder, key.key, -1));
};

/** The object in which an element's children stand: a primitive's are beside it. */
const holderOf = ({ value, beside }: Item): Members | undefined => (isMembers(value) ? value : beside);

export const addChildren = (found: Item[], item: Item, member: ModelMember): void => {
  const holder = holderOf(item);
  if (!holder) return;
  for (const key of member.keys) addKey(found, key, item, holder);
};

/** Without definitions, every member but the name of the type. */
const looseMembers = (item: Item): ModelMember[] =>
  Object.keys(holderOf(item) ?? {})
    .filter((name) => name !== 'resourceType' && !name.startsWith('_'))
    .flatMap((name) => looseModel.member('', name) ?? []);

export const childrenOf = (model: Model, item: Item): Items => {
  const found: Item[] = [];
  const members = model === looseModel ? looseMembers(item) : model.members(item.type);
  for (const member of members) addChildren(found, item, member);
  return found;
};
