/** R4's structure, opened from its definitions: what is wrong with a resource, which links it has, what a type is made of; knows no profiles, no invariants beyond the few it names. */
import type { Issue } from '../../outcome/outcome.ts';
import { checker } from './check.ts';
import { compileTables } from './compile.ts';
import type { CodeSet, TypeDefinition } from './definition.ts';
import { linkWalker, type LinkVisit } from './links.ts';
import { newWalk } from './walk.ts';

export interface Structures {
  /** Every fault, the first 50 of many; none for a sound resource. */
  readonly faults: (resource: unknown) => readonly Issue[];
  /** Visits each link; what the visitor answers is put in its place, in the resource itself. */
  readonly links: (resource: unknown, visit: LinkVisit) => void;
  readonly type: (name: string) => TypeDefinition | undefined;
}

const none: readonly Issue[] = Object.freeze([]);

export const openStructures = (definitions: readonly TypeDefinition[], codes: readonly CodeSet[]): Structures => {
  const tables = compileTables(definitions, codes);
  const links = linkWalker(tables);
  const check = checker(tables, links);
  const walk = newWalk();
  return {
    faults: (resource) => {
      check(resource, walk);
      return walk.faults ?? none;
    },
    links,
    type: (name) => tables.table(name)?.definition,
  };
};
