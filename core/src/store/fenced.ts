/** Writes changes that were indexed by the search parameters of now: older ones are indexed anew, as often as those change meanwhile. */
import { unavailable } from '../outcome/outcome.ts';
import type { Change, Written } from './change.ts';
import type { Statement } from './statement.ts';
import { isOutdated, writeCall, writtenOf, type WriteRow } from './write-statement.ts';

/** Which generation of search parameters a tenant is at. */
export interface Fence {
  readonly generation: (tenant: number) => number;
  readonly renew: (tenant: number) => Promise<void>;
}

type Send = (statement: Statement, values: readonly string[]) => Promise<WriteRow[]>;

const mostTries = 5;

export const writeFenced = async (
  fence: Fence,
  tenant: number,
  changes: readonly Change[],
  whole: boolean,
  send: Send,
): Promise<Written[]> => {
  for (let tries = 0; tries < mostTries; tries++) {
    const generation = fence.generation(tenant);
    const current = changes.map((change) =>
      change.generation === generation ? change : { ...change, ...change.again() },
    );
    const { statement, values } = writeCall(current, whole);
    const rows = await send(statement, values);
    if (!isOutdated(rows)) return writtenOf(current, rows, whole);
    await fence.renew(tenant);
  }
  throw unavailable('the search parameters were changed again and again; nothing was written');
};
