/** The resource types of R4; knows nothing of later releases. */
import names from '@heddle/fhir-profiles/core/resource-types.json' with { type: 'json' };

/** In alphabetical order, frozen by the specification: a type's place is its code in the database. */
export const resourceTypes: readonly string[] = names;

const codes = new Map(resourceTypes.map((name, place) => [name, place]));

export const isResourceType = (name: string): boolean => codes.has(name);

export const typeCode = (name: string): number => {
  const code = codes.get(name);
  if (code === undefined) throw new RangeError(`${name} is not a resource type of R4`);
  return code;
};
