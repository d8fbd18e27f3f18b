/** read: the current version of one resource, unless the caller has it already. */
import { etagOf, notChangedSince } from '../fhir/stored.ts';
import { gone, notFound } from '../outcome/outcome.ts';
import { answerBinary, isBinary } from './binary.ts';
import { idIn, typeIn } from './given.ts';
import type { Verb } from './kernel.ts';
import { unitOf } from './unit-of.ts';

export const read: Verb = {
  name: 'read',
  capability: { level: 'type', code: 'read' },
  run: async (kernel, interaction, within) => {
    const [type, id] = [typeIn(interaction), idIn(interaction)];
    const unit = unitOf(kernel, interaction.caller, within);
    const stored = await unit.find(type, id, 'read');
    if (!stored) throw notFound(`${type}/${id}`);
    // R4 http.html#read: a deleted resource is 410, so that clients stop asking.
    if (stored.deleted) throw gone(`${type}/${id}`, { ETag: etagOf(stored) });
    if (isBinary(stored)) return answerBinary(kernel, interaction, stored, unit);
    return { status: notChangedSince(stored, interaction) ? 304 : 200, stored };
  },
};
