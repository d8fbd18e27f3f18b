/** What a job is: a task by name, who it runs for, and names of what it is about; refuses anything that could be content. */
import { z } from 'zod';
import type { Answer, Caller, Interaction } from '../fhir/interaction.ts';
import type { Log } from '../observe/log.ts';
import { defineKind } from '../registry/registry.ts';
import type { Pool } from '../store/pool.ts';
import { asks, type Run } from '../store/statement.ts';

/** Ids, addresses without a query, numbers: everybody who may look at the queue may read them. */
const name = z.string().regex(/^[\w$./:|+-]{1,200}$/);
const about = z.record(name, z.union([name, z.number(), z.boolean()]));

const caller = z.strictObject({
  tenant: z.number().int(),
  tenantName: z.string(),
  subject: z.string(),
  kind: z.enum(['user', 'client', 'nobody']),
  roles: z.array(z.string()),
  // What narrows a caller narrows his jobs.
  client: z.string().optional(),
  session: z.string().optional(),
  fhirUser: z.strictObject({ type: z.string(), id: z.string() }).optional(),
  scopes: z.array(z.string()).optional(),
  launch: z.strictObject({ patient: z.string().optional(), encounter: z.string().optional() }).optional(),
});

export const payload = z.strictObject({ caller, about });

export type About = Readonly<z.infer<typeof about>>;

/** What a task is given; there is no way to data but as the job's caller. */
export interface JobContext {
  readonly caller: Caller;
  readonly about: About;
  /** From 1. */
  readonly attempt: number;
  /** Nobody tries again behind this one. */
  readonly last: boolean;
  /** Fires when the process stops or has lost the job. */
  readonly signal: AbortSignal;
  readonly perform: (interaction: Omit<Interaction, 'caller' | 'signal'>) => Promise<Answer>;
  readonly log: Log;
}

export interface JobTask {
  readonly name: string;
  /** May run more than once: a process can die between the work and the note that it was done. */
  readonly run: (job: JobContext) => Promise<void>;
}

export const jobKind = defineKind<JobTask>('job');

export interface NewJob {
  readonly task: string;
  readonly caller: Caller;
  readonly about: About;
  /** There is one job of a key at a time; a second one takes the place of the first that has not begun. */
  readonly key?: string;
  /** Milliseconds since 1970. */
  readonly notBefore?: number;
  readonly attempts?: number;
}

/** Ten tries with growing pauses last about seven hours. */
const usualAttempts = 10;

const add = asks(
  'jobs.add',
  `select (graphile_worker.add_job($2::text, $3::json, null, to_timestamp($4::float8 / 1000), $5::int4, $6::text)).id::text as id
    where $1::int4 is not null`,
);

const remove = asks('jobs.remove', 'select graphile_worker.remove_job($2::text) where $1::int4 is not null');

/** Keys are the whole queue's: each tenant has its own. */
const keyOf = ({ caller: { tenant } }: Pick<NewJob, 'caller'>, key: string): string => `${tenant} ${key}`;

/** In the transaction that asks for it: without its commit there is no job. */
export const addJob = async ({ run }: { readonly run: Run }, job: NewJob): Promise<void> => {
  const { task, key, notBefore, attempts = usualAttempts } = job;
  const content = payload.parse({ caller: job.caller, about: job.about });
  await run(add, [
    ...[task, JSON.stringify(content), notBefore ?? null, attempts],
    key === undefined ? null : keyOf(job, key),
  ]);
};

interface OfKey {
  readonly caller: Caller;
  readonly key: string;
}

/** What has not begun never will; what runs is not tried again. */
export const removeJob = async ({ run }: { readonly run: Run }, { caller: whose, key }: OfKey): Promise<void> => {
  await run(remove, [keyOf({ caller: whose }, key)]);
};

const wanted = `select exists (
  select 1 from graphile_worker._private_jobs j where j.key = $1 and (j.attempts < j.max_attempts or j.locked_at is not null)) as there`;

/** Whether somebody does the job of this key, or will. */
export const isWanted = async (
  { transaction }: Pick<Pool, 'transaction'>,
  { caller: whose, key }: OfKey,
): Promise<boolean> => {
  const [row] = await transaction(whose.tenant, ({ query }) =>
    query<{ there: boolean }>(wanted, [keyOf({ caller: whose }, key)]),
  );
  return row?.there ?? false;
};
