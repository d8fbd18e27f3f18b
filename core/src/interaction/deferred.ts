/** Requests that are answered later, as `Prefer: respond-async` asks: taken in, asked after and taken back; only by whoever sent them. */
import type { Answer, Caller, Interaction } from '../fhir/interaction.ts';
import { addJob, isWanted, removeJob } from '../jobs/job.ts';
import { forbidden, notFound, Outcome, throttled, unexpected, type OperationOutcome } from '../outcome/outcome.ts';
import { contentReader } from '../store/contents.ts';
import { addDeferred, countWaiting, findDeferred, removeDeferred, type Deferred } from '../store/deferred.ts';
import type { Run } from '../store/statement.ts';
import { idIn } from './given.ts';
import type { Kernel, Verb } from './kernel.ts';

export const deferredTask = 'fhir.answer-later';

/** Heard by every process: what runs there for a request that is gone is broken off. */
export const deferredTopic = 'deferred taken back';

const later = new Set([
  'search-type',
  'search-system',
  'search-compartment',
  'history-instance',
  'history-type',
  'history-system',
  'batch',
]);

/** What changes nothing, and batches, whose entries are each done once however often the job begins. */
export const isDeferrable = ({ verb }: Interaction, takes: string): boolean =>
  later.has(verb) || (verb === 'operation' && takes === 'nothing');

/** What is kept of a request: all that decides what comes of it, and nothing of how it came. */
export type KeptRequest = Pick<Interaction, 'verb' | 'type' | 'id' | 'name' | 'handling' | 'returning'> & {
  readonly query: string;
  readonly body?: string;
};

const keptOf = ({ verb, type, id, name, handling, returning, query, body }: Interaction): KeptRequest => ({
  ...{ verb, query: query?.toString() ?? '' },
  ...(type === undefined ? {} : { type }),
  ...(id === undefined ? {} : { id }),
  ...(name === undefined ? {} : { name }),
  ...(handling ? { handling } : {}),
  ...(returning ? { returning } : {}),
  ...(body ? { body: body.text } : {}),
});

const said = (diagnostics: string): OperationOutcome => ({
  resourceType: 'OperationOutcome',
  issue: [{ severity: 'information', code: 'informational', diagnostics }],
});

/** It may be killed each time by what it does: the fifth time is the last. */
const attempts = 5;

const retryAfter = 2;

/** Takes the request in and says where its answer will be. `shape`: what the answer's address says of its form. */
export const defer = async (kernel: Kernel, interaction: Interaction, shape: URLSearchParams): Promise<Answer> => {
  const { caller, verb, type } = interaction;
  const { keepSeconds, mostWaiting } = kernel.deferred;
  // Judged again when it runs; what is refused already need not wait for that.
  const decision = kernel.roles.judge(caller, verb, type);
  if (!decision.permitted) throw forbidden(decision.reason);
  const id = kernel.ids();
  await kernel.store.transaction(caller.tenant, async ({ run }) => {
    if ((await countWaiting(run, caller.subject)) >= mostWaiting)
      throw throttled(`${mostWaiting} of your requests wait for their answers already: wait for some of them`, 10);
    const request = JSON.stringify(keptOf(interaction));
    await addDeferred(run, { id, subject: caller.subject, keepSeconds, request });
    await addJob({ run }, { task: deferredTask, caller, about: { id }, key: id, attempts });
  });
  const query = shape.size === 0 ? '' : `?${shape.toString()}`;
  return {
    status: 202,
    made: said('the answer will be at the address that Content-Location names'),
    headers: {
      'Content-Location': `${kernel.publicUrl}/fhir/$async-status/${id}${query}`,
      'Retry-After': String(retryAfter),
      'Preference-Applied': 'respond-async',
    },
  };
};

const running =
  ({ store }: Kernel, { tenant }: Caller): Run =>
  (statement, values) =>
    store.database.read.run(tenant, statement, values);

/** That it is there is told to nobody else. */
const mine = async (kernel: Kernel, interaction: Interaction): Promise<Deferred> => {
  const { caller } = interaction;
  const found = await findDeferred(running(kernel, caller), idIn(interaction));
  if (!found || found.subject !== caller.subject) throw notFound('this request');
  return found;
};

const textAt = async (kernel: Kernel, { tenant }: Caller, number: number, size: number): Promise<string> => {
  const { read, searches } = kernel.store.database;
  const { read: pieces } = contentReader(
    (statement, values) => read.run(tenant, statement, values),
    (statement, values) => searches.run(tenant, statement, values),
  );
  return Buffer.concat(await Array.fromAsync(pieces({ number, size }, 0, size))).toString('utf8');
};

export const askedOf = (kernel: Kernel, caller: Caller, { asked, askedSize }: Deferred): Promise<string> =>
  textAt(kernel, caller, asked, askedSize);

const unanswered = async (kernel: Kernel, caller: Caller, { id, progress, state }: Deferred): Promise<Answer> => {
  // A process that dies of it each time leaves nobody to say so.
  if (!(await isWanted(kernel.store.database.jobs, { caller, key: id }))) {
    // It may have been done in between.
    const again = await findDeferred(running(kernel, caller), id);
    if (again && again.status === null) throw unexpected(new RangeError('the job of a deferred request was given up'));
  }
  const told = progress ?? (state === 'running' ? 'running' : 'waiting for its turn');
  return { status: 202, made: said(told), headers: { 'X-Progress': told, 'Retry-After': String(retryAfter) } };
};

export const deferredRead: Verb = {
  name: 'deferred-read',
  run: async (kernel, interaction) => {
    const { caller } = interaction;
    const found = await mine(kernel, interaction);
    if (found.status === null || found.answer === null) return unanswered(kernel, caller, found);
    const text = await textAt(kernel, caller, found.answer, found.answerSize ?? 0);
    const headers = { Expires: new Date(found.expires).toUTCString() };
    if (found.status < 400) return { status: 200, text, headers };
    throw new Outcome(found.status, (JSON.parse(text) as OperationOutcome).issue, headers);
  },
};

export const deferredCancel: Verb = {
  name: 'deferred-cancel',
  run: async (kernel, interaction) => {
    const { caller } = interaction;
    const { id } = await mine(kernel, interaction);
    await kernel.store.transaction(caller.tenant, async ({ run }) => {
      await removeJob({ run }, { caller, key: id });
      await removeDeferred(run, id);
    });
    await kernel.store.database.listening.announce(deferredTopic);
    return { status: 202, made: said('the request was taken back, and its answer is forgotten') };
  },
};
