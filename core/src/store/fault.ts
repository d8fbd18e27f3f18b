/** Turns what the database or its connection threw into an Outcome; says "unknown" where a write may have happened and never guesses. */
import { Outcome, outcomeUnknown, tooCostly, unavailable, unexpected } from '../outcome/outcome.ts';

const codeOf = (thrown: unknown): string => (thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '');

const severityOf = (thrown: unknown): string =>
  thrown instanceof Error && 'severity' in thrown ? String(thrown.severity) : '';

/** The server answered with an error of this statement: the session goes on, and what the statement did is undone. */
export const isAnswer = (thrown: unknown): boolean => severityOf(thrown) === 'ERROR';

const full = new Set(['53100', '58030']);
const busy = new Set(['53000', '53200', '53300', '53400', '57P03', '25006', '55P03', '40001', '40P01']);

export const isDiskFull = (thrown: unknown): boolean => full.has(codeOf(thrown));

/** Deadlock, serialization, an id that somebody else took at the same moment. */
const meetings = new Set(['40P01', '40001', '23505']);

/** The transaction was undone because it met another; the same work may succeed now. */
export const isRetryable = (thrown: unknown): boolean =>
  thrown instanceof Outcome && meetings.has(codeOf(thrown.cause));

/** `sent`: the statement was given to the connection. `writes`: it may have changed something by itself. */
export const faultOf = (
  thrown: unknown,
  { sent, writes }: { readonly sent: boolean; readonly writes: boolean },
): Outcome => {
  if (thrown instanceof Outcome) return thrown;
  const code = codeOf(thrown);
  if (isAnswer(thrown)) {
    if (full.has(code)) return unavailable('the database has no room to write; nothing was changed', 5, thrown);
    if (busy.has(code))
      return unavailable('the database is busy or takes no writes at the moment; nothing was changed', 1, thrown);
    if (code === '57014') return tooCostly('this ran past its time limit and was stopped; nothing was changed', thrown);
    return unexpected(thrown);
  }
  return sent && writes
    ? outcomeUnknown(thrown)
    : unavailable('the database cannot be reached; nothing was changed', 1, thrown);
};
