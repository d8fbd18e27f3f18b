/** Changes an element of a resource and what stands beside it together, so that the two lists of a primitive never part. */
import { isMembers, setMember, type Members } from '../members.ts';

/** The value of an element and what stands beside it, when it is a primitive. */
export interface ElementValue {
  readonly value: unknown;
  readonly beside?: Members;
}

const besideName = (key: string): string => `_${key}`;

const put = (holder: Members, name: string, value: unknown): void => {
  if (value === undefined) delete holder[name];
  else setMember(holder, name, value);
};

const items = (holder: Members, name: string): unknown[] => {
  const list = Object.hasOwn(holder, name) ? holder[name] : undefined;
  return Array.isArray(list) ? [...(list as unknown[])] : [];
};

/** The elements of a list, value by value with what stands beside each. */
export const readList = (holder: Members, key: string): ElementValue[] => {
  const values = items(holder, key);
  const besides = items(holder, besideName(key));
  return Array.from({ length: Math.max(values.length, besides.length) }, (_, place) => {
    const beside = besides[place];
    return { value: values[place] ?? undefined, ...(isMembers(beside) ? { beside } : {}) };
  });
};

/** An empty list is no list in FHIR; where nothing stands beside any value, nothing is written. */
export const writeList = (holder: Members, key: string, list: readonly ElementValue[]): void => {
  const hasValues = list.some(({ value }) => value !== undefined);
  const hasBesides = list.some(({ beside }) => beside !== undefined);
  put(holder, key, hasValues ? list.map(({ value }) => value ?? null) : undefined);
  put(holder, besideName(key), hasBesides ? list.map(({ beside }) => beside ?? null) : undefined);
};

export const writeSingle = (holder: Members, key: string, { value, beside }: ElementValue): void => {
  put(holder, key, value);
  put(holder, besideName(key), beside);
};

export const removeElement = (holder: Members, key: string, place: number): void => {
  if (place === -1) writeSingle(holder, key, { value: undefined });
  else writeList(holder, key, readList(holder, key).toSpliced(place, 1));
};

export const replaceElement = (holder: Members, key: string, place: number, element: ElementValue): void => {
  if (place === -1) writeSingle(holder, key, element);
  else writeList(holder, key, readList(holder, key).toSpliced(place, 1, element));
};

/** The object beside a primitive, made where there is none yet. */
export const besideOf = (holder: Members, key: string, place: number): Members => {
  const fresh: Members = {};
  if (place === -1) {
    setMember(holder, besideName(key), fresh);
    return fresh;
  }
  const list = readList(holder, key);
  writeList(holder, key, list.toSpliced(place, 1, { value: list[place]?.value, beside: fresh }));
  return fresh;
};
