/** Reads and writes characters as XML has them; knows no entities but XML's own five. */

// oxlint-disable-next-line no-control-regex
const notXml = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/;

/** Where a character stands that no XML may hold, or -1. */
export const whereNoXml = (text: string): number => {
  const at = text.search(notXml);
  if (at !== -1 || text.isWellFormed()) return at;
  return text.search(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/);
};

const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

const characterOf = (name: string): string | undefined => {
  if (!name.startsWith('#')) return named[name];
  const code = name.startsWith('#x') ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
  if (code > 0x10ffff) return undefined;
  const character = String.fromCodePoint(code);
  return whereNoXml(character) === -1 ? character : undefined;
};

/** The text that its references stand for, or where one stands that XML does not have. */
export const plainText = (raw: string): string | { readonly at: number } => {
  let next = raw.indexOf('&');
  if (next === -1) return raw;
  const pieces: string[] = [];
  let done = 0;
  const pattern = /&(amp|lt|gt|quot|apos|#\d{1,7}|#x[\dA-Fa-f]{1,6});/y;
  for (; next !== -1; next = raw.indexOf('&', done)) {
    pattern.lastIndex = next;
    const [whole = '', name = ''] = pattern.exec(raw) ?? [];
    const character = characterOf(name);
    if (character === undefined) return { at: next };
    pieces.push(raw.slice(done, next), character);
    done = next + whole.length;
  }
  return pieces.join('') + raw.slice(done);
};

/** A value between double quotation marks. What XML cannot hold at all becomes U+FFFD. */
export const attributeText = (value: string): string =>
  /["&<>\n\r\t\ufffe\uffff]/.test(value)
    ? value.replace(/["&<>\n\r\t]/g, (char) => `&#${char.charCodeAt(0)};`).replace(/[\ufffe\uffff]/g, '\ufffd')
    : value;

/** Text between tags. */
export const contentText = (value: string): string => value.replace(/[&<>\r]/g, (char) => `&#${char.charCodeAt(0)};`);
