/** Lets through only what is well formed: a known type, an id by R4's rule, a body of the type that the address names and of R4's structure. */
import type { Resource } from '../../fhir/body.ts';
import { isId } from '../../fhir/ids.ts';
import type { Interaction } from '../../fhir/interaction.ts';
import { isResourceType } from '../../fhir/resource-types.ts';
import { invalid, malformed, notFound, notSupported, Outcome } from '../../outcome/outcome.ts';
import type { Station } from '../kernel.ts';

const bundles = new Set(['batch', 'transaction']);

/** Each entry's resource walks the line by itself, so here stands the bundle around them. */
const frameOf = (bundle: Resource): Resource => {
  if (!Array.isArray(bundle.entry)) return bundle;
  const entry = bundle.entry.map((each: unknown): unknown => {
    if (typeof each !== 'object' || each === null || !('resource' in each)) return each;
    const { resource: _resource, ...rest } = each;
    return rest;
  });
  return { ...bundle, entry };
};

/** R4 http.html#update: the id of the body is the one in the address. */
const checkId = ({ verb, id, criteria }: Interaction, resource: Resource): void => {
  if (verb !== 'update' || criteria || id === undefined) return;
  if (resource.id === undefined)
    throw invalid(`${resource.resourceType}.id`, 'an update needs the id in its body too, as in the address');
  if (resource.id !== id)
    throw invalid(`${resource.resourceType}.id`, 'the id of the body is not the one in the address');
};

export const sound: Station = ({ verbs, structures }, next) => {
  const takesResource = new Set(verbs.filter((verb) => verb.takesResource).map(({ name }) => name));
  const checkStructure = (resource: unknown): void => {
    const issues = structures.faults(resource);
    if (issues.length > 0) throw new Outcome(400, issues);
  };
  return async (interaction, within) => {
    const { type, id, body, verb } = interaction;
    if (type !== undefined && !isResourceType(type)) throw notSupported(404, `R4 has no resource type '${type}'`);
    // Nothing can be stored under such an id: asking for it is a miss; to write it is a fault.
    if (id !== undefined && !isId(id)) {
      if (takesResource.has(verb)) throw invalid(`${type}.id`, 'an id is 1 to 64 letters, digits, dots and hyphens');
      throw notFound(`${type}/${id}`);
    }
    if (takesResource.has(verb)) {
      if (!body) throw malformed(`${verb} needs a resource in its body`);
      const found = body.resource.resourceType;
      if (found !== type) throw invalid('resourceType', `the body is a ${found} and the address says ${type}`);
      checkId(interaction, body.resource);
    }
    if (body) checkStructure(bundles.has(verb) ? frameOf(body.resource) : (body.exact ?? body.resource));
    return next(interaction, within);
  };
};
