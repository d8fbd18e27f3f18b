/** Every verb of the kernel. A new one is a file beside these and a row here; how HTTP asks for it is a row in fhir/request-table.ts. */
import { batch } from './batch.ts';
import { capabilities } from './capabilities.ts';
import { create } from './create.ts';
import { deferredCancel, deferredRead } from './deferred.ts';
import { historyInstance, historySystem, historyType } from './history.ts';
import { operation } from './operation.ts';
import { patch } from './patch.ts';
import { read } from './read.ts';
import { remove } from './remove.ts';
import { searchCompartment, searchSystem, searchType } from './search.ts';
import { transaction } from './transaction.ts';
import { update } from './update.ts';
import { vread } from './vread.ts';
import type { Verb } from './kernel.ts';

export const verbs: readonly Verb[] = [
  ...[capabilities, read, vread, create, update, patch, remove],
  ...[searchType, searchSystem, searchCompartment, historyInstance, historyType, historySystem],
  ...[batch, transaction, operation],
  ...[deferredRead, deferredCancel],
];
