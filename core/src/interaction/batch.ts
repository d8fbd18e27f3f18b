/** batch: every entry for itself, as if each had come alone; an entry that is refused harms no other. */
import type { Answer, Interaction } from '../fhir/interaction.ts';
import { readEntries, type EntryRequest } from '../fhir/bundle-entries.ts';
import { bundleText } from '../fhir/bundle-text.ts';
import { asOutcome, invalid, Outcome } from '../outcome/outcome.ts';
import { entryBody, interactionOf, sharedOf, treeOf } from './bundle-interaction.ts';
import { entryAnswer, entryRefusal } from './entry-answer.ts';
import { bodyIn as given } from './given.ts';
import type { Kernel, Perform, Verb } from './kernel.ts';

/** So many at a time: they share statements, and others get their turn. */
const atOnce = 32;

const run = async (
  kernel: Kernel,
  interaction: Interaction,
  entry: EntryRequest,
  exact: boolean,
  perform: Perform,
): Promise<string> => {
  try {
    if (entry.verb === 'bundle') throw invalid('Bundle.entry.request', 'a bundle cannot stand in a bundle');
    const answer: Answer = await perform(
      interactionOf(entry, sharedOf(interaction), entry.resource && entryBody(entry.resource, exact)),
    );
    return entryAnswer(kernel, entry, answer, interaction.returning);
  } catch (thrown) {
    return entryRefusal(asOutcome(thrown));
  }
};

export const batch: Verb = {
  name: 'batch',
  capability: { level: 'system', code: 'batch' },
  run: async (kernel, interaction, _within, perform) => {
    const body = given(interaction);
    const exact = body.exact !== undefined;
    const entries = readEntries(treeOf(body), `${kernel.publicUrl}/fhir`);
    const answers: string[] = [];
    const one = async (entry: EntryRequest | Outcome): Promise<string> =>
      entry instanceof Outcome ? entryRefusal(entry) : run(kernel, interaction, entry, exact, perform);
    for (let from = 0; from < entries.length; from += atOnce)
      answers.push(...(await Promise.all(entries.slice(from, from + atOnce).map(one))));
    return { status: 200, text: bundleText({ type: 'batch-response' }, answers) };
  },
};
