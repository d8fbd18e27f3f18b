/** The job that brings a tenant's own search parameters to where they are wanted. */
import type { Caller } from '../fhir/interaction.ts';
import { addJob, type JobTask, type NewJob } from '../jobs/job.ts';
import { bringForward, leavingMs } from '../store/own-passes.ts';
import type { Kernel } from './kernel.ts';

const name = 'own-parameters';

/** It waits for others, and what it was asked for stays wanted: with growing pauses these last for days. */
const attempts = 25;

export const bringOwn = (caller: Caller): NewJob => ({ task: name, caller, about: {}, attempts, key: name });

export const ownTask = ({ store, now }: Pick<Kernel, 'store' | 'now'>): JobTask => ({
  name,
  run: async ({ caller, signal }) => {
    const { tenant } = caller;
    const more = await bringForward({ database: store.database, generations: store.generations, tenant, signal });
    if (!more) return;
    // Under a key of its own: what is wanted at once does not wait for this.
    const later = { ...bringOwn(caller), key: `${name} later`, notBefore: now() + leavingMs };
    await store.transaction(tenant, ({ run }) => addJob({ run }, later));
  },
});
