/** read: the current version of one resource. */
import { gone, malformed, notFound } from '../outcome/outcome.ts';
import { findResource } from '../store/resources.ts';
import type { Verb } from './kernel.ts';

export const read: Verb = {
  name: 'read',
  capability: { level: 'type', code: 'read' },
  run: async ({ database }, { caller, type, id }) => {
    if (type === undefined || id === undefined) throw malformed('read needs a type and an id');
    const stored = await findResource(database, caller.tenant, type, id);
    if (!stored) throw notFound(`${type}/${id}`);
    // R4 http.html#read: a deleted resource is 410, so that clients stop asking.
    if (stored.deleted) throw gone(`${type}/${id}`);
    return { status: 200, stored };
  },
};
