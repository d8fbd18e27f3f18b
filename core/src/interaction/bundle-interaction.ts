/** Makes the interaction that an entry of a bundle asks for, with the bundle's caller. */
import type { Body, Resource } from '../fhir/body.ts';
import type { EntryRequest } from '../fhir/bundle-entries.ts';
import type { Interaction, Patch } from '../fhir/interaction.ts';
import { invalid } from '../outcome/outcome.ts';

/** R4 http.html#patch: in a bundle a JSON Patch travels as a Binary, a FHIRPath Patch as Parameters. */
const patchOf = (body: Body, place: number): Patch => {
  const { resource } = body;
  if (resource.resourceType === 'Parameters') return { kind: 'fhirpath', parameters: body };
  const data = resource.resourceType === 'Binary' ? resource.data : undefined;
  if (typeof data !== 'string')
    throw invalid(
      `Bundle.entry[${place}].resource`,
      'a patch is a Parameters resource, or a Binary that holds a JSON Patch',
    );
  return { kind: 'json', text: Buffer.from(data, 'base64').toString('utf8') };
};

type Shared = Pick<Interaction, 'caller' | 'signal' | 'trace' | 'handling' | 'returning'>;

export const sharedOf = ({ caller, signal, trace, handling, returning }: Interaction): Shared => ({
  caller,
  ...(signal ? { signal } : {}),
  ...(trace ? { trace } : {}),
  ...(handling ? { handling } : {}),
  ...(returning ? { returning } : {}),
});

/** `body`: the entry's resource as it is to be stored. */
export const interactionOf = (entry: EntryRequest, shared: Shared, body: Body | undefined): Interaction => {
  const {
    verb,
    type,
    id,
    version,
    member,
    name,
    takes,
    place,
    query,
    criteria,
    ifMatch,
    ifNoneMatch,
    ifModifiedSince,
  } = entry;
  return {
    ...shared,
    ...{ verb, query },
    ...(type === undefined ? {} : { type }),
    ...(id === undefined ? {} : { id }),
    ...(version === undefined ? {} : { version }),
    ...(member === undefined ? {} : { member }),
    ...(name === undefined ? {} : { name }),
    ...(criteria === undefined ? {} : { criteria }),
    ...(ifMatch === undefined ? {} : { ifMatch }),
    ...(ifNoneMatch === undefined ? {} : { ifNoneMatch }),
    ...(ifModifiedSince === undefined ? {} : { ifModifiedSince }),
    ...(body && takes === 'patch' ? { patch: patchOf(body, place) } : {}),
    ...(body && takes === 'resource' ? { body } : {}),
  };
};

/** The bundle's own tree, with the digits of its numbers where they would be lost. */
export const treeOf = ({ exact, resource }: Body): Resource => (exact === undefined ? resource : (exact as Resource));

/** An entry's resource as a body of its own. `exact`: its tree keeps digits that a plain value does not. */
export const entryBody = (tree: Resource, exact: boolean): Body => {
  const text = JSON.stringify(tree);
  return exact ? { text, resource: JSON.parse(text) as Resource, exact: tree } : { text, resource: tree };
};
