/** Who may do which verb on which type: a table of allowances, and what it does not name is denied. */
import { isResourceType } from '../fhir/resource-types.ts';
import type { Caller } from '../fhir/interaction.ts';

export type Decision = { readonly permitted: true } | { readonly permitted: false; readonly reason: string };

export interface RoleTable {
  readonly judge: (caller: Caller, verb: string, type: string | undefined) => Decision;
}

export interface RoleFile {
  /** Named lists of verbs that go together. */
  readonly verbs?: Readonly<Record<string, readonly string[]>>;
  /** Named lists of types, so that a role's row stays readable. */
  readonly groups: Readonly<Record<string, readonly string[]>>;
  /** role → type, group, `*` (every type) or `system` (no type) → verbs. */
  readonly roles: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
}

const system = 'system';

/** What a misspelt row would silently deny. */
const faultsIn = ({ groups, roles, verbs: named = {} }: RoleFile, verbs: readonly string[]): string[] => {
  const inVerbs = Object.entries(named).flatMap(([name, list]) =>
    list
      .filter((verb) => !verbs.includes(verb))
      .map((verb) => `verbs ${name}: '${verb}' is not a verb (${verbs.join(', ')})`),
  );
  const inGroups = Object.entries(groups).flatMap(([group, types]) =>
    types.filter((type) => !isResourceType(type)).map((type) => `group ${group}: ${type} is not a resource type of R4`),
  );
  const inRoles = Object.entries(roles).flatMap(([role, rows]) =>
    Object.entries(rows).flatMap(([what, may]) => [
      ...(what === '*' || what === system || what in groups || isResourceType(what)
        ? []
        : [`role ${role}: '${what}' is no type and no group`]),
      ...may
        .filter((verb) => !verbs.includes(verb) && !(verb in named))
        .map((verb) => `role ${role}, ${what}: '${verb}' is not a verb (${verbs.join(', ')})`),
    ]),
  );
  return [...inVerbs, ...inGroups, ...inRoles];
};

export const buildRoleTable = (
  file: RoleFile,
  verbs: readonly string[],
): { table: RoleTable; faults: readonly string[] } => {
  const allowed = new Set<string>();
  for (const [role, rows] of Object.entries(file.roles))
    for (const [what, may] of Object.entries(rows))
      for (const type of file.groups[what] ?? [what])
        for (const verb of may.flatMap((each) => file.verbs?.[each] ?? [each])) allowed.add(`${role} ${verb} ${type}`);

  const judge = ({ roles }: Caller, verb: string, type: string = system): Decision => {
    const permitted = roles.some(
      (role) => allowed.has(`${role} ${verb} ${type}`) || (type !== system && allowed.has(`${role} ${verb} *`)),
    );
    if (permitted) return { permitted };
    const who = roles.length === 0 ? 'a caller without a role' : `the role ${roles.join(', ')}`;
    const what = verb === 'operation' ? 'call operations on' : verb;
    return { permitted, reason: `${who} may not ${what} ${type === system ? 'here' : type}` };
  };
  return { table: { judge }, faults: faultsIn(file, verbs) };
};
