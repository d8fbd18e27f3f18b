/** Reads JSON Pointers (RFC 6901) into their tokens; refuses escapes that the RFC does not know. */

const unescaped = (token: string): string => token.replaceAll('~1', '/').replaceAll('~0', '~');

/** Undefined when it is not a pointer. */
export const parsePointer = (text: string): readonly string[] | undefined => {
  if (text === '') return [];
  if (!text.startsWith('/') || /~(?![01])/.test(text)) return undefined;
  return text.slice(1).split('/').map(unescaped);
};

/** Is `inner` the same place as `outer`, or one below it? */
export const isWithin = (inner: readonly string[], outer: readonly string[]): boolean =>
  outer.every((token, depth) => inner[depth] === token);
