/** Knows each tenant's own search parameters as they were a moment ago, and how they are now when a write was refused for being older. */
import type { SearchParameter } from '../fhir/search-parameter.ts';
import type { OwnParameter, OwnState } from './index/own-parameters.ts';
import type { Lane } from './lane.ts';
import type { Searching, Searchings } from './searching.ts';
import { reads } from './statement.ts';

interface Row {
  readonly generation: number;
  readonly id: string | null;
  readonly definition: string;
  readonly slot: string;
  readonly state: OwnState | 'gone';
}

const newer = reads(
  'searching.newer',
  `select g.generation, p.id, p.definition, p.slot, p.state
     from search_generation g
     left join search_parameter p on p.tenant = $1 and p.tenant = g.tenant
    where g.tenant = $1 and g.generation <> $2`,
);

const ownOf = ({ id, definition, slot, state }: Row): OwnParameter[] =>
  id === null || state === 'gone'
    ? []
    : [{ id, state, parameter: { ...(JSON.parse(definition) as SearchParameter), slot } }];

/** Nobody searches by what has left for longer, nor misses for longer what has come. */
const knownForMs = 1_000;

interface Known {
  searching: Searching;
  /** When it was last asked for. */
  asked: number;
  asking: Promise<void> | undefined;
}

export interface Generations {
  readonly of: (tenant: number) => Searching;
  /** Undefined where what is known is young enough. */
  readonly fresh: (tenant: number) => Promise<void> | undefined;
  readonly renew: (tenant: number) => Promise<void>;
}

export const openGenerations = (lane: Lane, searchings: Searchings, now: () => number): Generations => {
  const tenants = new Map<number, Known>();
  const knownOf = (tenant: number): Known => {
    const known = tenants.get(tenant) ?? { searching: searchings.base, asked: -Infinity, asking: undefined };
    tenants.set(tenant, known);
    return known;
  };
  const ask = async (tenant: number, known: Known): Promise<void> => {
    const asked = now();
    const rows = await lane.run<Row>(tenant, newer, [known.searching.generation]);
    const [first] = rows;
    if (first) known.searching = searchings.with(first.generation, rows.flatMap(ownOf));
    known.asked = asked;
  };
  const renew: Generations['renew'] = (tenant) => {
    const known = knownOf(tenant);
    known.asking ??= ask(tenant, known).finally(() => (known.asking = undefined));
    return known.asking;
  };
  return {
    of: (tenant) => tenants.get(tenant)?.searching ?? searchings.base,
    fresh: (tenant) => (Math.abs(now() - knownOf(tenant).asked) < knownForMs ? undefined : renew(tenant)),
    renew,
  };
};
