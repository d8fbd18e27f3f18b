/** Makes the slim table of compartments: which search parameters of which types lead into one. */
import type { PublishedCompartment } from './published.ts';

export interface CompartmentRow {
  readonly compartment: string;
  readonly type: string;
  readonly params: readonly string[];
}

/** Types that are never in it have no parameter, and no row. */
export const compartmentRows = ({ code, resource }: PublishedCompartment): CompartmentRow[] =>
  resource.flatMap(({ code: type, param = [] }) =>
    param.length > 0 ? [{ compartment: code, type, params: param }] : [],
  );
