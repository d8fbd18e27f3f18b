/** Who may do which verb on which type: a table of allowances, and what it does not name is denied. */
import type { Caller } from '../fhir/interaction.ts';
import { faultsIn, grantsIn, isWhole, system, type Grant, type RoleFile } from './role-file.ts';

export type Decision = { readonly permitted: true } | { readonly permitted: false; readonly reason: string };

export interface RoleTable {
  readonly judge: (caller: Caller, verb: string, type: string | undefined) => Decision;
  /** What the roles together permit; one that permits everything stands for all of them. */
  readonly grants: (caller: Pick<Caller, 'roles'>, verb: string, type: string) => readonly Grant[];
  /** Whether no grant of these roles is narrowed. */
  readonly isWhole: (caller: Pick<Caller, 'roles'>) => boolean;
}

const everyType = '*';

export const buildRoleTable = (
  file: RoleFile,
  verbs: readonly string[],
): { table: RoleTable; faults: readonly string[] } => {
  const table = new Map<string, Grant[]>();
  const narrowed = new Set<string>();
  for (const [role, rows] of Object.entries(file.roles))
    for (const [what, row] of Object.entries(rows))
      for (const grant of grantsIn(row)) {
        if (!isWhole(grant)) narrowed.add(role);
        for (const type of file.groups[what] ?? [what])
          for (const verb of grant.may.flatMap((each) => file.verbs?.[each] ?? [each])) {
            const key = `${role} ${verb} ${type}`;
            table.set(key, [...(table.get(key) ?? []), grant]);
          }
      }

  const known = new Map<string, readonly Grant[]>();
  const granted = (roles: readonly string[], verb: string, type: string): readonly Grant[] => {
    const key = `${roles.join(' ')} ${verb} ${type}`;
    const before = known.get(key);
    if (before) return before;
    const all = roles.flatMap((role) => [
      ...(table.get(`${role} ${verb} ${type}`) ?? []),
      ...(type === system ? [] : (table.get(`${role} ${verb} ${everyType}`) ?? [])),
    ]);
    const whole = all.find(isWhole);
    const grants = whole ? [whole] : [...new Set(all)];
    // Roles come in tokens: whoever makes them up must not fill the memory.
    if (known.size > mostKnown) known.clear();
    known.set(key, grants);
    return grants;
  };

  const judge: RoleTable['judge'] = ({ roles }, verb, type = system) => {
    if (granted(roles, verb, type).length > 0) return { permitted: true };
    const who = roles.length === 0 ? 'a caller without a role' : `the role ${roles.join(', ')}`;
    const what = verb === 'operation' ? 'call operations on' : verb;
    return { permitted: false, reason: `${who} may not ${what} ${type === system ? 'here' : type}` };
  };
  return {
    table: {
      judge,
      grants: ({ roles }, verb, type) => granted(roles, verb, type),
      isWhole: ({ roles }) => !roles.some((role) => narrowed.has(role)),
    },
    faults: faultsIn(file, verbs),
  };
};

const mostKnown = 20_000;
