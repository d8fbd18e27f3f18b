/** update: the next version of a resource, or its first under the caller's own id; with criteria, of the one that matches. */
import { keepingContext } from './binary.ts';
import { updateMatching } from './conditional.ts';
import { bodyIn } from './given.ts';
import type { Verb } from './kernel.ts';
import { replace } from './make.ts';

export const update: Verb = {
  name: 'update',
  capability: { level: 'type', code: 'update' },
  takesResource: true,
  run: (kernel, interaction, within) => {
    if (interaction.criteria) return updateMatching(kernel, interaction, within);
    const body = bodyIn(interaction);
    return replace(kernel, interaction, 'PUT', (current) => keepingContext(body, current), within);
  },
};
