/** Where a walk through a resource stands, and what it found wrong there; never names a value, which may be a patient's. */
import type { Issue, IssueCode } from '../../outcome/outcome.ts';

/** Its arrays are used again by every walk: a sound resource costs no memory. */
export interface Walk {
  depth: number;
  /** The element's name at each depth, and its place in its list or -1. */
  readonly names: string[];
  readonly places: number[];
  faults: Issue[] | undefined;
  /** The resource whose `contained` a `#id` means. */
  container: Readonly<Record<string, unknown>>;
  inContained: boolean;
  /** A transaction's references may be searches. */
  inTransaction: boolean;
}

export const deepest = 64;
export const mostFaults = 50;

export const newWalk = (): Walk => ({
  depth: 0,
  names: Array.from({ length: deepest + 2 }, () => ''),
  places: Array.from({ length: deepest + 2 }, () => -1),
  faults: undefined,
  container: {},
  inContained: false,
  inTransaction: false,
});

const step = (name: string, place: number): string => (place === -1 ? name : `${name}[${place}]`);

/** The FHIRPath to where the walk stands, in the simple subset that OperationOutcome.issue.expression wants: no `ofType`. */
export const pathOf = (walk: Walk, name?: string, place = -1): string => {
  const steps: string[] = [];
  for (let depth = 0; depth <= walk.depth; depth++) steps.push(step(walk.names[depth] ?? '', walk.places[depth] ?? -1));
  if (name !== undefined) steps.push(step(name, place));
  return steps.join('.');
};

export const faulty = (walk: Walk, code: IssueCode, expression: string, diagnostics: string): void => {
  const faults = (walk.faults ??= []);
  if (faults.length < mostFaults)
    faults.push({ severity: 'error', code, diagnostics: `${expression} ${diagnostics}`, expression: [expression] });
  else if (faults.length === mostFaults)
    faults.push({
      severity: 'information',
      code: 'incomplete',
      diagnostics: `there are more faults: these are the first ${mostFaults}`,
    });
};

/** A fault of a member of the object where the walk stands. */
export const faultyAt = (walk: Walk, name: string, place: number, code: IssueCode, diagnostics: string): void =>
  faulty(walk, code, pathOf(walk, name, place), diagnostics);
