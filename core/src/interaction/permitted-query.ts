/** Holds what a query looks at beside its own type against what the caller may search: nobody learns by a chain what a search would not tell. */
import type { Caller } from '../fhir/interaction.ts';
import type { Clause, Query } from '../fhir/search/query.ts';
import { forbidden } from '../outcome/outcome.ts';
import type { Kernel } from './kernel.ts';

type Roles = Pick<Kernel, 'roles'>;

const refuse = ({ roles }: Roles, caller: Caller, type: string): void => {
  const decision = roles.judge(caller, 'search-type', type);
  if (!decision.permitted) throw forbidden(decision.reason);
};

/** Of several types that a reference may lead to, those that the caller may not search are not looked at. */
const permitted = (kernel: Roles, caller: Caller, clause: Clause): Clause => {
  if (clause.kind === 'chain' || clause.kind === 'contained') {
    const arms = clause.arms.filter(({ type }) => kernel.roles.judge(caller, 'search-type', type).permitted);
    if (arms.length === 0) refuse(kernel, caller, clause.arms[0]?.type ?? '');
    return { ...clause, arms: arms.map((arm) => ({ ...arm, clause: permitted(kernel, caller, arm.clause) })) };
  }
  if (clause.kind === 'has') {
    refuse(kernel, caller, clause.arm.type);
    return { ...clause, arm: { ...clause.arm, clause: permitted(kernel, caller, clause.arm.clause) } };
  }
  if (clause.kind === 'list') refuse(kernel, caller, 'List');
  if (clause.kind === 'not') return { kind: 'not', clause: permitted(kernel, caller, clause.clause) };
  if (clause.kind === 'all' || clause.kind === 'any')
    return { kind: clause.kind, clauses: clause.clauses.map((each) => permitted(kernel, caller, each)) };
  return clause;
};

export const permittedQuery = (kernel: Roles, caller: Caller, { type, clauses }: Query): Query => {
  refuse(kernel, caller, type);
  return { type, clauses: clauses.map((clause) => permitted(kernel, caller, clause)) };
};
