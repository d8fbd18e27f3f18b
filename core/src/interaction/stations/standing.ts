/** Forgets what was remembered of a tenant's callers when a resource changes that says what they may see. */
import { deciding } from '../../policy/standing.ts';
import type { Station } from '../kernel.ts';

const changing = new Set(['create', 'update', 'patch', 'delete']);

export const standing: Station = (kernel, next) => async (interaction, within) => {
  const { type = '', verb, caller } = interaction;
  if (!deciding.has(type) || !changing.has(verb)) return next(interaction, within);
  try {
    return await next(interaction, within);
  } finally {
    kernel.access.forget(caller.tenant);
  }
};
