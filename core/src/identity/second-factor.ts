/** Second factors of accounts: one-time codes and, for a lost phone, twelve recovery codes in their order; each is good once. */
import type { Transaction } from '../store/pool.ts';
import { stepOf } from './totp.ts';
import type { Vault } from './vault.ts';

export interface FactorState {
  readonly enrolled: boolean;
  /** Counted from one; undefined when none is left. */
  readonly nextRecovery: number | undefined;
}

export interface Enrolment {
  readonly secret: Uint8Array;
  readonly recovery: readonly string[];
}

export interface SecondFactor {
  readonly state: (transaction: Transaction, account: string) => Promise<FactorState>;
  /** Uses up a good code. */
  readonly check: (transaction: Transaction, account: string, code: string) => Promise<boolean>;
  readonly checkRecovery: (transaction: Transaction, account: string, code: string) => Promise<boolean>;
  readonly propose: () => Uint8Array;
  /** Undefined when the code does not prove the secret. The recovery codes are shown once. */
  readonly enrol: (
    transaction: Transaction,
    account: string,
    secret: Uint8Array,
    code: string,
  ) => Promise<Enrolment | undefined>;
  readonly newRecovery: (transaction: Transaction, account: string) => Promise<readonly string[]>;
  readonly remove: (transaction: Transaction, account: string) => Promise<void>;
}

interface Row {
  readonly factor_key: string | null;
  readonly totp: Buffer | null;
  readonly totp_step: string;
  readonly recovery: readonly string[];
  readonly recovery_used: number;
}

const howMany = 12;
/** Without letters and digits that look alike. Sixty bits a code. */
const letters = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789';

const plain = (code: string): string => code.toUpperCase().replace(/[^A-Z0-9]/g, '');

export const openSecondFactor = (
  vault: Vault,
  now: () => number,
  random: (bytes: number) => Uint8Array,
): SecondFactor => {
  const labelOf = (account: string): string => `totp ${account}`;

  const rowOf = async ({ query }: Transaction, account: string): Promise<Row | undefined> => {
    const [row] = await query<Row>(
      `select factor_key, totp, totp_step, recovery, recovery_used from account where id::text = $1 for update`,
      [account],
    );
    return row;
  };

  const newCodes = (): string[] =>
    Array.from({ length: howMany }, () => {
      const text = [...random(12)].map((byte) => letters[byte % letters.length]).join('');
      return `${text.slice(0, 4)}-${text.slice(4, 8)}-${text.slice(8)}`;
    });

  const keep = async (
    { query }: Transaction,
    account: string,
    key: string,
    codes: readonly string[],
  ): Promise<readonly string[]> => {
    const marks = codes.map((code) => vault.mark(key, `recovery ${account}`, plain(code)));
    await query('update account set recovery = $2, recovery_used = 0 where id::text = $1', [account, marks]);
    return codes;
  };

  return {
    state: async (transaction, account) => {
      const row = await rowOf(transaction, account);
      const left = row && row.recovery_used < row.recovery.length ? row.recovery_used + 1 : undefined;
      return { enrolled: (row?.totp ?? null) !== null, nextRecovery: left };
    },
    check: async (transaction, account, code) => {
      const row = await rowOf(transaction, account);
      if (!row?.totp || row.factor_key === null) return false;
      const secret = vault.open(labelOf(account), { key: row.factor_key, sealed: row.totp });
      const step = secret && stepOf(secret, code, now(), Number(row.totp_step));
      if (step === undefined) return false;
      await transaction.query('update account set totp_step = $2 where id::text = $1', [account, step]);
      return true;
    },
    checkRecovery: async (transaction, account, code) => {
      const row = await rowOf(transaction, account);
      const expected = row?.recovery[row.recovery_used];
      if (!row || expected === undefined || row.factor_key === null) return false;
      if (vault.mark(row.factor_key, `recovery ${account}`, plain(code)) !== expected) return false;
      await transaction.query('update account set recovery_used = recovery_used + 1 where id::text = $1', [account]);
      return true;
    },
    propose: () => random(20),
    enrol: async (transaction, account, secret, code) => {
      const step = stepOf(secret, code, now(), 0);
      if (step === undefined) return undefined;
      const { key, sealed } = vault.seal(labelOf(account), secret);
      await transaction.query('update account set factor_key = $2, totp = $3, totp_step = $4 where id::text = $1', [
        account,
        key,
        sealed,
        step,
      ]);
      return { secret, recovery: await keep(transaction, account, key, newCodes()) };
    },
    newRecovery: async (transaction, account) => {
      const row = await rowOf(transaction, account);
      if (!row || row.factor_key === null) return [];
      return keep(transaction, account, row.factor_key, newCodes());
    },
    remove: async ({ query }, account) => {
      await query(
        `update account set factor_key = null, totp = null, totp_step = 0, recovery = '{}', recovery_used = 0 where id::text = $1`,
        [account],
      );
    },
  };
};
