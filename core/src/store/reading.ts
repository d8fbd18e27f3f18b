/** The reads of a unit that are the same for each step by itself and for all steps of a transaction. */
import { findHistory } from './history.ts';
import { findMany, findVersion, valuesOf } from './resources.ts';
import type { Run, Statement } from './statement.ts';
import type { Unit } from './unit.ts';

/** Runs what may take its time, until the caller hangs up. */
type LongRun = <Row extends object>(
  statement: Statement,
  values: readonly unknown[],
  signal?: AbortSignal,
) => Promise<Row[]>;

export const reading = (run: Run, long: LongRun): Pick<Unit, 'all' | 'version' | 'history' | 'values'> => ({
  all: (targets) => findMany(run, targets),
  version: (type, id, version) => findVersion(run, type, id, version),
  history: (asked, signal) => findHistory((statement, values) => long(statement, values, signal), asked),
  values: (rids, keys) => valuesOf(run, rids, keys),
});
