/** Slows down guessing: after some failures an account and an address wait longer each time; unknown names are counted like known ones, and nothing typed is kept. */
import type { Transaction } from '../store/pool.ts';
import { hashOf } from './bearer-hash.ts';

export interface LockOutSettings {
  /** Failures in a row that an account is forgiven. */
  readonly after: number;
  /** A hospital shares an address: it is forgiven more. */
  readonly addressAfter: number;
  readonly longestSeconds: number;
}

interface Count {
  readonly key: string;
  readonly forgiven: number;
}

const countsOf = (username: string, address: string, settings: LockOutSettings): Count[] => [
  { key: hashOf(`account ${username.toLowerCase()}`), forgiven: settings.after },
  ...(address === '' ? [] : [{ key: hashOf(`address ${address}`), forgiven: settings.addressAfter }]),
];

export interface LockOut {
  readonly isLocked: (transaction: Transaction, username: string, address: string) => Promise<boolean>;
  readonly failed: (transaction: Transaction, username: string, address: string) => Promise<void>;
  readonly succeeded: (transaction: Transaction, username: string) => Promise<void>;
}

export const lockOut = (settings: LockOutSettings): LockOut => ({
  isLocked: async ({ query }, username, address) => {
    const keys = countsOf(username, address, settings).map(({ key }) => key);
    const rows = await query('select 1 from sign_in_failure where key = any($1) and until > now()', [keys]);
    return rows.length > 0;
  },
  failed: async ({ query }, username, address) => {
    for (const { key, forgiven } of countsOf(username, address, settings))
      // Doubles from one second on. Half a day without a failure forgives all.
      await query(
        `insert into sign_in_failure as f (key, count, last, until)
         values ($1, 1, now(), case when 1 > $2 then now() + interval '1 second' else now() end)
         on conflict (key) do update set
           count = case when f.last < now() - interval '12 hours' then 1 else f.count + 1 end,
           last = now(),
           until = case when f.last >= now() - interval '12 hours' and f.count + 1 > $2
             then now() + make_interval(secs => least(power(2, least(f.count - $2, 30)), $3)) else now() end`,
        [key, forgiven, settings.longestSeconds],
      );
  },
  succeeded: async ({ query }, username) => {
    await query('delete from sign_in_failure where key = $1', [hashOf(`account ${username.toLowerCase()}`)]);
  },
});
