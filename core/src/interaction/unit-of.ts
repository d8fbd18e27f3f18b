/** The unit of work in which an interaction reads and writes, as its caller may use it: the one that it is part of, or one of its own. The only door of verbs to what is stored. */
import type { Caller } from '../fhir/interaction.ts';
import type { TransactionUnit, Unit } from '../store/unit.ts';
import type { Kernel, Within } from './kernel.ts';
import { seenTransaction, seenUnit } from './seen-unit.ts';

export const unitOf = (kernel: Kernel, caller: Caller, within: Within | undefined): Unit =>
  seenUnit(kernel, caller, within?.unit ?? kernel.store.single(caller.tenant));

/** ValueSets and CodeSystems are no record of anybody: whoever may search by them may use them, whatever he may read. */
export const definitionsOf = (
  { store }: Kernel,
  { tenant }: Caller,
  within: Within | undefined,
): Pick<Unit, 'find' | 'search'> => within?.unit ?? store.single(tenant);

export const transactionOf = (kernel: Kernel, caller: Caller, { transaction }: Required<Within>): TransactionUnit =>
  seenTransaction(kernel, caller, transaction);
