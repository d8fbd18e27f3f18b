/** Makes search strings comparable: case, accents and repeated blanks do not count, and no control character stays in an index value. */

const clear = (text: string): string => text.replace(/[\u0000-\u001f]+/g, ' ');

export const fold = (text: string): string => {
  // Most strings of a record are plain ASCII: they need no Unicode tables.
  // eslint-disable-next-line no-control-regex
  const plain = /^[\x20-\x7e]*$/.test(text) ? text.toLowerCase() : foldUnicode(text);
  return plain.replace(/ {2,}/g, ' ').trim();
};

const foldUnicode = (text: string): string =>
  clear(text)
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .replace(/ß/g, 'ss')
    .replace(/ø/g, 'o')
    .replace(/ł/g, 'l')
    .replace(/đ/g, 'd')
    .replace(/\s+/g, ' ');

export const cleared = clear;
