/** create: stores a new resource under an id of the server's own. */
import { tailOf } from '../fhir/body.ts';
import { malformed } from '../outcome/outcome.ts';
import { insertResource } from '../store/resources.ts';
import type { Verb } from './kernel.ts';

export const create: Verb = {
  name: 'create',
  capability: { level: 'type', code: 'create' },
  takesResource: true,
  run: async ({ database, ids }, { caller, type, body }) => {
    if (type === undefined || body === undefined) throw malformed('create needs a type and a resource');
    // R4 http.html#create: an id in the body is ignored; the server names the resource.
    return { status: 201, stored: await insertResource(database, caller.tenant, type, ids(), tailOf(body)) };
  },
};
