/** What one search may read through outside of the index: so many resources, so long, and never so that others have to wait for it. */
import { setImmediate as others } from 'node:timers/promises';
import { tooCostly, tooMuch } from '../../outcome/outcome.ts';

export const mostLookedThrough = 50_000;

/** Of what refers to one resource, all is read at once. */
export const mostReferring = 2_000;

/** So long nobody else is answered. */
const longestStepMs = 10;

export interface Budget {
  readonly spend: (resources: number) => void;
  /** Lets others go on. */
  readonly rest: () => Promise<void>;
}

export const openBudget = ({ clock, mostMs }: { readonly clock: () => number; readonly mostMs: number }): Budget => {
  const until = clock() + mostMs;
  let step = clock();
  let left = mostLookedThrough;
  return {
    spend: (resources) => {
      left -= resources;
      if (left < 0)
        throw tooMuch(
          `${mostLookedThrough} resources were read through and more would have to be: narrow the search by another parameter`,
        );
    },
    rest: async () => {
      const now = clock();
      if (now > until) throw tooCostly('this ran past its time limit and was stopped: narrow the search');
      if (now - step < longestStepMs) return;
      await others();
      step = clock();
    },
  };
};
