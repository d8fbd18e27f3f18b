/** Counts what answering one query costs, in characters of the answer and milliseconds of FHIRPath, and stops what costs too much. */
import type { Outcome } from '../../outcome/outcome.ts';
import { overLimit } from './answer.ts';

export const longestAnswer = 20_000_000;
const mostFhirpathMs = 1_000;

export interface Meter {
  readonly spend: (characters: number) => void;
  readonly timed: <T>(work: () => T) => T;
  /** Why the whole query is broken off. */
  readonly over: () => Outcome | undefined;
  readonly stop: (why: Outcome) => Outcome;
}

/** `stopwatch`: seconds since an arbitrary start. */
export const openMeter = (stopwatch: () => number): Meter => {
  let spent = 0;
  let fhirpathMs = 0;
  let why: Outcome | undefined;
  const stop = (reason: Outcome): Outcome => (why ??= reason);
  return {
    stop,
    over: () => why,
    spend: (characters) => {
      if (why) throw why;
      spent += characters;
      if (spent > longestAnswer)
        throw stop(overLimit(`the answer would be longer than ${longestAnswer} characters: ask for less at a time`));
    },
    timed: (work) => {
      if (why) throw why;
      const from = stopwatch();
      try {
        return work();
      } finally {
        fhirpathMs += (stopwatch() - from) * 1_000;
        if (fhirpathMs > mostFhirpathMs)
          stop(overLimit('the FHIRPath of the query takes too long on what it is asked of'));
      }
    },
  };
};
