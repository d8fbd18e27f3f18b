/** Lets through only what is well formed: a known type, an id by R4's rule, a body of the type that the address names. */
import { isId } from '../../fhir/ids.ts';
import { isResourceType } from '../../fhir/resource-types.ts';
import { invalid, malformed, notFound, notSupported } from '../../outcome/outcome.ts';
import type { Station } from '../kernel.ts';

export const sound: Station = ({ verbs }, next) => {
  const takesResource = new Set(verbs.filter((verb) => verb.takesResource).map(({ name }) => name));
  return async (interaction) => {
    const { type, id, body, verb } = interaction;
    if (type !== undefined && !isResourceType(type)) throw notSupported(404, `R4 has no resource type '${type}'`);
    // Nothing can be stored under such an id: asking for it is a miss, not a fault.
    if (id !== undefined && !isId(id)) throw notFound(`${type}/${id}`);
    if (takesResource.has(verb)) {
      if (!body) throw malformed(`${verb} needs a resource in its body`);
      const found = body.resource.resourceType;
      if (found !== type) throw invalid('resourceType', `the body is a ${found} and the address says ${type}`);
    }
    return next(interaction);
  };
};
