/** Makes search strings comparable: case, accents, punctuation and repeated blanks do not count, and no control character but those of text stays in an index value. */

/** Words travel joined by such characters; tab, line feed and carriage return are text. */
// oxlint-disable-next-line no-control-regex
const control = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]+/g;

export const cleared = (text: string): string => text.replace(control, ' ');

/** They stand within a word: O'Brien is one. Before anything is decomposed, since an acute accent becomes a blank there. */
const apostrophes = /['’‘‛ʼʻʹʽ`´′＇׳״]/g;

/** All of Unicode's punctuation but what is a sign with a meaning of its own. */
const punctuation = /(?![_%&@#*])\p{P}/gu;

/**
 * Marks that are written or left out as one likes: those of Latin, Greek and Cyrillic, Arabic harakat, Hebrew and Syriac points.
 * Of Indic, Thai and other scripts the marks are vowels and finals: without them other words would be the same.
 */
const accents = new RegExp(
  `[${[
    ...[
      '\\u0300-\\u036f',
      '\\u0483-\\u0489',
      '\\u1ab0-\\u1aff',
      '\\u1dc0-\\u1dff',
      '\\u20d0-\\u20ff',
      '\\ufe20-\\ufe2f',
    ],
    ...['\\u0591-\\u05bd', '\\u05bf', '\\u05c1', '\\u05c2', '\\u05c4', '\\u05c5', '\\u05c7', '\\u0730-\\u074a'],
    ...['\\u0610-\\u061a', '\\u064b-\\u065f', '\\u0670', '\\u06d6-\\u06dc', '\\u06df-\\u06e4', '\\u06e7', '\\u06e8'],
    ...['\\u06ea-\\u06ed', '\\u08ca-\\u08ff'],
  ].join('')}]+`,
  'g',
);

const foldUnicode = (text: string): string =>
  cleared(text)
    .replace(apostrophes, '')
    .normalize('NFKD')
    .replace(accents, '')
    .normalize('NFC')
    .toLowerCase()
    // What makes a small i of İ is an accent of its own.
    .replace(/\u0307/g, '')
    .replace(/ς/g, 'σ')
    .replace(/ß/g, 'ss')
    .replace(/ø/g, 'o')
    .replace(/ł/g, 'l')
    .replace(/đ/g, 'd')
    .replace(punctuation, ' ')
    .replace(/\s+/g, ' ');

/** Most strings of a record are plain ASCII without punctuation: they need no Unicode tables. */
const plain = /^[A-Za-z0-9 ]*$/;

/** Folding makes nothing longer of it. */
export const isPlain = (text: string): boolean => plain.test(text);

export const fold = (text: string): string =>
  (isPlain(text) ? text.toLowerCase() : foldUnicode(text)).replace(/ {2,}/g, ' ').trim();
