/** Has a connection plan its prepared statements anew now and then: a plan that was made while the tables were small is kept, and may read all of them when they are not small any more. */

/** After so many statements, then after four times as many each time; ANALYZE asks for new plans by itself. */
const first = 64;
const factor = 4;

export const replanning = 'discard plans';

/** Answers whether what comes next should be planned anew. */
export const openReplan = (): (() => boolean) => {
  let asked = 0;
  let next = first;
  return () => {
    asked++;
    if (asked < next) return false;
    next *= factor;
    return true;
  };
};
