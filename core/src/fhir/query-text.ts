/** Reads the text of a query as parameters; refuses bytes that are no UTF-8 instead of searching for what nobody wrote. */
import { invalid } from '../outcome/outcome.ts';

const isUtf8 = (bytes: string): boolean => {
  try {
    decodeURIComponent(bytes);
    return true;
  } catch {
    return false;
  }
};

/** Bytes beyond ASCII, which is what can be wrong: most queries have none. */
const beyond = /%[89a-f][\da-f]/i;

export const queryIn = (text: string): URLSearchParams => {
  for (const pair of beyond.test(text) ? text.split('&') : [])
    if (!(pair.match(/(?:%[\da-f]{2})+/gi) ?? []).every(isUtf8)) {
      const name = (pair.split('=', 1)[0] ?? '').slice(0, 100);
      throw invalid(name, `${name} is not written in UTF-8`);
    }
  return new URLSearchParams(text);
};
