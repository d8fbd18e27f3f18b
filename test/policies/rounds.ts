/** One case after the other: a random request under a random policy, held against the naive model. */
import { ids } from '../conformance/search-pools.ts';
import type { Field } from './field.ts';
import { lookingAt, type Generators } from './looking.ts';
import { writingTo } from './writing.ts';

const roundsOfOnePolicy = 60;
const roundsOfOneWorld = 180;

export const generatorsOf = (field: Field): Generators => ({ ...lookingAt(field), ...writingTo(field) });

export const openRounds = (field: Field): ((round: number) => Promise<void>) => {
  const generators = generatorsOf(field);
  const names = Object.keys(generators);
  const { pick, whole } = field.random;
  return async (round) => {
    if (round % roundsOfOneWorld === 0)
      for (let n = 0; n < 4; n++) await field.put(pick(field.records.types), pick(ids));
    if (round % roundsOfOnePolicy === 0) field.underPolicy();
    const name = pick(names);
    // A whole history is many cases at once.
    const isLong = name.startsWith('history') && whole(5) > 0;
    await generators[isLong ? 'search-type' : name]?.();
  };
};
