/** Does what somebody asked to be answered later, as them, through the line; keeps the answer or the refusal. */
import { parseBody } from '../fhir/body.ts';
import { bundleText, entryText } from '../fhir/bundle-text.ts';
import type { Answer, Interaction } from '../fhir/interaction.ts';
import type { JobContext, JobTask } from '../jobs/job.ts';
import type { Log } from '../observe/log.ts';
import { asOutcome, unexpected, type Outcome } from '../outcome/outcome.ts';
import { beginDeferred, findDeferred, finishDeferred, noteProgress, type Deferred } from '../store/deferred.ts';
import { deferredBatch } from './deferred-batch.ts';
import { askedOf, deferredTask, deferredTopic, type KeptRequest } from './deferred.ts';
import { entryAnswer } from './entry-answer.ts';
import type { Kernel, Perform } from './kernel.ts';

const interactionOf = ({ query, body, ...kept }: KeptRequest, job: JobContext, signal: AbortSignal): Interaction => ({
  ...kept,
  ...(body === undefined ? {} : { body: parseBody(body) }),
  ...{ query: new URLSearchParams(query), caller: job.caller, signal },
});

/** The form is chosen by who fetches the answer. */
const whole = { method: 'GET', query: new URLSearchParams() } as const;

/** R5 async-bundle.html, which R4 leaves open: what came of one interaction is the one entry of a batch-response. */
const inBundle = (kernel: Kernel, answer: Answer): string =>
  bundleText({ type: 'batch-response' }, [
    'text' in answer
      ? entryText({ resource: answer.text, response: '{"status":"200 OK"}' })
      : entryAnswer(kernel, whole, answer, undefined),
  ]);

/** Progress is written so often at most. */
const noteEveryMs = 500;

const isPassing = ({ status }: Outcome): boolean => status >= 500 || status === 429 || status === 409 || status === 499;

export interface DeferredNeeds {
  readonly kernel: Kernel;
  readonly perform: Perform;
  readonly log: Log;
}

export const answerLater = ({ kernel, perform, log }: DeferredNeeds): JobTask => {
  const { store, now } = kernel;
  const { database } = store;
  const here = new Map<string, { readonly tenant: number; readonly controller: AbortController }>();

  const there = async (tenant: number, id: string): Promise<boolean> =>
    (await findDeferred((statement, values) => database.read.run(tenant, statement, values), id)) !== undefined;

  const look = async (): Promise<void> => {
    for (const [id, { tenant, controller }] of here) if (!(await there(tenant, id))) controller.abort();
  };

  const answerTo = async (deferred: Deferred, job: JobContext, signal: AbortSignal): Promise<string> => {
    const { id } = deferred;
    const kept = JSON.parse(await askedOf(kernel, job.caller, deferred)) as KeptRequest;
    const interaction = interactionOf(kept, job, signal);
    const { body } = interaction;
    if (kept.verb !== 'batch' || !body) return inBundle(kernel, await perform(interaction));
    let noted = now();
    const onProgress = (done: number, of: number): void => {
      if (now() - noted < noteEveryMs) return;
      noted = now();
      const text = `${done} of ${of} entries`;
      noteProgress((statement, values) => database.write.run(job.caller.tenant, statement, values), id, text).catch(
        (thrown: unknown) => job.log.debug({ err: thrown }, 'progress could not be noted'),
      );
    };
    return deferredBatch({ kernel, perform, id, interaction, body, onProgress });
  };

  const finish = async (job: JobContext, id: string, status: number, answer: string): Promise<void> => {
    const { keepSeconds } = kernel.deferred;
    const takenBack = new RangeError('taken back');
    try {
      await store.transaction(job.caller.tenant, async ({ run }) => {
        if (!(await finishDeferred(run, { id, status, answer, keepSeconds }))) throw takenBack;
      });
    } catch (thrown) {
      if (thrown !== takenBack) throw thrown;
    }
  };

  const run = async (job: JobContext): Promise<void> => {
    const id = String(job.about['id']);
    const { tenant } = job.caller;
    const begun = await store.transaction(tenant, (unit) => beginDeferred(unit.run, id));
    if (!begun) return;
    const controller = new AbortController();
    here.set(id, { tenant, controller });
    try {
      await finish(job, id, 200, await answerTo(begun, job, AbortSignal.any([job.signal, controller.signal])));
    } catch (thrown) {
      if (!(await there(tenant, id))) return;
      const outcome = asOutcome(thrown);
      if (isPassing(outcome) && !job.last) throw thrown;
      // What nobody foresaw is told without its cause, which the log holds.
      if (outcome.status >= 500) job.log.error({ err: outcome.cause ?? outcome }, 'a deferred request failed');
      const told = outcome.status === 499 ? unexpected(thrown) : outcome;
      await finish(job, id, told.status, JSON.stringify(told.resource));
    } finally {
      here.delete(id);
    }
  };

  database.listening.on(deferredTopic, () => {
    // Whoever is not heard of goes on to its end, and its answer is not kept.
    look().catch((thrown: unknown) => log.warn({ err: thrown }, 'what was taken back could not be looked for'));
  });
  return { name: deferredTask, run };
};
