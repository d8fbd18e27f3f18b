/** A batch that is answered later: each entry that writes commits together with the note of what came of it, so that a job that begins again does none twice. */
import { readEntries, type EntryRequest } from '../fhir/bundle-entries.ts';
import { bundleText } from '../fhir/bundle-text.ts';
import type { Body } from '../fhir/body.ts';
import type { Interaction } from '../fhir/interaction.ts';
import { asOutcome, forbidden, hungUp, invalid, Outcome } from '../outcome/outcome.ts';
import { noteEntry, notedEntries } from '../store/deferred.ts';
import { entryBody, interactionOf, sharedOf, treeOf } from './bundle-interaction.ts';
import { entryAnswer, entryRefusal } from './entry-answer.ts';
import type { Kernel, Perform, Within } from './kernel.ts';
import { checkReferrers } from './remove.ts';
import { transactionOf } from './unit-of.ts';

const writing = new Set(['create', 'update', 'patch', 'delete']);

/** A refusal is an answer; what may pass is the whole job's to try again. */
const isAnswer = ({ status }: Outcome): boolean => status < 500 && status !== 429 && status !== 499;

export interface DeferredBatch {
  readonly kernel: Kernel;
  readonly perform: Perform;
  readonly id: string;
  readonly interaction: Interaction;
  readonly body: Body;
  readonly onProgress: (done: number, of: number) => void;
}

const written = (batch: DeferredBatch, place: number, entry: Interaction, answerOf: AnswerOf): Promise<string> => {
  const { kernel, perform, id, interaction } = batch;
  const { tenant } = interaction.caller;
  return kernel.store.transaction(tenant, async (unit) => {
    const known = (await notedEntries(unit.run, id)).get(place);
    if (known !== undefined) return known;
    const within: Required<Within> = { unit, transaction: unit, arriving: new Set() };
    const text = answerOf(await perform(entry, within));
    if (entry.verb === 'delete')
      await checkReferrers(kernel, interaction.caller, transactionOf(kernel, interaction.caller, within));
    if (!(await noteEntry(unit.run, id, place, text))) throw hungUp();
    return text;
  });
};

type AnswerOf = (answer: Awaited<ReturnType<Perform>>) => string;

const answered = async (batch: DeferredBatch, entry: EntryRequest): Promise<string> => {
  const { kernel, perform, interaction, body } = batch;
  if (entry.verb === 'bundle') throw invalid('Bundle.entry.request', 'a bundle cannot stand in a bundle');
  const exact = body.exact !== undefined;
  const asked = interactionOf(entry, sharedOf(interaction), entry.resource && entryBody(entry.resource, exact));
  const answerOf: AnswerOf = (answer) => entryAnswer(kernel, entry, answer, interaction.returning);
  return writing.has(entry.verb) ? written(batch, entry.place, asked, answerOf) : answerOf(await perform(asked));
};

const one = async (batch: DeferredBatch, entry: EntryRequest | Outcome): Promise<string> => {
  if (entry instanceof Outcome) return entryRefusal(entry);
  try {
    return await answered(batch, entry);
  } catch (thrown) {
    const outcome = asOutcome(thrown);
    if (!isAnswer(outcome)) throw thrown;
    return entryRefusal(outcome);
  }
};

/** One after the other: nobody waits, and those who do come first. */
export const deferredBatch = async (batch: DeferredBatch): Promise<string> => {
  const { kernel, interaction, body, id, onProgress } = batch;
  const { caller, signal } = interaction;
  const decision = kernel.roles.judge(caller, 'batch', undefined);
  if (!decision.permitted) throw forbidden(decision.reason);
  const entries = readEntries(treeOf(body), `${kernel.publicUrl}/fhir`);
  const known = await kernel.store.transaction(caller.tenant, ({ run }) => notedEntries(run, id));
  const answers: string[] = [];
  for (const [place, entry] of entries.entries()) {
    if (signal?.aborted) throw hungUp();
    onProgress(place, entries.length);
    answers.push(known.get(place) ?? (await one(batch, entry)));
  }
  return bundleText({ type: 'batch-response' }, answers);
};
