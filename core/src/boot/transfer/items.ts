/** Cuts the text of JSON into the items of a list without reading them, so that numbers keep their digits. */
import { members } from '../../fhir/json-text.ts';

/** The place of the quotation mark behind the string that begins at `from`. */
const behindString = (text: string, from: number): number => {
  for (let at = from + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 92) at++;
    else if (code === 34) return at;
  }
  return text.length;
};

/** Of a compact list that JSON.parse takes. */
export const itemsIn = (list: string): string[] => {
  const items: string[] = [];
  let depth = 0;
  let start = 1;
  for (let at = 0; at < list.length; at++) {
    const char = list[at];
    if (char === '"') at = behindString(list, at);
    else if (char === '{' || char === '[') depth++;
    else if (char === '}' || char === ']') depth--;
    if ((char === ',' && depth === 1) || depth === 0) {
      if (at > start) items.push(list.slice(start, at));
      start = at + 1;
    }
  }
  return items;
};

export const memberIn = (object: string, name: string): string | undefined =>
  members(object).findLast(({ key }) => key === name)?.value;

/** The texts of a bundle's entries, as they were written. */
export const entriesIn = (bundle: string): string[] => itemsIn(memberIn(bundle, 'entry') ?? '[]');
