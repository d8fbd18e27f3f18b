/** Whether a caller may see what another resource stands for in matters of access; what cannot be judged only they may see who may see everything. */
import type { Caller } from '../fhir/interaction.ts';
import type { Decision, RoleTable } from './role-table.ts';

const everyType = '*';

/** `type`: that of the resource on this server that R4's securityContext names; undefined where it names none here. */
export const judgeContext = (roles: RoleTable, caller: Caller, type: string | undefined): Decision =>
  roles.judge(caller, 'read', type ?? everyType);
