/** Expects a promise to be refused with one Outcome, and hands it back. */
import { expect } from 'chai';
import { Outcome } from '../src/outcome/outcome.ts';

export const refused = async (work: Promise<unknown>, status: number, words?: RegExp): Promise<Outcome> => {
  try {
    await work;
  } catch (thrown) {
    if (!(thrown instanceof Outcome)) throw thrown;
    expect(thrown.status, thrown.message).to.equal(status);
    if (words) expect(thrown.message).to.match(words);
    return thrown;
  }
  expect.fail('it was not refused');
};
