/** Whether resources stand in the order that a search asked for: the least value counts upwards, the greatest downwards, and what has none is last both ways; a range of numbers stands where it begins. */
import { looks, type Found } from './naive-parameters.ts';
import { plainText } from './naive-values.ts';
import type { Json } from './asked.ts';

type Key = string | bigint;

const keysOf = (found: Found, descending: boolean): Key[] => {
  switch (found.kind) {
    case 'number':
      return [found.span.low];
    case 'date':
      return [descending ? found.span.high : found.span.low];
    case 'string':
      return [plainText(found.text).toLowerCase()];
    case 'uri':
      return [found.text];
    case 'token':
      return found.tokens.flatMap(({ code }) => (typeof code === 'string' ? [code] : []));
    case 'canonical':
    case 'quantity':
    case 'reference':
      throw new RangeError(`nobody sorts by a ${found.kind} here`);
  }
};

const keyOf = (resource: Json, code: string, descending: boolean): Key | undefined => {
  if (code === '_id') return String(resource['id']);
  const found = looks[String(resource['resourceType'])]?.[code]?.(resource) ?? [];
  const keys = found.flatMap((each) => keysOf(each, descending));
  return keys.reduce<Key | undefined>((best, key) => {
    if (best === undefined) return key;
    return key > best === descending ? key : best;
  }, undefined);
};

const compared = (one: Json, other: Json, sort: string): number => {
  const descending = sort.startsWith('-');
  const code = descending ? sort.slice(1) : sort;
  const [mine, theirs] = [keyOf(one, code, descending), keyOf(other, code, descending)];
  if (mine === theirs) return 0;
  if (mine === undefined) return 1;
  if (theirs === undefined) return -1;
  return mine > theirs === descending ? -1 : 1;
};

export const isInOrder = (sort: string, resources: readonly Json[]): boolean =>
  resources.every((resource, place) => {
    const before = resources[place - 1];
    if (!before) return true;
    const first = sort
      .split(',')
      .map((each) => compared(before, resource, each))
      .find((order) => order !== 0);
    return (first ?? 0) <= 0;
  });
