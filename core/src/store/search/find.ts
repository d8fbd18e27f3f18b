/** Runs a search and answers its rows, each with its place in the order. */
import type { Resource } from '../../fhir/body.ts';
import type { Query } from '../../fhir/search/query.ts';
import { tooMuch } from '../../outcome/outcome.ts';
import { placesIn } from '../index/held.ts';
import { findMany, type Current } from '../resources.ts';
import { reads, type Run, type Statement } from '../statement.ts';
import type { Condition } from './conditions.ts';
import type { Searching } from '../searching.ts';
import { mostReferring, openBudget, type Budget } from './budget.ts';
import { namedBy, refersBy, satisfiesAll, type World } from './evaluate.ts';
import { subjectIn, subjectOf } from './subject.ts';
import { countCall, searchCall, type SearchCall, type Snapshot } from './search-statement.ts';
import type { Place, SortKey } from './sql/order.ts';

export interface Hit {
  readonly current: Current;
  readonly place: Place;
  /** What was visible to the search, as PostgreSQL writes it. */
  readonly snapshot: string;
}

export interface Asked {
  readonly query: Query;
  readonly limit: number;
  readonly sort?: readonly SortKey[];
  /** The names of the parameters that the order comes from. */
  readonly sortedBy?: readonly string[];
  readonly behind?: Place;
  readonly snapshot?: Snapshot;
}

export interface Counted {
  readonly query: Query;
  /** Counts no further. */
  readonly most?: number;
  readonly snapshot?: Snapshot;
}

type Row = Omit<Current, 'type'> & { readonly snapshot: string } & Readonly<Record<`k${number}`, string | null>>;

/** Shapes recur: each is checked and named once. A caller who invents ever new ones must not fill the memory of every connection. */
const mostShapes = 500;

/** Longer ones are lists that somebody made: they do not recur. */
const longestShape = 20_000;

/** By what one search is answered. */
export interface Means {
  readonly run: Run;
  /** For those behind which nobody waits long: many of them share their way to the database. */
  readonly quick: Run;
  readonly searching: Pick<Searching, 'index' | 'shown' | 'conditions'>;
  readonly now: number;
  readonly clock: () => number;
  /** So long one search may take, with all its statements. */
  readonly mostMs: number;
  /** Waits for a turn to read through resources. */
  readonly look: <T>(work: () => Promise<T>) => Promise<T>;
}

export interface Find {
  readonly hits: (means: Means, asked: Asked) => Promise<Hit[]>;
  readonly count: (means: Means, counted: Counted) => Promise<number>;
  /** Which of what stands in a resource a query means: place 0 is the resource itself, contained ones follow from 1. */
  readonly meant: (means: Means, query: Query, current: Current) => Promise<number[]>;
  /** Whether a resource as it is given satisfies a query; what it leads to is asked of the index. */
  readonly satisfies: (means: Means, query: Query, candidate: Candidate) => Promise<boolean>;
}

/** A resource as it is to be written, or as it was. */
export interface Candidate {
  readonly id: string;
  readonly updated: number;
  readonly resource: Resource;
}

const keysIn = (row: Row): (string | null)[] => {
  const keys: (string | null)[] = [];
  for (let place = 0; row[`k${place}`] !== undefined; place++) keys.push(row[`k${place}`] ?? null);
  return keys;
};

const isAfter1970 = (at: string | null | undefined): boolean => Number(at ?? 0) > 0;

/** Whether a part of the condition cannot be told by the index. */
const isOpen = (condition: Condition): boolean => {
  switch (condition.kind) {
    case 'text':
      return true;
    case 'all':
    case 'any':
      return condition.conditions.some(isOpen);
    case 'not':
      return isOpen(condition.condition);
    case 'chain':
    case 'contained':
      return condition.arms.some((arm) => isOpen(arm.condition));
    case 'has':
      return isOpen(condition.arm.condition);
    case 'element':
    case 'ids':
    case 'near':
    case 'present':
    case 'spans':
    case 'updated':
    case 'words':
      return false;
  }
};

const lookedThroughAtOnce = 500;

const currentOf = (type: string, { rid, at, id, version, updated, deleted, tail }: Row): Current => ({
  ...{ type, rid, at, id, version, updated, deleted, tail },
});

export const openFind = (): Find => {
  const shapes = new Map<string, Statement>();
  const statementOf = (text: string): Statement => {
    const known = shapes.get(text);
    if (known) return known;
    const full = shapes.size >= mostShapes || text.length > longestShape;
    const statement = reads(full ? '' : `search.${shapes.size}`, text);
    if (!full) shapes.set(text, statement);
    return statement;
  };
  const ask = <R extends object>(run: Run, { text, values }: SearchCall): Promise<R[]> =>
    run<R>(statementOf(text), values);

  const rows = async (
    { run, quick: short, now }: Means,
    asked: Asked,
    conditions: readonly Condition[],
  ): Promise<Hit[]> => {
    const { query, sort, limit, behind, snapshot } = asked;
    const call = (sorts: boolean): SearchCall =>
      searchCall(
        {
          ...{ type: query.type, conditions, limit, sort, sorts },
          ...(behind ? { behind } : {}),
          ...(snapshot ? { snapshot } : {}),
        },
        now,
      );
    // Without a date is behind all that have one, also of before 1970: there the order of the index does not tell.
    const before1970 = behind !== undefined && !isAfter1970(behind.keys[0]);
    const first = call(before1970);
    const read = await ask<Row>(first.quick ? short : run, first);
    const found = first.inDates && !read.every(({ k0 }) => isAfter1970(k0)) ? await ask<Row>(run, call(true)) : read;
    return found.map((row) => ({
      current: currentOf(query.type, row),
      place: { keys: keysIn(row), rid: row.rid },
      snapshot: row.snapshot,
    }));
  };

  const worldOf = (means: Means, budget: Budget): World => ({
    now: means.now,
    resolve: async (type, id) => {
      budget.spend(1);
      const [found] = await findMany(means.run, [{ type, id }]);
      return found && !found.deleted ? subjectOf(means.searching, found) : undefined;
    },
    named: async (type, word) => {
      const hits = await rows(means, { query: { type, clauses: [] }, limit: mostReferring }, [namedBy(type, word)]);
      budget.spend(hits.length);
      return hits.map(({ current }) => subjectOf(means.searching, current));
    },
    referring: async (type, keys, words) => {
      const conditions = [refersBy(keys, words)];
      const hits = await rows(means, { query: { type, clauses: [] }, limit: mostReferring + 1 }, conditions);
      if (hits.length > mostReferring)
        throw tooMuch(`more than ${mostReferring} resources refer to one that is looked at: narrow the search`);
      budget.spend(hits.length);
      return hits.map(({ current }) => subjectOf(means.searching, current));
    },
  });

  const isThere = async (means: Means, type: string, conditions: readonly Condition[]): Promise<boolean> =>
    (await rows(means, { query: { type, clauses: [] }, limit: 1 }, conditions)).length > 0;

  const indexedWorld = (means: Means): World => ({
    ...worldOf(means, openBudget(means)),
    holds: (type, found, condition) => isThere(means, type, [found, condition]),
  });

  /** Behind what the index tells, each row is read: until there is enough, or there was too much to read. */
  const looked = async (
    means: Means,
    asked: Asked,
    conditions: readonly Condition[],
    isEnough: (hit: Hit) => boolean,
  ): Promise<void> => {
    const open = conditions.filter(isOpen);
    const budget = openBudget(means);
    const world = worldOf(means, budget);
    let { behind, snapshot } = asked;
    for (;;) {
      const next = {
        ...asked,
        limit: lookedThroughAtOnce,
        ...(behind ? { behind } : {}),
        ...(snapshot ? { snapshot } : {}),
      };
      const found = await rows(means, next, conditions);
      for (const hit of found) {
        budget.spend(1);
        await budget.rest();
        const isHit = await satisfiesAll(open, subjectOf(means.searching, hit.current), world);
        if (isHit && isEnough(hit)) return;
      }
      const last = found.at(-1);
      if (!last || found.length < lookedThroughAtOnce) return;
      behind = last.place;
      snapshot ??= { text: last.snapshot, next: last.snapshot.split(':')[1] ?? '0', taken: means.now };
    }
  };

  const lookedUp = (means: Means, asked: Asked, conditions: readonly Condition[]): Promise<Hit[]> =>
    means.look(async () => {
      const hits: Hit[] = [];
      await looked(means, asked, conditions, (hit) => hits.push(hit) === asked.limit);
      return hits;
    });

  return {
    hits: async (means, asked) => {
      const conditions = means.searching.conditions(asked.query);
      return (conditions.some(isOpen) ? lookedUp : rows)(means, asked, conditions);
    },
    count: async (means, { query, most, ...counted }) => {
      const conditions = means.searching.conditions(query);
      if (conditions.some(isOpen))
        return means.look(async () => {
          let total = 0;
          await looked(means, { query, limit: 0, ...counted }, conditions, () => ++total > (most ?? Infinity));
          return total;
        });
      const [row] = await ask<{ total: number }>(
        means.run,
        countCall({ ...counted, type: query.type, conditions }, most, means.now),
      );
      return row?.total ?? 0;
    },
    meant: async (means, query, current) => {
      const conditions = means.searching.conditions(query);
      const world = worldOf(means, openBudget(means));
      const subject = subjectOf(means.searching, current);
      const found: number[] = [];
      for (const place of [0, ...placesIn(subject.entries)]) {
        const each = place === 0 ? subject : subject.contained?.(place);
        if (each?.type === query.type && (await satisfiesAll(conditions, each, world))) found.push(place);
      }
      return found;
    },
    satisfies: (means, query, { id, updated, resource }) =>
      satisfiesAll(
        means.searching.conditions(query),
        subjectIn(means.searching, { type: query.type, id, updated }, resource),
        indexedWorld(means),
      ),
  };
};
