/** Who somebody is, by password and second factor; refusals never say which of the two was wrong, nor whether there is such an account. */
import type { Database } from '../store/database.ts';
import type { Transaction } from '../store/pool.ts';
import { noTenant, type Account, type Directory } from './accounts.ts';
import type { LockOut } from './lock-out.ts';
import { hashPassword, passwordFault } from './passwords.ts';
import type { Enrolment, FactorState, SecondFactor } from './second-factor.ts';

export interface SignInService {
  readonly byPassword: (
    username: string,
    password: string,
    code: string | undefined,
    address: string,
  ) => Promise<Account | 'incomplete' | undefined>;
  /** A second factor that this account must have, and has not yet. */
  readonly mustEnrol: (account: Account) => boolean;
  readonly factor: (account: Account) => Promise<FactorState>;
  readonly byCode: (account: Account, code: string, address: string) => Promise<boolean>;
  readonly byRecoveryCode: (account: Account, code: string, address: string) => Promise<boolean>;
  readonly propose: () => Uint8Array;
  readonly enrol: (account: Account, secret: Uint8Array, code: string) => Promise<Enrolment | undefined>;
  readonly newRecovery: (account: Account) => Promise<readonly string[]>;
  /** What is wrong with it; undefined when it was changed. */
  readonly changePassword: (
    account: Account,
    current: string,
    next: string,
    address: string,
  ) => Promise<string | undefined>;
}

export interface SignInNeeds {
  readonly database: Database;
  readonly directory: Directory;
  readonly lock: LockOut;
  readonly factors: SecondFactor;
  readonly random: (bytes: number) => Uint8Array;
  /** Whether all but patients must have a second factor. */
  readonly staffNeedsFactor: boolean;
}

export const openSignIn = ({
  database,
  directory,
  lock,
  factors,
  random,
  staffNeedsFactor,
}: SignInNeeds): SignInService => {
  const inOne = <T>(work: (transaction: Transaction) => Promise<T>): Promise<T> =>
    database.transactions.transaction(noTenant, work);

  /** Codes are six digits: guesses at them count as guesses at the password do. */
  const guess = (
    account: Account,
    address: string,
    check: (transaction: Transaction) => Promise<boolean>,
  ): Promise<boolean> =>
    inOne(async (transaction) => {
      if (await lock.isLocked(transaction, account.username, address)) return false;
      const isRight = await check(transaction);
      if (isRight) await lock.succeeded(transaction, account.username);
      else await lock.failed(transaction, account.username, address);
      return isRight;
    });

  const byCode: SignInService['byCode'] = (account, code, address) =>
    guess(account, address, (transaction) => factors.check(transaction, account.id, code));

  const mustEnrol = ({ demo, hasTotp, roles }: Account): boolean =>
    staffNeedsFactor && !demo && !hasTotp && roles.some((role) => role !== 'patient');

  return {
    byCode,
    mustEnrol,
    byPassword: async (username, password, code, address) => {
      const account = await directory.signIn(username, password, address);
      if (!account) return undefined;
      if (mustEnrol(account)) return 'incomplete';
      if (!account.hasTotp) return account;
      return (await byCode(account, code ?? '', address)) ? account : undefined;
    },
    factor: ({ id }) => inOne((transaction) => factors.state(transaction, id)),
    byRecoveryCode: (account, code, address) =>
      guess(account, address, (transaction) => factors.checkRecovery(transaction, account.id, code)),
    propose: factors.propose,
    enrol: ({ id }, secret, code) => inOne((transaction) => factors.enrol(transaction, id, secret, code)),
    newRecovery: ({ id }) => inOne((transaction) => factors.newRecovery(transaction, id)),
    changePassword: async (account, current, next, address) => {
      if (!(await directory.signIn(account.username, current, address))) return 'The current password is not right.';
      const fault = passwordFault(next, account.username);
      if (fault !== undefined) return fault;
      if (next === current) return 'The new password is the old one.';
      const hash = await hashPassword(next, random);
      await inOne(({ query }) => query('update account set password = $2 where id::text = $1', [account.id, hash]));
      return undefined;
    },
  };
};
