/** Whether a caller may see what another resource stands for in matters of access; what cannot be judged only they may see who may see everything. */
import type { Caller } from '../fhir/interaction.ts';
import { isWhole } from './role-file.ts';
import type { Decision, RoleTable } from './role-table.ts';

const everyType = '*';

/** `type`: that of the resource on this server that R4's securityContext names; undefined where it names none here. */
export const judgeContext = (roles: RoleTable, caller: Caller, type: string | undefined): Decision =>
  roles.judge(caller, 'read', type ?? everyType);

/** A Binary that does not say to whom it belongs is for those who may see every Binary. */
export const judgeWithoutContext = (roles: RoleTable, caller: Caller): Decision =>
  caller.scopes === undefined && roles.grants(caller, 'read', 'Binary').some(isWhole)
    ? { permitted: true }
    : { permitted: false, reason: 'this Binary does not say to whom it belongs' };
