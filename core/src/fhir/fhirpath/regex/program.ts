/** Compiles a pattern to instructions for the matcher; refuses patterns whose repetitions make too many of them. */
import type { CharacterTest } from './characters.ts';
import { parsePattern, type Pattern, type Spot } from './pattern.ts';

export type Instruction =
  | { readonly kind: 'character'; readonly test: CharacterTest }
  /** Two ways on; the first is liked better. */
  | { readonly kind: 'split'; first: number; second: number }
  | { readonly kind: 'jump'; to: number }
  | { readonly kind: 'save'; readonly slot: number }
  | { readonly kind: 'spot'; readonly spot: Spot }
  | { readonly kind: 'match' };

export interface Program {
  readonly instructions: readonly Instruction[];
  readonly groups: number;
  readonly names: ReadonlyMap<string, number>;
}

const mostInstructions = 3_000;
const tooLong = Symbol('more instructions than allowed');

type Instructions = Instruction[];

const push = (code: Instructions, instruction: Instruction): number => {
  // oxlint-disable-next-line typescript/only-throw-error
  if (code.length >= mostInstructions) throw tooLong;
  return code.push(instruction) - 1;
};

/** Into `inner` or past it; what stands behind is filled in later. */
const optional = (code: Instructions, inner: Pattern, lazy: boolean): (() => void) => {
  const split = { kind: 'split' as const, first: 0, second: 0 };
  const place = push(code, split);
  emit(code, inner);
  return () => {
    split.first = lazy ? code.length : place + 1;
    split.second = lazy ? place + 1 : code.length;
  };
};

const emitRepeat = (code: Instructions, { inner, least, most, lazy }: Extract<Pattern, { kind: 'repeat' }>): void => {
  for (let count = 0; count < least; count++) emit(code, inner);
  if (most === Infinity) {
    const start = code.length;
    const close = optional(code, inner, lazy);
    push(code, { kind: 'jump', to: start });
    close();
    return;
  }
  const closing: (() => void)[] = [];
  for (let count = least; count < most; count++) closing.push(optional(code, inner, lazy));
  for (const close of closing) close();
};

const emitEither = (code: Instructions, options: readonly Pattern[]): void => {
  const jumps: { kind: 'jump'; to: number }[] = [];
  for (const [place, option] of options.entries()) {
    if (place === options.length - 1) {
      emit(code, option);
      break;
    }
    const close = optional(code, option, false);
    const jump = { kind: 'jump' as const, to: 0 };
    push(code, jump);
    jumps.push(jump);
    close();
  }
  for (const jump of jumps) jump.to = code.length;
};

const emit = (code: Instructions, pattern: Pattern): void => {
  switch (pattern.kind) {
    case 'character':
      push(code, { kind: 'character', test: pattern.test });
      return;
    case 'spot':
      push(code, { kind: 'spot', spot: pattern.spot });
      return;
    case 'sequence':
      for (const part of pattern.parts) emit(code, part);
      return;
    case 'either':
      emitEither(code, pattern.options);
      return;
    case 'group':
      push(code, { kind: 'save', slot: pattern.number * 2 });
      emit(code, pattern.inner);
      push(code, { kind: 'save', slot: pattern.number * 2 + 1 });
      return;
    case 'repeat':
      emitRepeat(code, pattern);
  }
};

/** Answers why it is refused, or the program. */
export const compilePattern = (text: string): Program | { readonly why: string } => {
  const parsed = parsePattern(text);
  if ('why' in parsed) return parsed;
  const code: Instructions = [];
  try {
    emit(code, { kind: 'group', inner: parsed.pattern, number: 0 });
    push(code, { kind: 'match' });
  } catch (thrown) {
    if (thrown === tooLong) return { why: 'its repetitions multiply to too many steps' };
    throw thrown;
  }
  return { instructions: code, groups: parsed.groups, names: parsed.names };
};
