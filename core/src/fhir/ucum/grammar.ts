/** Reads a case-sensitive UCUM code as its factors and symbols, each with its exponent; knows the grammar but no unit, and answers nothing for other texts. */

/** Brackets are gone: a/(b/c) is a¹, b⁻¹ and c¹. */
export interface Part {
  readonly symbol?: string;
  readonly factor?: bigint;
  readonly exponent: number;
}

/** No code of a real unit comes near. */
const longest = 200;

/** An annotation may stand alone. A symbol has digits in its square brackets only, or it is the ten of 10*3. */
const component = /(?:(10[*^]|(?:[A-Za-z_%']|\[[!-Z\\^-~]+\])+)([+-]?\d{1,3}(?!\d))?|(\d+))?(?:\{[!-z|~]+\})?/y;

/** UCUM's own examples annotate what is in brackets, as U/(10.g){feces}; its grammar forgets it. */
const closing = /\)(?:\{[!-z|~]+\})?/y;

const matchAt = (pattern: RegExp, text: string, at: number): RegExpExecArray | undefined => {
  pattern.lastIndex = at;
  const found = pattern.exec(text);
  return found && found[0] !== '' ? found : undefined;
};

const partOf = ([, symbol, exponent = '1', factor]: RegExpExecArray, sign: number): Part => {
  if (symbol !== undefined) return { symbol, exponent: sign * Number(exponent) };
  return { factor: BigInt(factor ?? 1), exponent: sign };
};

/** Undefined for what the grammar does not know, and for codes that are too long. */
export const partsOf = (code: string): readonly Part[] | undefined => {
  if (code.length > longest) return undefined;
  const parts: Part[] = [];
  /** The sign of each open bracket, in a list so that no text can make it deep. */
  const signs = [1];
  let at = code.startsWith('/') ? 1 : 0;
  let sign = at === 1 ? -1 : 1;
  for (;;) {
    for (; code[at] === '('; at += 1) signs.push(sign);
    const found = matchAt(component, code, at);
    if (!found) return undefined;
    parts.push(partOf(found, sign));
    at += found[0].length;
    for (let closed = matchAt(closing, code, at); closed; closed = matchAt(closing, code, at)) {
      signs.pop();
      at += closed[0].length;
    }
    const outer = signs.at(-1);
    if (at === code.length) return signs.length === 1 ? parts : undefined;
    if (outer === undefined || (code[at] !== '.' && code[at] !== '/')) return undefined;
    sign = code[at] === '/' ? -outer : outer;
    at += 1;
  }
};
