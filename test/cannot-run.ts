/** Lets a test file say what it cannot run on this machine; the run tells it at its end and counts it neither as passed nor as failed. */

export interface NotRun {
  readonly what: string;
  readonly why: string;
}

const told: NotRun[] = [];

export const notRun = (what: string, why: string): void => {
  told.push({ what, why });
};

/** An `it` for what needs something that not every machine has: `itWhere(hasDocker, 'Docker is not here')('starts…', …)`. */
export const itWhere =
  (possible: boolean, why: string) =>
  (what: string, test: Mocha.AsyncFunc | Mocha.Func): void => {
    if (possible) it(what, test);
    else notRun(what, why);
  };

export const allNotRun = (): readonly NotRun[] => told;
