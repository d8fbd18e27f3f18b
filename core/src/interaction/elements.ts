/** Refuses `_elements` that none of the types has: leaving everything out would look like an empty record. */
import type { Shape } from '../fhir/search/shape.ts';
import { resourceTypes } from '../fhir/resource-types.ts';
import { invalid } from '../outcome/outcome.ts';
import type { Kernel } from './kernel.ts';

export const checkElements = (
  { structures }: Pick<Kernel, 'structures'>,
  types: readonly string[],
  query: URLSearchParams,
  { includes }: Shape,
): void => {
  const named = query
    .getAll('_elements')
    .flatMap((list) => list.split(','))
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const has = (type: string, element: string): boolean =>
    structures.type(type)?.elements.some(({ name }) => name === element) ?? false;
  // What is included may be of any type.
  const meant = includes.length > 0 ? resourceTypes : types;
  for (const name of named) {
    const [, only, element = name] = /^([A-Z]\w*)\.(.*)$/.exec(name) ?? [];
    if (!(only === undefined ? meant : [only]).some((type) => has(type, element)))
      throw invalid(
        '_elements',
        `_elements names ${name.slice(0, 100)}, which ${types.slice(0, 3).join(', ')} does not have`,
      );
  }
};
