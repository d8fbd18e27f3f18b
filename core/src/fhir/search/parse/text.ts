/** Takes the text of a search value apart at separators that no backslash precedes. */

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
