/** Splits a source into its code, its code with strings, and its comments, each left in its place; understands no types, resolves nothing. */

export interface Split {
  /** Strings and comments are blank, but what stands in `${…}` is code. */
  readonly code: string;
  /** Only comments are blank. */
  readonly text: string;
  readonly comments: string;
}

type Kind = 'code' | 'string' | 'comment';

const comment = /\/\*[^]*?\*\/|\/\/[^\n]*/y;
const quoted = /'(?:\\[^]|[^'\\\n])*'|"(?:\\[^]|[^"\\\n])*"/y;
const templatePart = /(?:\\[^]|\$(?!\{)|[^`\\$])*(?:`|\$\{)/y;
const regularExpression = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*/y;
/** After a value a slash divides; after these it opens a regular expression. */
const noValueBefore = /(?:^|[=(,:;!&|?{}[+*%~^>-]|\b(?:return|typeof|case|in|of|await|yield))$/;

const blank = (text: string): string => text.replace(/[^\n]/g, ' ');

export const split = (source: string): Split => {
  const parts: { readonly kind: Kind; readonly text: string }[] = [];
  /** One entry for each `${` that is open: how many braces are open inside it. */
  const openBraces: number[] = [];
  let at = 0;
  let before = '';

  const matchHere = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(source)?.[0];
  };
  const take = (kind: Kind, text: string): void => {
    parts.push({ kind, text });
    at += text.length;
    if (kind !== 'comment' && text.trim() !== '') before = (before + text.trim()).slice(-10);
  };
  const takeTemplate = (): void => {
    const part = matchHere(templatePart) ?? source.slice(at);
    take('string', part);
    if (part.endsWith('${')) openBraces.push(0);
  };
  const takeCode = (): void => {
    const character = source.charAt(at);
    const open = openBraces.at(-1);
    take('code', character);
    if (character === '`') takeTemplate();
    if (open === undefined || (character !== '{' && character !== '}')) return;
    if (character === '}' && open === 0) {
      openBraces.pop();
      takeTemplate();
    } else openBraces[openBraces.length - 1] = open + (character === '{' ? 1 : -1);
  };

  while (at < source.length) {
    const remark = matchHere(comment);
    const string = remark
      ? undefined
      : (matchHere(quoted) ?? (noValueBefore.test(before) ? matchHere(regularExpression) : undefined));
    if (remark) take('comment', remark);
    else if (string) take('string', string);
    else takeCode();
  }

  const only = (...kinds: Kind[]): string =>
    parts.map(({ kind, text }) => (kinds.includes(kind) ? text : blank(text))).join('');
  return { code: only('code'), text: only('code', 'string'), comments: only('comment') };
};
