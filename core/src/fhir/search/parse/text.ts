/** Takes the text of a search value apart at separators that no backslash precedes; refuses characters that no value holds. */
import { invalid } from '../../../outcome/outcome.ts';

/** R4 datatypes.html#string: of what is below a blank only tab, line feed and carriage return are text. */
// oxlint-disable-next-line no-control-regex
const noText = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/;

/** The one place where every value passes, whatever kind it is of and whichever door it came by. */
export const checkText = (name: string, text: string): void => {
  if (noText.test(text) || !text.isWellFormed())
    throw invalid(name.slice(0, 100), `${name.slice(0, 100)} has a control character, which no value has`);
  if (/(?<!\\)(?:\\\\)*\\$/.test(text))
    throw invalid(
      name.slice(0, 100),
      `${name.slice(0, 100)} ends with a \\ that stands before nothing: a \\ itself is \\\\`,
    );
};

export const splitUnescaped = (text: string, separator: string): string[] => {
  if (!text.includes('\\')) return text.split(separator);
  const parts: string[] = [];
  let part = '';
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at);
    if (char === '\\' && at + 1 < text.length) {
      part += char + text.charAt(at + 1);
      at++;
    } else if (char === separator) {
      parts.push(part);
      part = '';
    } else part += char;
  }
  parts.push(part);
  return parts;
};

/** R4 search.html#escaping. */
export const unescaped = (text: string): string => (text.includes('\\') ? text.replace(/\\([\\,|$])/g, '$1') : text);
