/** The shape of config/roles.yaml and what in it would mean nothing: a word that is misspelt would silently deny, or silently permit. */
import { isResourceType } from '../fhir/resource-types.ts';

/** Part of what a role may do with a type: which resources, and how much of each. */
export interface Grant {
  readonly may: readonly string[];
  /** A named set of patients: resources that belong to one of them. */
  readonly patients?: string | undefined;
  /** Searches of the type, any of which must find the resource; `%names` stand for who asks. */
  readonly where?: readonly string[] | undefined;
  /** The only elements that are shown, beside those that R4 requires. */
  readonly show?: readonly string[] | undefined;
  /** Elements that may not be changed. */
  readonly keep?: readonly string[] | undefined;
}

/** A word stands for verbs on every resource of the type, whole. */
export type Row = readonly (string | Grant)[];

export interface RoleFile {
  /** Named lists of verbs that go together. */
  readonly verbs?: Readonly<Record<string, readonly string[]>>;
  /** Named lists of types, so that a role's row stays readable. */
  readonly groups: Readonly<Record<string, readonly string[]>>;
  /** Named sets of patients: searches for Patient, any of which must find one. */
  readonly patients?: Readonly<Record<string, readonly string[]>>;
  /** References by which a type that R4 leaves out of a patient's compartment belongs to one all the same. */
  readonly belongs?: Readonly<Record<string, readonly string[]>>;
  /** Security labels, with the roles that see what bears them. */
  readonly labels?: Readonly<Record<string, readonly string[]>>;
  /** Roles that no patient's consent narrows. */
  readonly exempt?: readonly string[];
  /** role → type, group, `*` (every type) or `system` (no type) → what it may do. */
  readonly roles: Readonly<Record<string, Readonly<Record<string, Row>>>>;
}

export const system = 'system';

export const grantsIn = (row: Row): readonly Grant[] => {
  const words = row.filter((each) => typeof each === 'string');
  const grants = row.filter((each) => typeof each !== 'string');
  return words.length === 0 ? grants : [{ may: words }, ...grants];
};

/** Whether it permits with every resource of a type whatever it permits. */
export const isWhole = ({ patients, where, show, keep }: Grant): boolean =>
  patients === undefined && where === undefined && show === undefined && keep === undefined;

/** What a verb needs all of a resource for. */
const writing = new Set(['create', 'update', 'patch', 'delete']);

const faultsInGrant = (
  { may, patients, show }: Grant,
  { verbs: named = {}, patients: sets = {} }: RoleFile,
  verbs: readonly string[],
): string[] => [
  ...may
    .filter((verb) => !verbs.includes(verb) && !(verb in named))
    .map((verb) => `'${verb}' is not a verb (${verbs.join(', ')})`),
  ...(patients === undefined || patients in sets ? [] : [`there is no set of patients '${patients}'`]),
  ...(show && may.flatMap((verb) => named[verb] ?? [verb]).some((verb) => writing.has(verb))
    ? ['who is shown a part may not write: what is not shown would be lost']
    : []),
];

export const faultsIn = (file: RoleFile, verbs: readonly string[]): string[] => {
  const { groups, roles, verbs: named = {}, belongs = {} } = file;
  const inVerbs = Object.entries(named).flatMap(([name, list]) =>
    list
      .filter((verb) => !verbs.includes(verb))
      .map((verb) => `verbs ${name}: '${verb}' is not a verb (${verbs.join(', ')})`),
  );
  const inGroups = [...Object.entries(groups), ['belongs', Object.keys(belongs)] as const].flatMap(([group, types]) =>
    types.filter((type) => !isResourceType(type)).map((type) => `group ${group}: ${type} is not a resource type of R4`),
  );
  const inRoles = Object.entries(roles).flatMap(([role, rows]) =>
    Object.entries(rows).flatMap(([what, row]) => [
      ...(what === '*' || what === system || what in groups || isResourceType(what)
        ? []
        : [`role ${role}: '${what}' is no type and no group`]),
      ...grantsIn(row).flatMap((grant) =>
        faultsInGrant(grant, file, verbs).map((fault) => `role ${role}, ${what}: ${fault}`),
      ),
    ]),
  );
  return [...inVerbs, ...inGroups, ...inRoles];
};
