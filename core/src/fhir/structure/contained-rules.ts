/** R4's rules for contained resources, dom-2 to dom-5, and that their ids are unique; reached by a resource that contains some. */
import { faulty, faultyAt, pathOf, type Walk } from './walk.ts';
import type { LinkVisit } from './links.ts';

type Members = Readonly<Record<string, unknown>>;
export type Links = (resource: unknown, visit: LinkVisit) => void;

const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What a resource may not have because it is contained. The walk stands at it. */
export const contentRules = (resource: Members, nested: boolean, walk: Walk): void => {
  const { meta } = resource;
  if (nested)
    faulty(walk, 'invariant', pathOf(walk), 'is inside a contained resource, which may not contain another (dom-2)');
  if (!isObject(meta)) return;
  for (const name of ['versionId', 'lastUpdated'])
    if (meta[name] !== undefined)
      faultyAt(walk, `meta.${name}`, -1, 'invariant', 'may not stand in a contained resource (dom-4)');
  if (meta['security'] !== undefined)
    faultyAt(walk, 'meta.security', -1, 'invariant', 'may not stand in a contained resource (dom-5)');
};

/** Every fragment that the container and what it contains name; and which contained resources name their container. */
const namedIn = (container: Members, links: Links) => {
  const fragments = new Set<string>();
  links(container, ({ value }) => {
    if (value.startsWith('#')) fragments.add(value.slice(1));
    return undefined;
  });
  return fragments;
};

const namesContainer = (one: Members, links: Links): boolean => namedIn(one, links).has('');

export const containedRules = (container: Members, links: Links, walk: Walk): void => {
  const all = container['contained'];
  if (!Array.isArray(all)) return;
  const named = namedIn(container, links);
  const ids = new Set<unknown>();
  for (const [place, one] of (all as readonly unknown[]).entries()) {
    if (!isObject(one)) continue;
    const { id } = one;
    if (id !== undefined && ids.has(id))
      faultyAt(walk, 'contained', place, 'invariant', 'has the same id as another contained resource');
    ids.add(id);
    if ((typeof id !== 'string' || !named.has(id)) && !namesContainer(one, links))
      faultyAt(
        walk,
        'contained',
        place,
        'invariant',
        'is contained and nothing leads to it: give it an id and refer to it as #id (dom-3)',
      );
  }
};
