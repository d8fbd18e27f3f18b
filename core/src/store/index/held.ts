/** Where the resources that are contained in another stand in its index: under the opposites of their keys, each at a place of its own; one reference leads from place to place. */
import type { Resource } from '../../fhir/body.ts';
import { isResourceType } from '../../fhir/resource-types.ts';
import type { Entries, Span, Word } from '../change.ts';
import { parameterKey } from './parameter-key.ts';
import { seam } from './words.ts';

export interface Held {
  /** From 1: the resource that holds them is at 0. */
  readonly place: number;
  readonly type: string;
  readonly id: string;
  readonly resource: Resource;
}

/** The low digits of a word's `at` say where it stands, the others which element it is of, or to which place it leads. */
export const places = 4_096;

/** Keys are positive: what is contained is never taken for what stands for itself. */
export const heldKey = (key: number): number => -key;

export const heldKeys = (keys: readonly number[]): number[] => keys.map(heldKey);

/** In the index of whoever holds one of this type: as if a reference led to it. */
export const holdingKey = (type: string): number => parameterKey(type, '#contained');

export const heldIdKey = (type: string): number => parameterKey(type, '#id');

/** The word of a reference to a contained resource of this type: no other reference begins so. */
export const linkWord = (type: string): string => `#${type}`;

const none: readonly Held[] = [];

export const heldIn = ({ contained }: Resource): readonly Held[] => {
  if (contained === undefined) return none;
  return (Array.isArray(contained) ? (contained as readonly Resource[]) : [])
    .map(({ ...resource }, nth) => ({ place: nth + 1, type: resource.resourceType, id: resource.id ?? '', resource }))
    .filter(({ place, type }) => place < places && isResourceType(type));
};

/** No moment is before it. */
const earliest = 8_640_000_000_000_000;

export const momentText = (at: number): string => String(Math.max(0, at + earliest)).padStart(17, '0');

/** Spans have no room for a place. */
export const spanWord = ({ low, high }: Pick<Span, 'low' | 'high'>): string =>
  `${momentText(low)}${seam}${momentText(high)}`;

const spanIn = (param: number, value: string): Span[] => {
  const [, low = '', high = ''] = new RegExp(`^(\\d{17})${seam}(\\d{17})$`).exec(value) ?? [];
  return low === '' ? [] : [{ param, long: false, low: Number(low) - earliest, high: Number(high) - earliest }];
};

/** What holds a resource is found by each that it holds, and once by the type of all. */
export const holdingWords = (held: readonly Held[]): Word[] => [
  ...held.map(({ type, place }) => ({ param: holdingKey(type), value: linkWord(type), at: place * places })),
  ...[...new Set(held.map(({ type }) => type))].map((type) => ({
    param: holdingKey(type),
    value: linkWord(type),
    at: 0,
  })),
  ...held.map(({ type, id, place }) => ({ param: heldKey(heldIdKey(type)), value: id, at: place })),
];

/** The entries of what stands at a place, as if it stood for itself. */
export const entriesAt = ({ words }: Entries, place: number): Entries => {
  const mine = words
    .filter(({ param, at }) => param < 0 && at % places === place)
    .map(({ param, value, at }) => ({ param: -param, value, at: at - place }));
  return { words: mine, spans: mine.flatMap(({ param, value }) => spanIn(param, value)) };
};

/** Where words of these keys lead to within the same resource. */
export const linkedPlaces = (words: readonly Word[], keys: readonly number[], type: string): number[] =>
  words
    .filter(({ param, value, at }) => at >= places && keys.includes(param) && value === linkWord(type))
    .map(({ at }) => Math.floor(at / places));

/** The places that are taken. */
export const placesIn = ({ words }: Entries): number[] => [
  ...new Set(words.filter(({ param }) => param < 0).map(({ at }) => at % places)),
];
