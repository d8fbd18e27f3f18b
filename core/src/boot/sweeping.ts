/** Takes away, at the start and from time to time, what nobody will ask for any more; of every tenant, and beside whoever does the same. */
import { noTenant } from '../identity/accounts.ts';
import type { Log } from '../observe/log.ts';
import type { Database } from '../store/database.ts';
import { sweepDeferred } from '../store/deferred.ts';

/** Of one tenant. */
export type Sweep = (tenant: number) => Promise<void>;

/** Answers to requests that were answered later. */
export const sweepAnswers =
  ({ bulk }: Database): Sweep =>
  (tenant) =>
    sweepDeferred((statement, values) => bulk.run(tenant, statement, values));

const everyMs = 600_000;

export const openSweeping = (
  { transactions }: Database,
  sweeps: readonly Sweep[],
  log: Log,
): { readonly close: () => Promise<void> } => {
  const tenants = (): Promise<{ id: number }[]> =>
    transactions.transaction(noTenant, ({ query }) => query<{ id: number }>('select id from tenant'));
  let sweeping: Promise<void> | undefined;
  const sweepAll = async (): Promise<void> => {
    try {
      for (const { id } of await tenants()) for (const sweep of sweeps) await sweep(id);
    } catch (thrown) {
      log.warn({ err: thrown }, 'what is out of date could not be taken away; it is tried again later');
    }
  };
  const begin = (): void => {
    sweeping ??= sweepAll().finally(() => (sweeping = undefined));
  };
  begin();
  const timer = setInterval(begin, everyMs);
  timer.unref();
  return {
    close: async () => {
      clearInterval(timer);
      await sweeping;
    },
  };
};
