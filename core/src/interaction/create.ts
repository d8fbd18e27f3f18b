/** create: stores a new resource under an id of the server's own; with criteria, only if none matches them yet. */
import { createUnless } from './conditional.ts';
import { make } from './make.ts';
import type { Verb } from './kernel.ts';

export const create: Verb = {
  name: 'create',
  capability: { level: 'type', code: 'create' },
  takesResource: true,
  run: (kernel, interaction, within) =>
    interaction.criteria ? createUnless(kernel, interaction, within) : make(kernel, interaction, within),
};
