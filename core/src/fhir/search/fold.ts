/** Makes search strings comparable: case, accents and repeated blanks do not count, and no control character stays in an index value. */

/** Words travel joined by such characters. */
export const cleared = (text: string): string => text.replace(/\p{Cc}+/gu, ' ');

const foldUnicode = (text: string): string =>
  cleared(text)
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .replace(/ß/g, 'ss')
    .replace(/ø/g, 'o')
    .replace(/ł/g, 'l')
    .replace(/đ/g, 'd')
    .replace(/\s+/g, ' ');

/** Most strings of a record are plain ASCII: they need no Unicode tables. */
const plain = /^[ -~]*$/;

/** Folding makes nothing longer of it. */
export const isPlain = (text: string): boolean => plain.test(text);

export const fold = (text: string): string =>
  (isPlain(text) ? text.toLowerCase() : foldUnicode(text)).replace(/ {2,}/g, ' ').trim();
