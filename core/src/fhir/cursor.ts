/** Where a page ended, as a word that callers hand back; refuses what it did not make. */
import { invalid } from '../outcome/outcome.ts';

export const cursorText = (numbers: readonly number[]): string => numbers.map((each) => each.toString(36)).join('.');

export const readCursor = (text: string, length: number): number[] => {
  const parts = text
    .split('.')
    .map((part) => (/^-?[0-9a-z]{1,12}$/.test(part) ? Number.parseInt(part, 36) : Number.NaN));
  if (parts.length !== length || !parts.every(Number.isSafeInteger))
    throw invalid('_cursor', '_cursor is not one that this server gave: follow the links of a bundle as they are');
  return parts;
};
