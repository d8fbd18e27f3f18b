/** Matches text against a program in time linear to the text: all ways are walked side by side, none twice. */
import { isWord } from './characters.ts';
import type { Spot } from './pattern.ts';
import type { Program } from './program.ts';

/** Places in the text: of the whole match first, then of each group; undefined for groups that took no part. */
export type Slots = readonly (number | undefined)[];

interface Thread {
  readonly at: number;
  readonly slots: Slots;
}

interface Threads {
  readonly list: Thread[];
  /** Which instruction stands in the list already, by the step it was put there. */
  readonly seen: Uint32Array;
}

const isWordAt = (text: string, at: number): boolean => at >= 0 && at < text.length && isWord(text.charCodeAt(at));

const standsAt = (spot: Spot, text: string, at: number): boolean => {
  if (spot === 'start') return at === 0;
  if (spot === 'end') return at === text.length;
  const edge = isWordAt(text, at - 1) !== isWordAt(text, at);
  return spot === 'edge' ? edge : !edge;
};

const withSlot = (slots: Slots, slot: number, at: number): Slots => {
  const changed = [...slots];
  changed[slot] = at;
  return changed;
};

/** Follows all ways that read no character, the liked ones first; answers how many instructions that took. */
const enter = (program: Program, threads: Threads, start: Thread, text: string, at: number, step: number): number => {
  const waiting = [start];
  let visited = 0;
  for (let thread = waiting.pop(); thread; thread = waiting.pop()) {
    const { at: place, slots } = thread;
    if (threads.seen[place] === step) continue;
    threads.seen[place] = step;
    visited++;
    const instruction = program.instructions[place];
    if (!instruction) continue;
    switch (instruction.kind) {
      case 'jump':
        waiting.push({ at: instruction.to, slots });
        break;
      case 'split':
        waiting.push({ at: instruction.second, slots }, { at: instruction.first, slots });
        break;
      case 'save':
        waiting.push({ at: place + 1, slots: withSlot(slots, instruction.slot, at) });
        break;
      case 'spot':
        if (standsAt(instruction.spot, text, at)) waiting.push({ at: place + 1, slots });
        break;
      case 'character':
      case 'match':
        threads.list.push(thread);
    }
  }
  return visited;
};

/** The leftmost match at or behind `from`, by the likings of Perl; `spend` is told the work of each character. */
export const firstMatch = (
  program: Program,
  text: string,
  from: number,
  spend: (steps: number) => void,
): Slots | undefined => {
  const size = program.instructions.length;
  let now: Threads = { list: [], seen: new Uint32Array(size) };
  let next: Threads = { list: [], seen: new Uint32Array(size) };
  let found: Slots | undefined;
  for (let at = from, step = 1; at <= text.length; step++) {
    let work = now.list.length;
    if (!found) work += enter(program, now, { at: 0, slots: [] }, text, at, step);
    if (now.list.length === 0 && found) break;
    const code = text.codePointAt(at);
    const after = at + (code !== undefined && code > 0xff_ff ? 2 : 1);
    for (const { at: place, slots } of now.list) {
      const instruction = program.instructions[place];
      if (instruction?.kind === 'match') {
        found = slots;
        break;
      }
      if (instruction?.kind === 'character' && code !== undefined && instruction.test(code))
        work += enter(program, next, { at: place + 1, slots }, text, after, step + 1);
    }
    spend(1 + (work >> 3));
    now.list.length = 0;
    [now, next] = [next, now];
    at = after;
  }
  return found;
};
