/** Reads R4 narrative in one pass: says what is wrong with a div, or where its links stand; refuses all that R4 narrative.html leaves out, active content above all. */

const words = (text: string): ReadonlySet<string> => new Set(text.split(' '));

/** By R4's txt-1. */
const elements = words(
  'a abbr acronym b big blockquote br caption cite code col colgroup dd dfn div dl dt em h1 h2 h3 h4 h5 h6 hr i img li ' +
    'ol p pre q samp small span strong sub sup table tbody td tfoot th thead tr tt ul var',
);
const attributes = words(
  'abbr accesskey align alt axis bgcolor border cellhalign cellpadding cellspacing cellvalign char charoff charset cite ' +
    'class colspan compact coords dir frame headers height href hreflang hspace id lang longdesc name nowrap rel rev ' +
    'rowspan rules scope shape span src start style summary tabindex title type valign value vspace width xml:lang xmlns',
);

const xhtml = 'http://www.w3.org/1999/xhtml';

/** A link's place in the text of the div, without its quotation marks. */
export interface NarrativeLink {
  readonly from: number;
  readonly to: number;
}

interface Scan {
  readonly text: string;
  at: number;
  readonly open: string[];
  hasContent: boolean;
  /** The next &, so that no part is searched twice. */
  ampersand: number;
  readonly links: NarrativeLink[] | undefined;
}

type Fault = string | undefined;

const isNameCode = (code: number): boolean =>
  (code >= 97 && code <= 122) || (code >= 48 && code <= 58) || (code >= 65 && code <= 90) || code === 45 || code === 95;

const nameAt = (text: string, from: number): string => {
  let at = from;
  while (isNameCode(text.charCodeAt(at))) at++;
  return text.slice(from, at);
};

const isBlank = (code: number): boolean => code === 32 || code === 10 || code === 13 || code === 9;

const skipBlanks = (scan: Scan): boolean => {
  const from = scan.at;
  while (isBlank(scan.text.charCodeAt(scan.at))) scan.at++;
  return scan.at > from;
};

const reference = /&(?:amp|lt|gt|quot|apos|#(?:[1-9]\d{0,6}|x[\dA-Fa-f]{1,6}));/y;

const isCharacter = (code: number): boolean =>
  code === 9 || code === 10 || code === 13 || (code >= 32 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff));

const codeOf = (written: string): number =>
  written[2] === 'x' ? Number.parseInt(written.slice(3, -1), 16) : Number(written.slice(2, -1));

/** HTML's own entities, such as &nbsp;, are not XML's: R4 refuses them. */
const entityFault = (scan: Scan, from: number, to: number): Fault => {
  const seek = (place: number): void => {
    const found = scan.text.indexOf('&', place);
    scan.ampersand = found === -1 ? Infinity : found;
  };
  if (scan.ampersand < from) seek(from);
  for (; scan.ampersand < to; seek(scan.ampersand + 1)) {
    reference.lastIndex = scan.ampersand;
    const written = reference.exec(scan.text)?.[0];
    if (written === undefined)
      return 'has an & that begins none of &amp; &lt; &gt; &quot; &apos; &#…; (XHTML in FHIR has no other entities)';
    if (written[1] === '#' && !isCharacter(codeOf(written))) return 'names a character that XML does not have';
  }
};

/** As a browser reads an address: character references resolved, without blanks and controls. */
const plainAddress = (value: string): string =>
  value
    .replace(/&#x([\dA-Fa-f]{1,6});|&#(\d{1,7});/g, (whole, hex?: string, digits?: string) => {
      const code = hex === undefined ? Number(digits) : Number.parseInt(hex, 16);
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    })
    .replace(/[^!-~]/g, '')
    .toLowerCase();

/** Schemes that a page opens or shows; no script among them. */
const isSafeLink = (value: string): boolean => {
  if (value.startsWith('https://') || value.startsWith('#')) return true;
  const scheme = /^([^/?#]*?):/.exec(plainAddress(value))?.[1];
  return scheme === undefined || /^(?:https?|mailto|tel|sms|ftp|urn|cid)$/.test(scheme);
};
const isSafeImage = (value: string): boolean => isSafeLink(value) || /^data:image\/(?!svg)/.test(plainAddress(value));

/** A picture may be loaded: HL7's own pages draw trees so. */
const isSafeStyle = (value: string): boolean =>
  !/expression\(|javascript:|vbscript:|behavior:|-moz-binding|\\|\/\*/.test(plainAddress(value));

const valueFault = (name: string, value: string): Fault => {
  if (name === 'href' && !isSafeLink(value)) return 'has a link whose scheme can run a program';
  if ((name === 'src' || name === 'longdesc' || name === 'cite') && !isSafeImage(value))
    return `has a ${name} whose scheme can run a program`;
  if (name === 'style' && !isSafeStyle(value)) return 'has a style that can run a program';
  if (name === 'xmlns' && value !== xhtml) return `has a namespace other than ${xhtml}`;
};

/** Reads `name="value"`. */
const attribute = (scan: Scan, seen: string[]): Fault => {
  const { text } = scan;
  const name = nameAt(text, scan.at);
  scan.at += name.length;
  skipBlanks(scan);
  if (name === '' || text[scan.at] !== '=') return 'has a tag that is not well-formed XML';
  scan.at++;
  skipBlanks(scan);
  const mark = text[scan.at];
  const from = scan.at + 1;
  const to = mark === '"' || mark === "'" ? text.indexOf(mark, from) : -1;
  if (to === -1) return 'has an attribute whose value is not in quotation marks';
  if (!attributes.has(name)) return 'has an attribute that R4 narrative does not allow (no events, no scripts)';
  if (seen.includes(name)) return 'has a tag with the same attribute twice';
  seen.push(name);
  const value = text.slice(from, to);
  if (value.includes('<')) return 'has a < inside an attribute: write &lt;';
  if (scan.links && (name === 'href' || name === 'src')) scan.links.push({ from, to });
  scan.at = to + 1;
  return entityFault(scan, from, to) ?? valueFault(name, value);
};

const opening = (scan: Scan): Fault => {
  const { text } = scan;
  const name = nameAt(text, scan.at);
  const isRoot = scan.open.length === 0;
  if (isRoot && name !== 'div') return 'must be one <div> and nothing around it';
  if (!elements.has(name))
    return 'has an element that R4 narrative does not allow (formatting, links, images and tables only)';
  scan.at += name.length;
  const seen: string[] = [];
  for (;;) {
    const parted = skipBlanks(scan);
    const empty = text.startsWith('/>', scan.at);
    if (empty || text[scan.at] === '>') {
      scan.at += empty ? 2 : 1;
      if (!empty) scan.open.push(name);
      if (name === 'img' && seen.includes('src')) scan.hasContent = true;
      return isRoot && !seen.includes('xmlns') ? `must begin with <div xmlns="${xhtml}">` : undefined;
    }
    if (!parted) return 'has a tag that is not well-formed XML';
    const fault = attribute(scan, seen);
    if (fault) return fault;
  }
};

const closing = (scan: Scan): Fault => {
  const { text, open } = scan;
  const name = open.pop();
  if (name === undefined || !text.startsWith(name, scan.at)) return 'has tags that do not close in the order they open';
  scan.at += name.length;
  skipBlanks(scan);
  if (text[scan.at] !== '>') return 'has tags that do not close in the order they open';
  scan.at++;
};

const comment = (scan: Scan): Fault => {
  const end = scan.text.indexOf('--', scan.at + 4);
  if (end === -1 || scan.text[end + 2] !== '>') return 'has a comment that is not well-formed XML';
  scan.at = end + 3;
};

const deepest = 64;
const slash = 47;
const exclamation = 33;
const question = 63;

const tag = (scan: Scan): Fault => {
  const { text } = scan;
  const next = text.charCodeAt(scan.at + 1);
  if (next === slash) {
    scan.at += 2;
    return closing(scan);
  }
  if (next === exclamation && text.startsWith('<!--', scan.at)) return comment(scan);
  if (next === exclamation || next === question) return 'must hold no declarations, CDATA or processing instructions';
  if (scan.open.length > deepest) return `is nested more than ${deepest} deep`;
  scan.at += 1;
  return opening(scan);
};

const run = (scan: Scan): Fault => {
  const { text } = scan;
  if (!text.startsWith('<div')) return 'must be one <div> and nothing around it';
  while (scan.at < text.length) {
    const fault = tag(scan);
    if (fault) return fault;
    if (scan.open.length === 0) break;
    const next = text.indexOf('<', scan.at);
    if (next === -1) return 'has tags that never close';
    if (!scan.hasContent) scan.hasContent = /\S/.test(text.slice(scan.at, next));
    const bad = entityFault(scan, scan.at, next);
    if (bad) return bad;
    scan.at = next;
  }
  if (scan.at < text.length) return 'must be one <div> and nothing around it';
  return scan.hasContent ? undefined : 'must say something: text or an image';
};

const scanOf = (text: string, links?: NarrativeLink[]): Scan => ({
  text,
  at: 0,
  open: [],
  hasContent: false,
  ampersand: -1,
  links,
});

/** What is wrong with a narrative's div; follows "the narrative". */
export const narrativeFault = (text: string): Fault => run(scanOf(text));

/** The addresses in a sound div, in the order they stand in. */
export const narrativeLinks = (text: string): readonly NarrativeLink[] => {
  const links: NarrativeLink[] = [];
  run(scanOf(text, links));
  return links;
};
