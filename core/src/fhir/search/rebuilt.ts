/** Rebuilds a clause from what becomes of its parts: the one place that knows which clauses have parts. */
import type { Arm, Clause } from './query.ts';

export interface Parts {
  readonly clause: (clause: Clause) => Promise<Clause>;
  /** What is asked of the other end of a reference, or of what is contained. */
  readonly arm: (arm: Arm) => Promise<Arm>;
}

/** A clause without parts is itself. */
export const rebuilt = async (clause: Clause, parts: Parts): Promise<Clause> => {
  switch (clause.kind) {
    case 'chain':
    case 'contained':
      return { ...clause, arms: await Promise.all(clause.arms.map(parts.arm)) };
    case 'has':
      return { ...clause, arm: await parts.arm(clause.arm) };
    case 'not':
      return { kind: 'not', clause: await parts.clause(clause.clause) };
    case 'all':
    case 'any':
      return { kind: clause.kind, clauses: await Promise.all(clause.clauses.map(parts.clause)) };
    case 'composite':
    case 'date':
    case 'id':
    case 'identifier':
    case 'in':
    case 'list':
    case 'missing':
    case 'near':
    case 'number':
    case 'of-type':
    case 'quantity':
    case 'reference':
    case 'string':
    case 'subsumed':
    case 'token':
    case 'token-text':
    case 'updated':
    case 'uri':
    case 'words':
      return clause;
  }
};
