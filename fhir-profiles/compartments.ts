/** Makes the slim table of compartments: which search parameters of which types lead into one. */
import type { PublishedCompartment } from './published.ts';

export interface CompartmentRow {
  readonly compartment: string;
  readonly type: string;
  readonly params: readonly string[];
}

/** Stands for the resource whose compartment it is. */
const owner = '{def}';

/** Types that are never in it have no parameter, and no row. */
export const compartmentRows = ({ code, resource }: PublishedCompartment): CompartmentRow[] =>
  resource.flatMap(({ code: type, param = [] }) =>
    param.length > 0 ? [{ compartment: code, type, params: param.filter((name) => name !== owner) }] : [],
  );

/** A row whose parameter does not lead there would find nothing, and nobody would know. */
export const checkRows = (
  rows: readonly CompartmentRow[],
  parameters: readonly {
    readonly code: string | undefined;
    readonly type: string | undefined;
    readonly base: readonly string[] | undefined;
    readonly target: readonly string[] | undefined;
  }[],
): void => {
  for (const { compartment, type, params } of rows)
    for (const param of params) {
      const found = parameters.find(({ code, base = [] }) => code === param && base.includes(type));
      if (found?.type !== 'reference' || !(found.target ?? [compartment]).includes(compartment))
        throw new Error(`${type}.${param} does not lead to a ${compartment}`);
    }
};
