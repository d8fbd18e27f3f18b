/** Reads the Range header against a length: which bytes are wanted, or that none of them are there; what it cannot read is as if it had not been said. */

export interface ByteRange {
  readonly first: number;
  /** The first byte that is not wanted any more. */
  readonly end: number;
}

/** More are a burden without a use; RFC 9110 section 14.2 lets them be left aside. */
const mostRanges = 16;

const rangeOf = (text: string, size: number): ByteRange | 'outside' | undefined => {
  const [, from = '', to = ''] = /^(\d{0,15})-(\d{0,15})$/.exec(text.trim()) ?? [];
  if (from === '' && to === '') return undefined;
  if (from === '') return to === '0' || size === 0 ? 'outside' : { first: Math.max(size - Number(to), 0), end: size };
  const first = Number(from);
  if (to !== '' && Number(to) < first) return undefined;
  if (first >= size) return 'outside';
  return { first, end: to === '' ? size : Math.min(Number(to) + 1, size) };
};

/** Undefined: all of it. An empty list: nothing of what was asked for is there. */
export const byteRanges = (header: string, size: number): readonly ByteRange[] | undefined => {
  const [, list] = /^bytes=(.+)$/i.exec(header.trim()) ?? [];
  if (list === undefined) return undefined;
  const ranges = list.split(',').map((text) => rangeOf(text, size));
  if (ranges.length > mostRanges || ranges.includes(undefined)) return undefined;
  const there = ranges.filter((range): range is ByteRange => typeof range === 'object');
  // Ranges over each other would make the answer longer than the whole.
  return there.reduce((sum, { first, end }) => sum + end - first, 0) > size ? undefined : there;
};
