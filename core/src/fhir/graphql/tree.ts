/** The tree of an answer while it grows: its parts, what they still want, and how one that goes wrong is told without the others being lost. */
import { Outcome } from '../../outcome/outcome.ts';
import type { Members } from '../members.ts';
import { faultAt, type Fault, type Path } from './answer.ts';
import type { Elements } from './elements.ts';
import type { Meter } from './meter.ts';
import type { Holder, Narrowing } from './narrow.ts';
import type { Plan, Planned, Shape } from './plan.ts';

export interface Branch {
  readonly twigs: Twig[];
}

export interface Grown {
  readonly suffix: string;
  readonly leaf?: unknown;
  readonly branch?: Branch;
}

/** A field of the answer with its values. */
export interface Twig {
  readonly key: string;
  readonly path: Path;
  readonly planned: Planned;
  readonly shape: Shape;
  /** R4's name of the type of its values. */
  readonly type: string;
  readonly many: boolean;
  /** Undefined where there is nothing to be had. */
  grown: Grown[] | undefined;
}

/** What a selection is applied to. */
export interface Source {
  readonly type: string;
  readonly value: Members;
  readonly holder: Holder;
}

/** What a field asks to be fetched: one resource by its id, what a Reference leads to, or a search; one that stands below a resource leads back to that. */
export type Asked =
  | { readonly kind: 'id'; readonly type: string }
  | { readonly kind: 'reference' }
  | { readonly kind: 'search'; readonly type: string; readonly paged: boolean };

export interface Want {
  readonly twig: Twig;
  readonly source: Source;
  readonly asked: Asked;
}

export interface Growth {
  readonly plan: Plan;
  readonly elements: Elements;
  readonly narrowing: Narrowing;
  readonly meter: Meter;
  readonly faults: Fault[];
  /** Emptied by whoever fetches. */
  readonly wants: Want[];
  /** What the schema says of itself. */
  readonly introspect: (planned: Planned) => unknown;
}

/** The type of the root at the system level, which R4 does not have. */
export const queryType = 'Query';

const eachFault = 300;

export const blame = (growth: Growth, { planned, path }: Pick<Twig, 'planned' | 'path'>, outcome: Outcome): void => {
  growth.meter.spend(eachFault);
  growth.faults.push(faultAt(outcome, planned.node, path));
};

/** What a field is refused for is told at its place; what breaks off the query is thrown on. */
export const guarded = (growth: Growth, twig: Twig, work: () => void): void => {
  try {
    work();
    const over = growth.meter.over();
    if (over) throw over;
  } catch (thrown) {
    if (!(thrown instanceof Outcome) || growth.meter.over()) throw thrown;
    // Half of what was asked for would look like all of it.
    twig.grown = undefined;
    blame(growth, twig, thrown);
  }
};

export const newTwig = (planned: Planned, type: string, many: boolean, above: Path): Twig => ({
  ...{ key: planned.key, path: [...above, planned.key], planned, shape: planned.shape, type, many },
  grown: undefined,
});
